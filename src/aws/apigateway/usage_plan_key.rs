//! `AWS::ApiGateway::UsagePlanKey`: an API key's place in a usage plan.

use super::{key_ring, once, usage_plan};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::UsagePlanKey`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-usageplankey.html>).
///
/// Rotation: the key is the one that stands for `KeyId` now (see `key_ring`);
/// its successors are put into the plan by the rotation.
///
/// Ownership: our tags on the plan. Interruption: AWS refuses to put a key
/// into a plan twice.
pub(in crate::aws) struct UsagePlanKey;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct UsagePlanKeyProperties {
    key_id: String,
    key_type: String,
    usage_plan_id: String,
}

const API_KEY: &str = "API_KEY";

#[async_trait]
impl ResourceType for UsagePlanKey {
    const TYPE: &'static str = "AWS::ApiGateway::UsagePlanKey";
    const CREATE_ONLY: &'static [&'static str] = &["KeyId", "KeyType", "UsagePlanId"];
    /// A key and its successors are taken out of the plan together: done after
    /// the new one is in, that would take it out as well.
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;

    type Properties = UsagePlanKeyProperties;

    fn normalise(&self, properties: &mut UsagePlanKeyProperties, _: &str) -> Result<(), String> {
        if properties.key_type != API_KEY {
            return Err(format!("KeyType: must be {API_KEY}"));
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &UsagePlanKeyProperties,
    ) -> Outcome<Physical> {
        let (key, plan) = (&desired.key_id, &desired.usage_plan_id);
        let in_use = in_use(cx, clients, key).await?;
        clients
            .apigateway()
            .create_usage_plan_key()
            .usage_plan_id(plan)
            .key_id(in_use)
            .key_type(API_KEY)
            .customize()
            .config_override(once())
            .send()
            .await
            .creating("apigateway:CreateUsagePlanKey")
            .map_err(not_yet)?;
        Ok(as_physical(key, plan))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&UsagePlanKeyProperties>,
    ) -> Outcome<Option<(Physical, UsagePlanKeyProperties)>> {
        let (key, plan) = split(identifier)?;
        let in_use = in_use(cx, clients, key).await?;
        Ok(is_in(clients, plan, &in_use).await?.then(|| {
            let live = UsagePlanKeyProperties {
                key_id: key.to_owned(),
                key_type: API_KEY.to_owned(),
                usage_plan_id: plan.to_owned(),
            };
            (as_physical(key, plan), live)
        }))
    }

    /// All of it is create-only.
    async fn update(
        &self,
        _cx: &Context<'_>,
        _clients: &Clients,
        identifier: &str,
        _current: &UsagePlanKeyProperties,
        _desired: &UsagePlanKeyProperties,
    ) -> Outcome<Physical> {
        let (key, plan) = split(identifier)?;
        Ok(as_physical(key, plan))
    }

    /// Takes the whole row of keys out of the plan: the successors too are
    /// nobody's but ours.
    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteUsagePlanKey";
        let (key, plan) = split(identifier)?;
        let Some(live_tags) = usage_plan::tags_of(clients, plan).await? else {
            return Ok(());
        };
        let what = format!("the usage plan {plan}");
        tags::require_ours(cx, OPERATION, &what, &live_tags)?;
        let row = key_ring::keys(cx, clients, key_ring::ROTATED).await?;
        let mut ids: Vec<String> = row.into_iter().filter_map(|key| key.id).collect();
        if !ids.iter().any(|id| id == key) {
            ids.push(key.to_owned());
        }
        for id in ids {
            let deleted = clients
                .apigateway()
                .delete_usage_plan_key()
                .usage_plan_id(plan)
                .key_id(id)
                .send()
                .await
                .during(OPERATION);
            found(deleted)?;
        }
        Ok(())
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &UsagePlanKeyProperties,
    ) -> Outcome<Found> {
        let (key, plan) = (&desired.key_id, &desired.usage_plan_id);
        let in_use = in_use(cx, clients, key).await?;
        if !is_in(clients, plan, &in_use).await? {
            return Ok(Found::Absent);
        }
        let Some(live_tags) = usage_plan::tags_of(clients, plan).await? else {
            return Ok(Found::Absent);
        };
        Ok(match tags::ownership(cx, &live_tags) {
            // The tags are the plan's: its logical id is never the key's.
            Ownership::Ours | Ownership::Sibling(_) => {
                Found::Ours(vec![as_physical(key, plan).identifier])
            }
            Ownership::Stranger(why) => Found::Stranger(format!("the usage plan {plan} {why}")),
        })
    }
}

/// The id of the key that stands for this one.
async fn in_use(cx: &Context<'_>, clients: &Clients, key: &str) -> Outcome<String> {
    let row = key_ring::keys(cx, clients, key_ring::ROTATED).await?;
    let standing = key_ring::standing(&row, key).and_then(|key| key.id.clone());
    Ok(standing.unwrap_or_else(|| key.to_owned()))
}

async fn is_in(clients: &Clients, plan: &str, key: &str) -> Outcome<bool> {
    let answer = clients
        .apigateway()
        .get_usage_plan_key()
        .usage_plan_id(plan)
        .key_id(key)
        .send()
        .await
        .during("apigateway:GetUsagePlanKey");
    Ok(found(answer)?.is_some())
}

fn split(identifier: &str) -> Outcome<(&str, &str)> {
    identifier.split_once(':').ok_or_else(|| {
        let message = format!("{identifier:?} is no key and usage plan");
        HandlerError::ours(ErrorKind::Invalid, "apigateway:GetUsagePlanKey", message)
    })
}

/// CloudFormation joins the two with a colon.
fn as_physical(key: &str, plan: &str) -> Physical {
    let id = format!("{key}:{plan}");
    physical(&id, &id, [("Id", id.clone())])
}
