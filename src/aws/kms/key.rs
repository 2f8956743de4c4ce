//! `AWS::KMS::Key`. A key has no name, so nothing but its tags says whose it
//! is, and a second `CreateKey` makes a second key: the create call is sent
//! once, carries the tags, and a lost answer is left to `find`.

use super::properties::KeyProperties;
use super::{aspects, describe, is_leaving, sdk_tags, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, TagChange, TagMap};
use crate::engine::{
    Context, ErrorKind, Found, HandlerError, Physical, TAG_LOGICAL_ID, TAG_PIPELINE,
};
use async_trait::async_trait;
use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState, KeyUsageType};
use aws_smithy_types::retry::RetryConfig;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// AWS's shortest, for a key whose tag was removed.
const SHORTEST_WINDOW_DAYS: i32 = 7;
/// How long a new key may be missing from the list of keys
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/accessing-consistency.html>).
const LISTING_LAG: Duration = Duration::from_secs(5);
const PARALLEL_TAG_READS: usize = 10;

/// `AWS::KMS::Key`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html>).
///
/// Ownership: our tags. Deleting schedules the deletion; AWS can delete no
/// key at once. Interruption: after a `CreateKey` whose answer was lost the
/// key is found by its tags, which it has from its first moment.
#[derive(Default)]
pub(in crate::aws) struct Key {
    /// Keys known to carry a pipeline's tag, so that many searches in one
    /// apply do not ask for the same tags again. Keys without the tag are
    /// asked again each time: tags of a new key lag.
    known: Mutex<HashMap<String, TagMap>>,
}

#[async_trait]
impl ResourceType for Key {
    const TYPE: &'static str = "AWS::KMS::Key";
    const CREATE_ONLY: &'static [&'static str] = &["KeySpec", "KeyUsage", "MultiRegion"];
    const HOLDS_DATA: bool = true;
    const AWS_CHOSEN: &'static [&'static str] = &["KeyPolicy", "PendingWindowInDays"];

    type Properties = KeyProperties;

    fn normalise(&self, properties: &mut KeyProperties, partition: &str) -> Result<(), String> {
        properties.normalise(partition)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &KeyProperties,
    ) -> Outcome<Physical> {
        let document = desired.key_policy.as_ref().map(Value::to_string);
        let once = aws_sdk_kms::config::Builder::new().retry_config(RetryConfig::disabled());
        let answer = clients
            .kms()
            .create_key()
            .description(&desired.description)
            .set_policy(document)
            .key_spec(KeySpec::from(desired.key_spec.as_str()))
            .key_usage(KeyUsageType::from(desired.key_usage.as_str()))
            .multi_region(desired.multi_region)
            .set_tags(Some(sdk_tags(&tags::for_create(cx, &desired.tags))?))
            .customize()
            .config_override(once)
            .send()
            .await
            .creating("kms:CreateKey");
        match answer {
            Ok(answer) => answer
                .key_metadata
                .as_ref()
                .map(as_physical)
                .ok_or_else(|| {
                    HandlerError::ours(ErrorKind::Ambiguous, "kms:CreateKey", "the answer is empty")
                }),
            Err(error) => {
                if error.kind == ErrorKind::Ambiguous {
                    // The engine searches next, in a list that lags.
                    cx.sleep(LISTING_LAG).await;
                }
                Err(error)
            }
        }
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &KeyProperties,
    ) -> Outcome<()> {
        if desired.enable_key_rotation {
            aspects::set_rotation(clients, identifier, desired).await?;
        }
        if !desired.enabled {
            aspects::set_enabled(clients, identifier, false).await?;
        }
        Ok(())
    }

    async fn ready(&self, _cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        describe(clients, identifier).await.map(drop)
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&KeyProperties>,
    ) -> Outcome<Option<(Physical, KeyProperties)>> {
        let Some(metadata) = found(describe(clients, identifier).await)? else {
            return Ok(None);
        };
        if is_leaving(&metadata) {
            return Ok(None);
        }
        let rotates = metadata.key_spec == Some(KeySpec::SymmetricDefault);
        let (document, rotation, live_tags) = tokio::try_join!(
            aspects::policy(clients, identifier),
            aspects::rotation(clients, identifier, rotates),
            tags_of(clients, identifier),
        )?;
        tags::require_ours(cx, "kms:ListResourceTags", &named(identifier), &live_tags)?;
        let window = applied.and_then(|p| p.pending_window_in_days);
        let applied_tags = applied.map(|p| p.tags.as_slice());
        let live = KeyProperties {
            description: metadata.description.clone().unwrap_or_default(),
            key_policy: Some(document),
            enable_key_rotation: rotation.is_some(),
            rotation_period_in_days: rotation,
            pending_window_in_days: window.or_else(|| tags::deletion_window_days(&live_tags)),
            key_spec: spelled(metadata.key_spec.as_ref().map(KeySpec::as_str)),
            key_usage: spelled(metadata.key_usage.as_ref().map(KeyUsageType::as_str)),
            multi_region: metadata.multi_region.unwrap_or_default(),
            enabled: metadata.key_state != Some(KeyState::Disabled),
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(&metadata), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &KeyProperties,
        desired: &KeyProperties,
    ) -> Outcome<Physical> {
        let kms = clients.kms();
        // Rotation cannot be changed on a disabled key: enable first, disable
        // last.
        if desired.enabled && !current.enabled {
            aspects::set_enabled(clients, identifier, true).await?;
        }
        if desired.description != current.description {
            kms.update_key_description()
                .key_id(identifier)
                .description(&desired.description)
                .send()
                .await
                .during("kms:UpdateKeyDescription")?;
        }
        if let Some(document) = &desired.key_policy
            && current.key_policy.as_ref() != Some(document)
        {
            aspects::put_policy(clients, identifier, document).await?;
        }
        let rotation = |p: &KeyProperties| (p.enable_key_rotation, p.rotation_period_in_days);
        if rotation(desired) != rotation(current) {
            aspects::set_rotation(clients, identifier, desired).await?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        if !change.set.is_empty() {
            kms.tag_resource()
                .key_id(identifier)
                .set_tags(Some(sdk_tags(&change.set)?))
                .send()
                .await
                .during("kms:TagResource")?;
        }
        if !change.remove.is_empty() {
            kms.untag_resource()
                .key_id(identifier)
                .set_tag_keys(Some(change.remove))
                .send()
                .await
                .during("kms:UntagResource")?;
        }
        if !desired.enabled && current.enabled {
            aspects::set_enabled(clients, identifier, false).await?;
        }
        Ok(as_physical(&describe(clients, identifier).await?))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let Some(metadata) = found(describe(clients, identifier).await)? else {
            return Ok(());
        };
        if is_leaving(&metadata) {
            return Ok(());
        }
        let live_tags = tags_of(clients, identifier).await?;
        tags::require_ours(
            cx,
            "kms:ScheduleKeyDeletion",
            &named(identifier),
            &live_tags,
        )?;
        let days = tags::deletion_window_days(&live_tags).unwrap_or(SHORTEST_WINDOW_DAYS);
        let scheduled = clients
            .kms()
            .schedule_key_deletion()
            .key_id(identifier)
            .pending_window_in_days(days)
            .send()
            .await
            .during("kms:ScheduleKeyDeletion");
        match scheduled {
            Ok(_) => {
                cx.note(format!("{} will be gone in {days} days", named(identifier)));
                Ok(())
            }
            // The answer to the first of two attempts was lost.
            Err(error) if is_pending_deletion(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Looks at the tags of every key of the account and region, since the
    /// tagging API lags by minutes. Keys whose tags we may not see are
    /// someone else's, unless we may see none at all.
    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &KeyProperties,
    ) -> Outcome<Found> {
        let mut ids = Vec::new();
        let mut pages = clients.kms().list_keys().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.during("kms:ListKeys")?;
            ids.extend(page.keys.into_iter().flatten().filter_map(|key| key.key_id));
        }
        let seen: Vec<Seen> = stream::iter(ids)
            .map(|id| self.look(clients, id))
            .buffer_unordered(PARALLEL_TAG_READS)
            .try_collect()
            .await?;
        if let Some(Seen::Denied(error)) = seen.first()
            && seen.iter().all(|seen| matches!(seen, Seen::Denied(_)))
        {
            return Err(error.clone());
        }
        let mut ours = Vec::new();
        for seen in seen {
            let Seen::Tags(id, live_tags) = seen else {
                continue;
            };
            if live_tags.get(TAG_PIPELINE) == Some(&cx.owner.pipeline)
                && live_tags.get(TAG_LOGICAL_ID).map(String::as_str) == Some(cx.logical_id)
                && let Some(metadata) = found(describe(clients, &id).await)?
                && !is_leaving(&metadata)
            {
                ours.push((metadata.creation_date, id));
            }
        }
        if ours.is_empty() {
            return Ok(Found::Absent);
        }
        // The oldest first: the one that others were told of.
        ours.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
        Ok(Found::Ours(ours.into_iter().map(|(_, id)| id).collect()))
    }
}

enum Seen {
    Tags(String, TagMap),
    Denied(HandlerError),
    Gone,
}

impl Key {
    async fn look(&self, clients: &Clients, id: String) -> Outcome<Seen> {
        let known = self.known().get(&id).cloned();
        if let Some(live_tags) = known {
            return Ok(Seen::Tags(id, live_tags));
        }
        match tags_of(clients, &id).await {
            Ok(live_tags) => {
                if live_tags.contains_key(TAG_PIPELINE) {
                    self.known().insert(id.clone(), live_tags.clone());
                }
                Ok(Seen::Tags(id, live_tags))
            }
            Err(error) if error.kind == ErrorKind::AccessDenied => Ok(Seen::Denied(error)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Seen::Gone),
            Err(error) => Err(error),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, TagMap>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named(identifier: &str) -> String {
    format!("the KMS key {identifier}")
}

fn spelled(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

fn as_physical(metadata: &KeyMetadata) -> Physical {
    let id = &metadata.key_id;
    let arn = metadata.arn.clone().unwrap_or_default();
    physical(id, id, [("Arn", arn), ("KeyId", id.clone())])
}

fn is_pending_deletion(error: &HandlerError) -> bool {
    error.code.as_deref() == Some("KMSInvalidStateException")
        && error.message.contains("pending deletion")
}
