//! `AWS::SecretsManager::ResourcePolicy`. A secret has one or none; it is part
//! of the secret and ours when that is.

use super::{living, named, parent, tags_in};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AWS::SecretsManager::ResourcePolicy`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-resourcepolicy.html>);
/// the secret is the identifier.
///
/// Ownership: our tags on the secret. Interruption: each is one call that may
/// be made again. Errors: a principal that IAM has only just made is
/// `Transient`.
pub(in crate::aws) struct ResourcePolicy;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ResourcePolicyProperties {
    secret_id: String,
    resource_policy: Value,
    /// Cannot be read back.
    #[serde(default)]
    block_public_policy: bool,
}

#[async_trait]
impl ResourceType for ResourcePolicy {
    const TYPE: &'static str = "AWS::SecretsManager::ResourcePolicy";
    const CREATE_ONLY: &'static [&'static str] = &["SecretId"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["SecretId"]);

    type Properties = ResourcePolicyProperties;

    fn normalise(
        &self,
        properties: &mut ResourcePolicyProperties,
        partition: &str,
    ) -> Result<(), String> {
        properties.resource_policy = policy::canonical(&properties.resource_policy, partition)
            .map_err(|problem| format!("ResourcePolicy: {problem}"))?;
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ResourcePolicyProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "secretsmanager:PutResourcePolicy";
        let secret = parent(clients, OPERATION, &desired.secret_id).await?;
        let arn = secret.arn().unwrap_or(&desired.secret_id);
        tags::require_ours(cx, OPERATION, &named(arn), &tags_in(&secret))?;
        if live_policy(clients, arn).await?.is_some() {
            let message = format!("{} has a policy already", named(arn));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        put(clients, arn, desired).await.map_err(not_yet)?;
        Ok(as_physical(arn))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&ResourcePolicyProperties>,
    ) -> Outcome<Option<(Physical, ResourcePolicyProperties)>> {
        if living(clients, identifier).await?.is_none() {
            return Ok(None);
        }
        let document = live_policy(clients, identifier).await?;
        Ok(document.map(|document| {
            let live = ResourcePolicyProperties {
                secret_id: identifier.to_owned(),
                resource_policy: document,
                block_public_policy: applied.is_some_and(|applied| applied.block_public_policy),
            };
            (as_physical(identifier), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &ResourcePolicyProperties,
        desired: &ResourcePolicyProperties,
    ) -> Outcome<Physical> {
        if current != desired {
            put(clients, identifier, desired).await?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "secretsmanager:DeleteResourcePolicy";
        let Some(secret) = living(clients, identifier).await? else {
            return Ok(());
        };
        if live_policy(clients, identifier).await?.is_none() {
            return Ok(());
        }
        tags::require_ours(cx, OPERATION, &named(identifier), &tags_in(&secret))?;
        let deleted = clients
            .secretsmanager()
            .delete_resource_policy()
            .secret_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ResourcePolicyProperties,
    ) -> Outcome<Found> {
        let Some(secret) = living(clients, &desired.secret_id).await? else {
            return Ok(Found::Absent);
        };
        let arn = secret.arn().unwrap_or(&desired.secret_id);
        if live_policy(clients, arn).await?.is_none() {
            return Ok(Found::Absent);
        }
        Ok(match tags::ownership(cx, &tags_in(&secret)) {
            Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![arn.to_owned()]),
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} has a policy and {why}", named(arn)))
            }
        })
    }
}

/// The secret's policy; `None` when it has none or is not there.
async fn live_policy(clients: &Clients, arn: &str) -> Outcome<Option<Value>> {
    const OPERATION: &str = "secretsmanager:GetResourcePolicy";
    let answer = clients
        .secretsmanager()
        .get_resource_policy()
        .secret_id(arn)
        .send()
        .await
        .during(OPERATION);
    let Some(text) = found(answer)?.and_then(|answer| answer.resource_policy) else {
        return Ok(None);
    };
    let document = serde_json::from_str(&text).map_err(|error| {
        let message = format!("the policy of {} is no JSON: {error}", named(arn));
        HandlerError::ours(ErrorKind::Other, OPERATION, message)
    })?;
    Ok(Some(document))
}

async fn put(clients: &Clients, arn: &str, desired: &ResourcePolicyProperties) -> Outcome<()> {
    clients
        .secretsmanager()
        .put_resource_policy()
        .secret_id(arn)
        .resource_policy(desired.resource_policy.to_string())
        .block_public_policy(desired.block_public_policy)
        .send()
        .await
        .during("secretsmanager:PutResourcePolicy")
        .map(drop)
}

fn as_physical(arn: &str) -> Physical {
    physical(arn, arn, [("Id", arn.to_owned())])
}
