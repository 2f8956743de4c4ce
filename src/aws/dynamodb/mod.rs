//! Tables. `properties` says what can be said of one, `live` reads it and
//! waits for it, `changes` makes the updates that DynamoDB takes only one at
//! a time, and `table` is the resource type made of them.

mod changes;
mod live;
mod properties;
mod table;

use table::Table;

use super::context::AwsContext;
use super::resource_type::Typed;
use crate::engine::Handler;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![Typed::handler(context, Table)]
}
