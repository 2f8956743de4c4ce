//! EventBridge.

mod properties;
mod rule;
mod targets;

use rule::Rule;

use super::context::AwsContext;
use super::resource_type::Typed;
use crate::engine::Handler;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![Typed::handler(context, Rule)]
}
