//! Tables. `properties` says what can be said of one, `live` reads it and
//! waits for it, `changes` makes the updates that DynamoDB takes only one at
//! a time, and `table` is the resource type made of them.

mod changes;
mod live;
mod properties;
mod table;

pub(super) use table::Table;
