//! Queues and their policies. A policy carries no tags: it is ours when the
//! queue is.

mod queue;
mod queue_policy;

use queue::Queue;
use queue_policy::QueuePolicy;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::Handler;
use aws_sdk_sqs::types::QueueAttributeName;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, Queue),
        Typed::handler(context, QueuePolicy),
    ]
}

type Attributes = HashMap<QueueAttributeName, String>;

/// All attributes of a queue; `None` when there is none at that URL.
async fn attributes_of(clients: &Clients, url: &str) -> Outcome<Option<Attributes>> {
    let answer = clients
        .sqs()
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .during("sqs:GetQueueAttributes");
    Ok(found(answer)?.map(|answer| answer.attributes.unwrap_or_default()))
}

/// The tags of a queue; `None` when there is none at that URL.
async fn tags_of(clients: &Clients, url: &str) -> Outcome<Option<TagMap>> {
    let answer = clients
        .sqs()
        .list_queue_tags()
        .queue_url(url)
        .send()
        .await
        .during("sqs:ListQueueTags");
    Ok(found(answer)?.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

async fn set_attributes(clients: &Clients, url: &str, attributes: Attributes) -> Outcome<()> {
    clients
        .sqs()
        .set_queue_attributes()
        .queue_url(url)
        .set_attributes(Some(attributes))
        .send()
        .await
        .during("sqs:SetQueueAttributes")
        .map(drop)
}

fn named(url: &str) -> String {
    format!("the queue {url}")
}
