//! Trails.

mod trail;

use trail::Trail;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::Handler;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![Typed::handler(context, Trail)]
}

/// The tags of a trail; `None` when there is none of that ARN.
pub(super) async fn tags_of(clients: &Clients, arn: &str) -> Outcome<Option<TagMap>> {
    let mut tags = TagMap::new();
    let mut pages = clients
        .cloudtrail()
        .list_tags()
        .resource_id_list(arn)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let Some(page) = found(page.during("cloudtrail:ListTags"))? else {
            return Ok(None);
        };
        let lists = page.resource_tag_list.unwrap_or_default().into_iter();
        let page = lists.flat_map(|list| list.tags_list.unwrap_or_default());
        tags.extend(page.map(|tag| (tag.key, tag.value.unwrap_or_default())));
    }
    Ok(Some(tags))
}
