//! `AWS::KMS::Alias`. An alias carries no tags: it is ours when the key that
//! it points to is.

use super::{describe, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, Found, Physical, Replacement};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// `AWS::KMS::Alias`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-alias.html>).
///
/// Ownership: the name, and our tags on the key it points to, which may be
/// an older one of ours that already waits for its deletion. Interruption:
/// each method is one call that changes something, and can be made again.
pub(in crate::aws) struct Alias;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct AliasProperties {
    alias_name: String,
    target_key_id: String,
}

#[async_trait]
impl ResourceType for Alias {
    const TYPE: &'static str = "AWS::KMS::Alias";
    const CREATE_ONLY: &'static [&'static str] = &["AliasName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["AliasName"]);
    const REPLACEMENT: Replacement = Replacement::CreateFirst;

    type Properties = AliasProperties;

    /// The target is compared as a key id: AWS answers ids, whether it was
    /// given an id or an ARN.
    fn normalise(&self, properties: &mut AliasProperties, _: &str) -> Result<(), String> {
        let name = &properties.alias_name;
        if !name.starts_with("alias/") || name.starts_with("alias/aws/") {
            return Err(format!(
                "AliasName: {name:?} must begin with alias/ and not with alias/aws/"
            ));
        }
        if let Some((_, id)) = properties.target_key_id.rsplit_once(":key/") {
            properties.target_key_id = id.to_owned();
        }
        Ok(())
    }

    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &AliasProperties,
    ) -> Outcome<Physical> {
        // The key may be so new that it is not found yet.
        clients
            .kms()
            .create_alias()
            .alias_name(&desired.alias_name)
            .target_key_id(&desired.target_key_id)
            .send()
            .await
            .creating("kms:CreateAlias")
            .map_err(not_yet)?;
        Ok(as_physical(&desired.alias_name))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&AliasProperties>,
    ) -> Outcome<Option<(Physical, AliasProperties)>> {
        let target = found(describe(clients, identifier).await)?;
        Ok(target.map(|metadata| {
            let live = AliasProperties {
                alias_name: identifier.to_owned(),
                target_key_id: metadata.key_id,
            };
            (as_physical(identifier), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &AliasProperties,
        desired: &AliasProperties,
    ) -> Outcome<Physical> {
        if current.target_key_id != desired.target_key_id {
            clients
                .kms()
                .update_alias()
                .alias_name(identifier)
                .target_key_id(&desired.target_key_id)
                .send()
                .await
                .during("kms:UpdateAlias")?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let Some(target) = found(describe(clients, identifier).await)? else {
            return Ok(());
        };
        let live_tags = tags_of(clients, &target.key_id).await?;
        let what = format!("the key {} behind {identifier}", target.key_id);
        tags::require_ours(cx, "kms:DeleteAlias", &what, &live_tags)?;
        let deleted = clients
            .kms()
            .delete_alias()
            .alias_name(identifier)
            .send()
            .await
            .during("kms:DeleteAlias");
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &AliasProperties,
    ) -> Outcome<Found> {
        let name = &desired.alias_name;
        let Some(target) = found(describe(clients, name).await)? else {
            return Ok(Found::Absent);
        };
        let live_tags = tags_of(clients, &target.key_id).await?;
        Ok(match tags::ownership(cx, &live_tags) {
            // The tags are the key's: its logical id is never the alias's.
            Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![name.clone()]),
            Ownership::Stranger(why) => Found::Stranger(format!(
                "{name} points to the key {}, which {why}",
                target.key_id
            )),
        })
    }
}

fn as_physical(name: &str) -> Physical {
    physical(name, name, [])
}
