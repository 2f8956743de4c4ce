//! Topics, their policies and their subscriptions. The latter two carry no
//! tags: they are ours when the topic is.

mod subscription;
mod topic;
mod topic_policy;

use subscription::Subscription;
use topic::Topic;
use topic_policy::TopicPolicy;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::Handler;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, Subscription),
        Typed::handler(context, Topic),
        Typed::handler(context, TopicPolicy),
    ]
}

/// The attributes of a topic; `None` when there is none of that ARN.
async fn attributes_of(
    clients: &Clients,
    topic_arn: &str,
) -> Outcome<Option<HashMap<String, String>>> {
    let answer = clients
        .sns()
        .get_topic_attributes()
        .topic_arn(topic_arn)
        .send()
        .await
        .during("sns:GetTopicAttributes");
    Ok(found(answer)?.map(|answer| answer.attributes.unwrap_or_default()))
}

/// The tags of a topic; `None` when there is none of that ARN.
async fn tags_of(clients: &Clients, topic_arn: &str) -> Outcome<Option<TagMap>> {
    let answer = clients
        .sns()
        .list_tags_for_resource()
        .resource_arn(topic_arn)
        .send()
        .await
        .during("sns:ListTagsForResource");
    Ok(found(answer)?.map(|answer| {
        let tags = answer.tags.unwrap_or_default().into_iter();
        tags.map(|tag| (tag.key, tag.value)).collect()
    }))
}

async fn set_attribute(clients: &Clients, topic_arn: &str, name: &str, value: &str) -> Outcome<()> {
    clients
        .sns()
        .set_topic_attributes()
        .topic_arn(topic_arn)
        .attribute_name(name)
        .attribute_value(value)
        .send()
        .await
        .during("sns:SetTopicAttributes")
        .map(drop)
}

fn named(topic_arn: &str) -> String {
    format!("the topic {topic_arn}")
}
