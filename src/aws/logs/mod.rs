//! CloudWatch Logs. Metric filters and resource policies carry no tags: they
//! are ours when the log group is that they are about.

mod log_group;
mod metric_filter;
mod resource_policy;

use log_group::LogGroup;
use metric_filter::MetricFilter;
use resource_policy::ResourcePolicy;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::Handler;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, LogGroup),
        Typed::handler(context, MetricFilter),
        Typed::handler(context, ResourcePolicy),
    ]
}

/// The ARN of a log group as the tag calls want it. Policies, and what
/// CloudFormation calls its ARN, have `:*` behind it
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html>).
fn group_arn(clients: &Clients, name: &str) -> Outcome<String> {
    Ok(format!(
        "arn:{}:logs:{}:{}:log-group:{name}",
        clients.partition(),
        clients.region(),
        clients.account_id()?,
    ))
}

/// The tags of a log group; `None` when there is none of that name.
async fn tags_of(clients: &Clients, name: &str) -> Outcome<Option<TagMap>> {
    let answer = clients
        .logs()
        .list_tags_for_resource()
        .resource_arn(group_arn(clients, name)?)
        .send()
        .await
        .during("logs:ListTagsForResource");
    Ok(found(answer)?.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

fn named(name: &str) -> String {
    format!("the log group {name}")
}
