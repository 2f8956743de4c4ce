//! Keys and their names. Both in one place because an alias has no tags: it
//! belongs to whoever owns the key that it points to.

mod alias;
mod aspects;
mod key;
mod properties;

use alias::Alias;
use key::Key;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::HandlerResultExt;
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::{ErrorKind, Handler, HandlerError};
use aws_sdk_kms::types::{KeyMetadata, KeyState, Tag};
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, Alias),
        Typed::handler(context, Key::default()),
    ]
}

/// A key by id, ARN or alias. A key that waits for its deletion is returned:
/// whether it still counts is the caller's question.
async fn describe(clients: &Clients, key: &str) -> Outcome<KeyMetadata> {
    let answer = clients
        .kms()
        .describe_key()
        .key_id(key)
        .send()
        .await
        .during("kms:DescribeKey")?;
    answer.key_metadata.ok_or_else(|| {
        let message = format!("the answer for {key} is empty");
        HandlerError::ours(ErrorKind::Other, "kms:DescribeKey", message)
    })
}

/// On its way out; CloudFormation and we count that as gone. It is never
/// revived: what was encrypted under it has been given up.
fn is_leaving(metadata: &KeyMetadata) -> bool {
    matches!(
        metadata.key_state,
        Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion)
    )
}

/// The tags of a key, also of one that waits for its deletion.
async fn tags_of(clients: &Clients, key_id: &str) -> Outcome<TagMap> {
    let mut pages = clients
        .kms()
        .list_resource_tags()
        .key_id(key_id)
        .into_paginator()
        .send();
    let mut tags = TagMap::new();
    while let Some(page) = pages.next().await {
        let page = page.during("kms:ListResourceTags")?;
        tags.extend(
            page.tags
                .into_iter()
                .flatten()
                .map(|t| (t.tag_key, t.tag_value)),
        );
    }
    Ok(tags)
}

fn sdk_tags(tags: &TagMap) -> Outcome<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| {
            Tag::builder()
                .tag_key(key)
                .tag_value(value)
                .build()
                .map_err(|error| {
                    HandlerError::ours(ErrorKind::Invalid, "kms:TagResource", error.to_string())
                })
        })
        .collect()
}
