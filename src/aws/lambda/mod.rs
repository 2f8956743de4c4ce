//! Functions and who may invoke them. A permission carries no tags: it is
//! ours when the function is and it is named there.

mod changes;
mod code;
mod function;
mod live;
mod permission;
mod properties;
mod statements;

use function::Function;
use permission::Permission;

use super::context::AwsContext;
use super::resource_type::Typed;
use crate::engine::Handler;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, Function),
        Typed::handler(context, Permission),
    ]
}

fn named(function: &str) -> String {
    format!("the function {function}")
}

/// The name in what CloudFormation allows as one: a name, or an ARN that may
/// have a qualifier after it.
fn name_in(text: &str) -> &str {
    match text.split_once(":function:") {
        Some((_, rest)) => rest.split(':').next().unwrap_or(rest),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_its_name_however_it_is_written() {
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:scan";
        for text in ["scan", arn, &format!("{arn}:live")] {
            assert_eq!(name_in(text), "scan");
        }
    }
}
