//! Config rules, and the recorder and the delivery channel of which an
//! account and region have one each.

mod config_rule;
mod delivery_channel;
mod recorder;
mod recorder_properties;

use config_rule::ConfigRule;
use delivery_channel::DeliveryChannel;
use recorder::ConfigurationRecorder;

pub(super) use delivery_channel::is_stopped;
pub(super) use recorder::customer_recorder;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::Handler;
use aws_sdk_config::types::Tag as SdkTag;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, ConfigRule),
        Typed::handler(context, ConfigurationRecorder),
        Typed::handler(context, DeliveryChannel),
    ]
}

/// The tags of a rule or a recorder; `None` when there is none of that ARN.
pub(super) async fn tags_of(clients: &Clients, arn: &str) -> Outcome<Option<TagMap>> {
    let mut tags = TagMap::new();
    let mut pages = clients
        .config()
        .list_tags_for_resource()
        .resource_arn(arn)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let Some(page) = found(page.during("config:ListTagsForResource"))? else {
            return Ok(None);
        };
        let page = page.tags.unwrap_or_default().into_iter();
        tags.extend(page.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))));
    }
    Ok(Some(tags))
}

fn sdk_tags(tags: &TagMap) -> Vec<SdkTag> {
    tags.iter()
        .map(|(key, value)| SdkTag::builder().key(key).value(value).build())
        .collect()
}
