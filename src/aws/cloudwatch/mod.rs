//! CloudWatch: alarms and dashboards. Both carry tags, by ARN.

mod alarm;
mod dashboard;

use alarm::Alarm;
use dashboard::Dashboard;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::{TagChange, TagMap};
use crate::engine::Handler;
use aws_sdk_cloudwatch::types::Tag as SdkTag;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, Alarm),
        Typed::handler(context, Dashboard),
    ]
}

/// The tags of an alarm or dashboard; `None` when there is none of that ARN.
async fn tags_of(clients: &Clients, arn: &str) -> Outcome<Option<TagMap>> {
    let answer = clients
        .cloudwatch()
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .during("cloudwatch:ListTagsForResource");
    Ok(found(answer)?.map(|answer| {
        let tags = answer.tags.unwrap_or_default().into_iter();
        tags.filter_map(|tag| Some((tag.key?, tag.value?)))
            .collect()
    }))
}

async fn change_tags(clients: &Clients, arn: &str, change: TagChange) -> Outcome<()> {
    if !change.set.is_empty() {
        clients
            .cloudwatch()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(sdk_tags(&change.set)))
            .send()
            .await
            .during("cloudwatch:TagResource")?;
    }
    if !change.remove.is_empty() {
        clients
            .cloudwatch()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("cloudwatch:UntagResource")?;
    }
    Ok(())
}

fn sdk_tags(tags: &TagMap) -> Vec<SdkTag> {
    tags.iter()
        .map(|(key, value)| SdkTag::builder().key(key).value(value).build())
        .collect()
}
