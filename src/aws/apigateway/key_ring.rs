//! The API keys of a pipeline. A rotation makes a successor with the tags of
//! the key that it replaces, and says on the predecessor until when that one
//! still serves; later it deletes it. So one `ApiKey` of the template is a
//! row of keys, of which one stands for it.

use super::{PAGE, tag_map};
use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use crate::engine::{Context, TAG_LOGICAL_ID, TAG_PIPELINE};
use aws_sdk_apigateway::types::ApiKey;

/// The logical id whose keys the rotation function makes and retires.
pub(super) const ROTATED: &str = "ApiKey";
/// On a predecessor: until when it serves.
const RETIRE_AFTER_TAG: &str = "tap:retire-after";

/// The keys of a logical id of this pipeline, oldest first.
pub(super) async fn keys(
    cx: &Context<'_>,
    clients: &Clients,
    logical_id: &str,
) -> Outcome<Vec<ApiKey>> {
    let listed: Vec<ApiKey> = clients
        .apigateway()
        .get_api_keys()
        .limit(PAGE)
        .include_values(false)
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .during("apigateway:GetApiKeys")?;
    let is_ours = |key: &ApiKey| {
        let tags = tag_map(key.tags.clone());
        tags.get(TAG_PIPELINE) == Some(&cx.owner.pipeline)
            && tags.get(TAG_LOGICAL_ID).is_some_and(|id| id == logical_id)
    };
    let mut keys: Vec<ApiKey> = listed.into_iter().filter(is_ours).collect();
    keys.sort_by_key(|key| key.created_date.map(|at| at.as_nanos()));
    Ok(keys)
}

/// The key that stands for the one that was made under this id: itself while
/// nothing has replaced it, else the oldest that serves without an end. (A
/// rotation under way has made a younger one that is not in use yet.)
pub(super) fn standing<'a>(keys: &'a [ApiKey], id: &str) -> Option<&'a ApiKey> {
    let itself = keys.iter().find(|key| key.id() == Some(id));
    itself
        .filter(|key| is_live(key))
        .or_else(|| oldest_live(keys))
        .or(itself)
}

pub(super) fn oldest_live(keys: &[ApiKey]) -> Option<&ApiKey> {
    keys.iter().find(|key| is_live(key))
}

fn is_live(key: &ApiKey) -> bool {
    let tags = key.tags();
    !tags.is_some_and(|tags| tags.contains_key(RETIRE_AFTER_TAG))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, retired: bool) -> ApiKey {
        let key = ApiKey::builder().id(id);
        if retired {
            return key.tags(RETIRE_AFTER_TAG, "2026-01-01T00:00:00Z").build();
        }
        key.build()
    }

    #[test]
    fn a_successor_stands_for_the_key_that_a_rotation_replaced() {
        /// Ids, and whether a time has been set to each.
        type Row<'a> = &'a [(&'a str, bool)];
        let table: [(Row<'_>, Option<&str>); 6] = [
            (&[], None),
            (&[("first", false)], Some("first")),
            // A rotation under way.
            (&[("first", false), ("second", false)], Some("first")),
            (&[("first", true), ("second", false)], Some("second")),
            // The first is deleted, and the next rotation is under way.
            (&[("second", false), ("third", false)], Some("second")),
            (&[("first", true)], Some("first")),
        ];
        for (keys, wanted) in table {
            let keys: Vec<ApiKey> = keys.iter().map(|(id, retired)| key(id, *retired)).collect();
            let stands = standing(&keys, "first").and_then(ApiKey::id);
            assert_eq!(stands, wanted, "{keys:?}");
        }
    }
}
