//! `AWS::SecretsManager::Secret`.

use super::value::{GenerateSecretString, SecretValue};
use super::{describe, living, named, tags_in};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership, Tag, TagChange, TagMap};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::Tag as SdkTag;
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

/// `AWS::SecretsManager::Secret`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html>).
///
/// Ownership: our tags, which stand in `CreateSecret` itself. Interruption:
/// every call may be made again.
///
/// The value: made in `create` by AWS's generator. A changed
/// `GenerateSecretString` makes a new one, as CloudFormation does; what it made
/// cannot be read back, so it is compared with what was applied, and a
/// rotation is no drift. `SecretString` is not supported: it would be in state.
/// What the user supplies comes by another way (`supplied`), in place of what the
/// generator makes: at create, and when the tag `tap:password-version` changes.
///
/// Deletion: at once where the tag `tap:force-destroy` is `true`, else after
/// as many days as the tag `tap:deletion-window-days` says (30 without it), in
/// which the secret keeps its name. The key has the same tag: without the key
/// nobody has the value back. One of ours that
/// waits there under the same key is restored with the value it had, or with the
/// password that the user supplies: that it was deleted, and its value is that of
/// another life, the tag `tap:password-version` says as 0, which `delete` writes.
/// Under another key it is refused, since that key may be on its way out too, and
/// with it the value. What waits for its deletion counts as gone: nobody can
/// read it.
pub(in crate::aws) struct Secret;

/// Counts the passwords that the user has supplied.
const TAG_VERSION: &str = "tap:password-version";

/// Its value while the secret waits for its deletion: no version of the user's.
const PUT_AWAY: &str = "0";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct SecretProperties {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generate_secret_string: Option<GenerateSecretString>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[async_trait]
impl ResourceType for Secret {
    const TYPE: &'static str = "AWS::SecretsManager::Secret";
    const CREATE_ONLY: &'static [&'static str] = &["Name"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["Name"]);
    const HOLDS_DATA: bool = true;

    type Properties = SecretProperties;

    fn normalise(&self, properties: &mut SecretProperties, _: &str) -> Result<(), String> {
        properties.kms_key_id.take_if(|key| key.is_empty());
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &SecretProperties) -> Result<(), String> {
        let settings = desired.generate_secret_string.as_ref();
        settings.map_or(Ok(()), GenerateSecretString::check)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &SecretProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "secretsmanager:CreateSecret";
        if let Some(there) = describe(clients, &desired.name).await? {
            return reuse(cx, clients, &there, desired).await;
        }
        let value = generated(clients, desired).await?;
        let call = clients
            .secretsmanager()
            .create_secret()
            .name(&desired.name)
            .set_description(said(&desired.description))
            .set_kms_key_id(desired.kms_key_id.clone())
            .set_secret_string(value.map(SecretValue::into_request))
            .set_tags(Some(sdk_tags(&tags::for_create(cx, &desired.tags))));
        let once =
            aws_sdk_secretsmanager::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = call.customize().config_override(once);
        let answer = call.send().await.creating(OPERATION)?;
        let arn = answer.arn.ok_or_else(|| {
            let message = "AWS answered no ARN";
            HandlerError::ours(ErrorKind::Ambiguous, OPERATION, message)
        })?;
        Ok(as_physical(&arn))
    }

    /// Nothing for a secret that was just made; one that was restored is
    /// brought to what is wanted, its value only where the user supplies one.
    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &SecretProperties,
    ) -> Outcome<()> {
        let secret = super::parent(clients, "secretsmanager:DescribeSecret", identifier).await?;
        let mut current = properties_of(&secret, Some(desired), clients);
        let mut value = None;
        if tags_in(&secret)
            .get(TAG_VERSION)
            .is_some_and(|version| version == PUT_AWAY)
        {
            current.tags.retain(|tag| tag.key != TAG_VERSION);
            current.tags.push(put_away());
            if clients.supplied(&desired.name).is_some() {
                value = generated(clients, desired).await?;
            }
        }
        change(clients, identifier, &current, desired, value).await
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&SecretProperties>,
    ) -> Outcome<Option<(Physical, SecretProperties)>> {
        let Some(secret) = living(clients, identifier).await? else {
            return Ok(None);
        };
        tags::require_ours(
            cx,
            "secretsmanager:DescribeSecret",
            &named(identifier),
            &tags_in(&secret),
        )?;
        let arn = secret.arn().unwrap_or(identifier);
        let live = properties_of(&secret, applied, clients);
        Ok(Some((as_physical(arn), live)))
    }

    /// Without knowledge of how the value was made (after an import) it stays
    /// what it is.
    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &SecretProperties,
        desired: &SecretProperties,
    ) -> Outcome<Physical> {
        let version = |properties: &SecretProperties| {
            let tag = properties.tags.iter().find(|tag| tag.key == TAG_VERSION);
            tag.map(|tag| tag.value.clone())
        };
        let supplied =
            version(current) != version(desired) && clients.supplied(&desired.name).is_some();
        let anew = current.generate_secret_string.is_some()
            && current.generate_secret_string != desired.generate_secret_string;
        let anew = anew || supplied;
        let value = match anew {
            true => generated(clients, desired).await?,
            false => None,
        };
        change(clients, identifier, current, desired, value).await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "secretsmanager:DeleteSecret";
        let Some(secret) = describe(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tags_in(&secret);
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let force = tags::force_destroy(&live_tags);
        if secret.deleted_date.is_some() && !force {
            return Ok(());
        }
        let api = clients.secretsmanager();
        if !force {
            let tag = sdk_tags(&tags::to_map(&[put_away()]));
            let call = api.tag_resource().secret_id(identifier).set_tags(Some(tag));
            found(call.send().await.during("secretsmanager:TagResource"))?;
        }
        let mut call = api.delete_secret().secret_id(identifier);
        if force {
            call = call.force_delete_without_recovery(true);
        } else {
            call = call
                .set_recovery_window_in_days(tags::deletion_window_days(&live_tags).map(i64::from));
        }
        let answer = found(call.send().await.during(OPERATION))?;
        if force {
            return wait_until_gone(cx, clients, identifier).await;
        }
        if let Some(date) = answer.and_then(|answer| answer.deletion_date) {
            cx.note(format!("{} will be gone at {date}", named(identifier)));
        }
        Ok(())
    }

    /// By name. One of ours that waits for its deletion is absent: `create`
    /// restores it.
    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &SecretProperties,
    ) -> Outcome<Found> {
        let Some(secret) = describe(clients, &desired.name).await? else {
            return Ok(Found::Absent);
        };
        let live_tags = tags_in(&secret);
        if secret.deleted_date.is_some() {
            return Ok(match tags::ownership(cx, &live_tags) {
                Ownership::Ours => Found::Absent,
                Ownership::Sibling(_) | Ownership::Stranger(_) => {
                    Found::Stranger(waits(&secret, &desired.name))
                }
            });
        }
        let arn = secret.arn().unwrap_or(&desired.name);
        let found = tags::stranger_or(cx, &named(&desired.name), arn, &live_tags);
        Ok(found)
    }
}

/// What to do with a secret that has the name already.
async fn reuse(
    cx: &Context<'_>,
    clients: &Clients,
    there: &DescribeSecretOutput,
    desired: &SecretProperties,
) -> Outcome<Physical> {
    const OPERATION: &str = "secretsmanager:RestoreSecret";
    let name = &desired.name;
    if there.deleted_date.is_none() {
        let message = format!("{} exists already", named(name));
        return Err(HandlerError::ours(
            ErrorKind::AlreadyExists,
            "secretsmanager:CreateSecret",
            message,
        ));
    }
    if tags::ownership(cx, &tags_in(there)) != Ownership::Ours {
        let message = waits(there, name);
        return Err(HandlerError::ours(ErrorKind::Stranger, OPERATION, message));
    }
    if !is_same_key(there.kms_key_id(), desired.kms_key_id.as_deref()) {
        let message = format!(
            "{}. It was encrypted with another key, so it is not restored by itself: restore it \
             yourself (aws secretsmanager restore-secret) if that key is still there, or delete \
             it for good (aws secretsmanager delete-secret --force-delete-without-recovery)",
            waits(there, name)
        );
        return Err(HandlerError::ours(ErrorKind::Invalid, OPERATION, message));
    }
    let restored = clients
        .secretsmanager()
        .restore_secret()
        .secret_id(name)
        .send()
        .await
        .during(OPERATION)
        .map_err(not_yet)?;
    cx.note(format!("{} was restored with its value", named(name)));
    Ok(as_physical(restored.arn().unwrap_or(name)))
}

fn put_away() -> Tag {
    Tag {
        key: TAG_VERSION.to_owned(),
        value: PUT_AWAY.to_owned(),
    }
}

fn waits(secret: &DescribeSecretOutput, name: &str) -> String {
    let since = secret.deleted_date.map(|date| format!(" ({date})"));
    format!(
        "{} is scheduled for deletion{} and keeps its name until then",
        named(name),
        since.unwrap_or_default()
    )
}

async fn generated(clients: &Clients, desired: &SecretProperties) -> Outcome<Option<SecretValue>> {
    match &desired.generate_secret_string {
        Some(settings) => settings.generate(clients, &desired.name).await.map(Some),
        None => Ok(None),
    }
}

/// Brings it from one to the other, with a new value if there is one.
async fn change(
    clients: &Clients,
    identifier: &str,
    current: &SecretProperties,
    desired: &SecretProperties,
    value: Option<SecretValue>,
) -> Outcome<()> {
    let api = clients.secretsmanager();
    let rekeyed = current.kms_key_id != desired.kms_key_id;
    if rekeyed || current.description != desired.description || value.is_some() {
        let mut call = api
            .update_secret()
            .secret_id(identifier)
            .description(&desired.description)
            .set_secret_string(value.map(SecretValue::into_request));
        if rekeyed {
            // Empty means the account's own key for secrets.
            call = call.kms_key_id(desired.kms_key_id.as_deref().unwrap_or_default());
        }
        call.send().await.during("secretsmanager:UpdateSecret")?;
    }
    let tags = TagChange::of(clients, &current.tags, &desired.tags);
    if !tags.set.is_empty() {
        api.tag_resource()
            .secret_id(identifier)
            .set_tags(Some(sdk_tags(&tags.set)))
            .send()
            .await
            .during("secretsmanager:TagResource")?;
    }
    if !tags.remove.is_empty() {
        api.untag_resource()
            .secret_id(identifier)
            .set_tag_keys(Some(tags.remove))
            .send()
            .await
            .during("secretsmanager:UntagResource")?;
    }
    Ok(())
}

async fn wait_until_gone(cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
    let mut patience = Patience::new();
    while describe(clients, identifier).await?.is_some() {
        patience
            .pause(cx, "secretsmanager:DeleteSecret", &named(identifier))
            .await?;
    }
    Ok(())
}

fn properties_of(
    secret: &DescribeSecretOutput,
    applied: Option<&SecretProperties>,
    clients: &Clients,
) -> SecretProperties {
    let said_key = applied.and_then(|applied| applied.kms_key_id.as_deref());
    let key = match is_same_key(secret.kms_key_id(), said_key) {
        true => said_key,
        false => secret.kms_key_id(),
    };
    SecretProperties {
        name: secret.name().unwrap_or_default().to_owned(),
        description: secret.description().unwrap_or_default().to_owned(),
        kms_key_id: key.map(str::to_owned),
        generate_secret_string: applied.and_then(|said| said.generate_secret_string.clone()),
        tags: tags::visible(
            &tags_in(secret),
            applied.map(|said| said.tags.as_slice()),
            clients.ignore_tags(),
        ),
    }
}

/// Secrets Manager says a key as it was given: by id or by ARN.
fn is_same_key(one: Option<&str>, other: Option<&str>) -> bool {
    let id = |key: &str| key.rsplit(":key/").next().map(str::to_owned);
    one.and_then(id) == other.and_then(id)
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn as_physical(arn: &str) -> Physical {
    physical(arn, arn, [("Id", arn.to_owned())])
}

fn sdk_tags(tags: &TagMap) -> Vec<SdkTag> {
    tags.iter()
        .map(|(key, value)| SdkTag::builder().key(key).value(value).build())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_by_id_and_by_arn() {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/k-1";
        for (one, other, same) in [
            (Some(arn), Some("k-1"), true),
            (Some(arn), Some(arn), true),
            (Some("k-2"), Some(arn), false),
            (None, Some(arn), false),
            (None, None, true),
        ] {
            assert_eq!(is_same_key(one, other), same, "{one:?} {other:?}");
        }
    }
}
