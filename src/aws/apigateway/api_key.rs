//! `AWS::ApiGateway::ApiKey`.

mod secret;

use super::{change_tags, key_ring, once, replace, sdk_tags, tag_map, without_id};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::engine::{Context, Found, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_apigateway::types::ApiKey as SdkApiKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// `AWS::ApiGateway::ApiKey`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-apikey.html>).
///
/// Its value is a reference to a secret, looked up in `create` and nowhere
/// else: it enters no state, digest or read.
///
/// Rotation: once a successor stands for it, reads and updates are about that
/// one, while identifier and `Ref` stay the first key's (see `key_ring`), so
/// that a rotation is no drift; `APIKeyId` is the one in use. Name and value
/// are the successor's own and are read as they were applied. Deleting it
/// deletes the whole row.
///
/// Ownership: our tags, which stand in `CreateApiKey` itself. Interruption: of
/// one value AWS lets only one key be.
pub(in crate::aws) struct ApiKey;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ApiKeyProperties {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    enabled: bool,
    /// `{{resolve:secretsmanager:<secret>:SecretString:<member>}}`
    #[serde(default)]
    value: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[async_trait]
impl ResourceType for ApiKey {
    const TYPE: &'static str = "AWS::ApiGateway::ApiKey";
    const CREATE_ONLY: &'static [&'static str] = &["Name", "Value"];
    /// Two keys cannot have one value.
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);

    type Properties = ApiKeyProperties;

    fn normalise(&self, properties: &mut ApiKeyProperties, _: &str) -> Result<(), String> {
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &ApiKeyProperties) -> Result<(), String> {
        match secret::Reference::parse(&desired.value) {
            Some(_) => Ok(()),
            None => Err(format!(
                "Value: must be {}, so that the key itself is in no template and no state",
                secret::SHAPE
            )),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ApiKeyProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "apigateway:CreateApiKey";
        let value = secret::value(clients, &desired.value).await?;
        let answer = clients
            .apigateway()
            .create_api_key()
            .name(&desired.name)
            .description(&desired.description)
            .enabled(desired.enabled)
            .value(value)
            .set_tags(sdk_tags(tags::for_create(cx, &desired.tags)))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)?;
        let id = answer.id.ok_or_else(|| without_id(OPERATION))?;
        Ok(as_physical(&id, &id))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&ApiKeyProperties>,
    ) -> Outcome<Option<(Physical, ApiKeyProperties)>> {
        let Some(key) = standing(cx, clients, "apigateway:GetApiKey", identifier).await? else {
            return Ok(None);
        };
        let live_tags = tag_map(key.tags);
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let live = ApiKeyProperties {
            name: match applied {
                Some(applied) => applied.name.clone(),
                None => key.name.unwrap_or_default(),
            },
            description: key.description.unwrap_or_default(),
            enabled: key.enabled,
            value: applied.map_or_else(String::new, |applied| applied.value.clone()),
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        let in_use = key.id.unwrap_or_default();
        Ok(Some((as_physical(identifier, &in_use), live)))
    }

    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &ApiKeyProperties,
        desired: &ApiKeyProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "apigateway:UpdateApiKey";
        let key = standing(cx, clients, OPERATION, identifier).await?;
        let id = key.and_then(|key| key.id);
        let id = id.as_deref().unwrap_or(identifier);
        let mut patches = Vec::new();
        if current.description != desired.description {
            patches.push(replace("/description", &desired.description));
        }
        if current.enabled != desired.enabled {
            patches.push(replace("/enabled", desired.enabled));
        }
        if !patches.is_empty() {
            clients
                .apigateway()
                .update_api_key()
                .api_key(id)
                .set_patch_operations(Some(patches))
                .send()
                .await
                .during(OPERATION)?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, &format!("/apikeys/{id}"), change).await?;
        Ok(as_physical(identifier, id))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteApiKey";
        // Refuses a stranger's.
        standing(cx, clients, OPERATION, identifier).await?;
        let row = key_ring::keys(cx, clients, cx.logical_id).await?;
        let mut ids: BTreeSet<String> = row.into_iter().filter_map(|key| key.id).collect();
        ids.insert(identifier.to_owned());
        for id in ids {
            let deleted = clients
                .apigateway()
                .delete_api_key()
                .api_key(id)
                .send()
                .await
                .during(OPERATION);
            found(deleted)?;
        }
        Ok(())
    }

    /// Only the one in use: of several, the engine would delete the others.
    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &ApiKeyProperties,
    ) -> Outcome<Found> {
        let row = key_ring::keys(cx, clients, cx.logical_id).await?;
        let in_use = key_ring::oldest_live(&row).and_then(SdkApiKey::id);
        Ok(match in_use {
            Some(id) => Found::Ours(vec![id.to_owned()]),
            None => Found::Absent,
        })
    }
}

/// The key that stands for this one; refuses one that is not ours.
async fn standing(
    cx: &Context<'_>,
    clients: &Clients,
    operation: &str,
    identifier: &str,
) -> Outcome<Option<SdkApiKey>> {
    let row = key_ring::keys(cx, clients, cx.logical_id).await?;
    if let Some(key) = key_ring::standing(&row, identifier) {
        return Ok(Some(key.clone()));
    }
    let answer = clients
        .apigateway()
        .get_api_key()
        .api_key(identifier)
        .include_value(false)
        .send()
        .await
        .during("apigateway:GetApiKey");
    let Some(key) = found(answer)? else {
        return Ok(None);
    };
    // It is there, whatever became of the tag that the list goes by.
    let what = format!("the API key {identifier}");
    tags::require_ours(cx, operation, &what, &tag_map(key.tags.clone()))?;
    let key = SdkApiKey::builder()
        .set_id(key.id)
        .set_name(key.name)
        .set_description(key.description)
        .enabled(key.enabled)
        .set_created_date(key.created_date)
        .set_tags(key.tags);
    Ok(Some(key.build()))
}

fn as_physical(identifier: &str, in_use: &str) -> Physical {
    physical(identifier, identifier, [("APIKeyId", in_use.to_owned())])
}
