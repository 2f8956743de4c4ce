//! `AWS::IAM::ManagedPolicy`.

use super::{attach, detach, document, sdk_tags, tag_map};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, TagMap};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, TAG_PIPELINE};
use async_trait::async_trait;
use aws_sdk_iam::types::{EntityType, Policy, PolicyUsageType, PolicyVersion};
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many versions IAM keeps of a policy
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html>).
const VERSIONS: usize = 5;

/// `AWS::IAM::ManagedPolicy`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html>).
///
/// Ownership: our tags, which stand in `CreatePolicy` itself; CloudFormation
/// gives this type no others. The description
/// is create-only, as IAM has no call that changes it. Without `Roles`, who
/// has the policy is said by the roles. A change is a new default version; an
/// interrupted change leaves at most an unused version behind, and the oldest
/// one goes when a new one has no room. Errors: a policy that a role has only
/// just lost is `Transient` at delete.
pub(in crate::aws) struct ManagedPolicy;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ManagedPolicyProperties {
    managed_policy_name: String,
    policy_document: Value,
    #[serde(default)]
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
}

#[async_trait]
impl ResourceType for ManagedPolicy {
    const TYPE: &'static str = "AWS::IAM::ManagedPolicy";
    const CREATE_ONLY: &'static [&'static str] = &["ManagedPolicyName", "Description"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["ManagedPolicyName"]);
    /// A new description needs the name that the old one has.
    const REPLACEMENT: crate::engine::Replacement = crate::engine::Replacement::DeleteFirst;

    type Properties = ManagedPolicyProperties;

    fn normalise(
        &self,
        properties: &mut ManagedPolicyProperties,
        partition: &str,
    ) -> Result<(), String> {
        properties.policy_document = policy::canonical(&properties.policy_document, partition)
            .map_err(|problem| format!("PolicyDocument: {problem}"))?;
        if let Some(roles) = &mut properties.roles {
            roles.sort();
            roles.dedup();
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ManagedPolicyProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "iam:CreatePolicy";
        let mut live_tags = tags::for_create(cx, &[]);
        if let Some(roles) = &desired.roles {
            live_tags.insert(TAG_ROLES.to_owned(), roles.join(" "));
        }
        let mut call = clients
            .iam()
            .create_policy()
            .policy_name(&desired.managed_policy_name)
            .policy_document(desired.policy_document.to_string())
            .set_tags(Some(sdk_tags(OPERATION, &live_tags)?));
        if !desired.description.is_empty() {
            call = call.description(&desired.description);
        }
        let call = call.customize().config_override(once());
        let policy = call.send().await.creating(OPERATION)?.policy;
        policy
            .and_then(|policy| as_physical(&policy))
            .ok_or_else(|| {
                let message = "the answer holds no policy";
                HandlerError::ours(ErrorKind::Ambiguous, OPERATION, message)
            })
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &ManagedPolicyProperties,
    ) -> Outcome<()> {
        for role in desired.roles.iter().flatten() {
            attach(clients, role, identifier).await?;
        }
        Ok(())
    }

    async fn ready(&self, _cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let answer = clients.iam().get_policy().policy_arn(identifier).send();
        answer.await.during("iam:GetPolicy").map(drop)
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&ManagedPolicyProperties>,
    ) -> Outcome<Option<(Physical, ManagedPolicyProperties)>> {
        const OPERATION: &str = "iam:GetPolicyVersion";
        let Some(policy) = get(clients, identifier).await? else {
            return Ok(None);
        };
        let live_tags = tag_map(policy.tags.clone());
        tags::require_ours(cx, "iam:GetPolicy", &named(identifier), &live_tags)?;
        let version = clients
            .iam()
            .get_policy_version()
            .policy_arn(identifier)
            .set_version_id(policy.default_version_id.clone())
            .send()
            .await
            .during(OPERATION);
        let Some(version) = found(version)?.and_then(|answer| answer.policy_version) else {
            return Ok(None);
        };
        let text = version.document.unwrap_or_default();
        let said = applied.is_none_or(|applied| applied.roles.is_some());
        let roles = match said {
            true => Some(roles_of(clients, identifier).await?),
            false => None,
        };
        let live = ManagedPolicyProperties {
            managed_policy_name: policy.policy_name.clone().unwrap_or_default(),
            policy_document: document(OPERATION, &named(identifier), &text)?,
            description: policy.description.clone().unwrap_or_default(),
            roles,
        };
        Ok(as_physical(&policy).map(|physical| (physical, live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &ManagedPolicyProperties,
        desired: &ManagedPolicyProperties,
    ) -> Outcome<Physical> {
        if current.policy_document != desired.policy_document {
            put_version(clients, identifier, &desired.policy_document).await?;
        }
        if let Some(wanted) = &desired.roles {
            // First, or a role that is new to it takes it for somebody else's.
            if current.roles != desired.roles {
                tag_roles(clients, identifier, wanted).await?;
            }
            let there = roles_of(clients, identifier).await?;
            for role in wanted.iter().filter(|role| !there.contains(role)) {
                attach(clients, role, identifier).await?;
            }
            for role in there.iter().filter(|role| !wanted.contains(role)) {
                detach(clients, role, identifier).await?;
            }
        }
        let answer = clients.iam().get_policy().policy_arn(identifier).send();
        let policy = answer.await.during("iam:GetPolicy")?.policy;
        policy
            .and_then(|policy| as_physical(&policy))
            .ok_or_else(|| {
                let message = "the answer holds no policy";
                HandlerError::ours(ErrorKind::Other, "iam:GetPolicy", message)
            })
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let Some(policy) = get(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tag_map(policy.tags);
        tags::require_ours(cx, "iam:DeletePolicy", &named(identifier), &live_tags)?;
        for role in roles_of(clients, identifier).await? {
            detach(clients, &role, identifier).await?;
        }
        for version in versions(clients, identifier).await? {
            if !version.is_default_version {
                delete_version(clients, identifier, &version).await?;
            }
        }
        let deleted = clients.iam().delete_policy().policy_arn(identifier).send();
        found(deleted.await.during("iam:DeletePolicy")).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ManagedPolicyProperties,
    ) -> Outcome<Found> {
        let (partition, account) = (clients.partition(), clients.account_id()?);
        let name = &desired.managed_policy_name;
        let arn = format!("arn:{partition}:iam::{account}:policy/{name}");
        Ok(match get(clients, &arn).await? {
            Some(policy) => tags::stranger_or(cx, &named(&arn), &arn, &tag_map(policy.tags)),
            None => Found::Absent,
        })
    }
}

/// The roles that a policy names itself, so that they do not take it for
/// somebody else's. Role names hold no space.
const TAG_ROLES: &str = "tap:roles";

async fn tag_roles(clients: &Clients, arn: &str, roles: &[String]) -> Outcome<()> {
    const OPERATION: &str = "iam:TagPolicy";
    let tags = TagMap::from([(TAG_ROLES.to_owned(), roles.join(" "))]);
    let call = clients.iam().tag_policy().policy_arn(arn);
    let call = call.set_tags(Some(sdk_tags(OPERATION, &tags)?));
    call.send().await.during(OPERATION).map(drop)
}

/// Whether a policy is the pipeline's and names that role itself.
pub(super) async fn names(
    cx: &Context<'_>,
    clients: &Clients,
    arn: &str,
    role: &str,
) -> Outcome<bool> {
    let policy = get(clients, arn).await?;
    let tags = tag_map(policy.and_then(|policy| policy.tags));
    let roles = tags.get(TAG_ROLES).map(String::as_str).unwrap_or_default();
    let ours = tags.get(TAG_PIPELINE) == Some(&cx.owner.pipeline);
    Ok(ours && roles.split(' ').any(|name| name == role))
}

fn named(arn: &str) -> String {
    format!("the policy {arn}")
}

fn as_physical(policy: &Policy) -> Option<Physical> {
    let arn = policy.arn.as_deref()?;
    let id = policy.policy_id.clone().unwrap_or_default();
    let attributes = [("PolicyArn", arn.to_owned()), ("PolicyId", id)];
    Some(physical(arn, arn, attributes))
}

async fn get(clients: &Clients, arn: &str) -> Outcome<Option<Policy>> {
    let answer = clients.iam().get_policy().policy_arn(arn).send().await;
    Ok(found(answer.during("iam:GetPolicy"))?.and_then(|answer| answer.policy))
}

async fn versions(clients: &Clients, arn: &str) -> Outcome<Vec<PolicyVersion>> {
    // Five at most: they fit in one page.
    let answer = clients.iam().list_policy_versions().policy_arn(arn).send();
    let answer = found(answer.await.during("iam:ListPolicyVersions"))?;
    Ok(answer
        .and_then(|answer| answer.versions)
        .unwrap_or_default())
}

async fn delete_version(clients: &Clients, arn: &str, version: &PolicyVersion) -> Outcome<()> {
    let deleted = clients
        .iam()
        .delete_policy_version()
        .policy_arn(arn)
        .set_version_id(version.version_id.clone())
        .send()
        .await
        .during("iam:DeletePolicyVersion");
    found(deleted).map(drop)
}

/// A repetition by the SDK would be a change of its own; the engine looks first.
fn once() -> aws_sdk_iam::config::Builder {
    aws_sdk_iam::config::Builder::new().retry_config(RetryConfig::disabled())
}

async fn put_version(clients: &Clients, arn: &str, document: &Value) -> Outcome<()> {
    let mut old = versions(clients, arn).await?;
    if old.len() >= VERSIONS {
        old.sort_by_key(|version| number(version.version_id.as_deref()));
        let oldest = old.iter().find(|version| !version.is_default_version);
        if let Some(oldest) = oldest {
            delete_version(clients, arn, oldest).await?;
        }
    }
    clients
        .iam()
        .create_policy_version()
        .policy_arn(arn)
        .policy_document(document.to_string())
        .set_as_default(true)
        .customize()
        .config_override(once())
        .send()
        .await
        .during("iam:CreatePolicyVersion")
        .map(drop)
}

/// Of `v12`: numbers are given in order and never again.
fn number(version: Option<&str>) -> u64 {
    let digits = version.and_then(|version| version.strip_prefix('v'));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

async fn roles_of(clients: &Clients, arn: &str) -> Outcome<Vec<String>> {
    let mut roles = Vec::new();
    let mut marker = None;
    loop {
        let answer = clients
            .iam()
            .list_entities_for_policy()
            .policy_arn(arn)
            .entity_filter(EntityType::Role)
            // A role that it bounds is not one that it is attached to.
            .policy_usage_filter(PolicyUsageType::PermissionsPolicy)
            .set_marker(marker)
            .send()
            .await
            .during("iam:ListEntitiesForPolicy");
        let Some(answer) = found(answer)? else {
            return Ok(roles);
        };
        let page = answer.policy_roles.unwrap_or_default().into_iter();
        roles.extend(page.filter_map(|role| role.role_name));
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(roles);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_version_is_the_one_of_the_least_number() {
        let mut ids = ["v10", "v9", "v11", "x"];
        ids.sort_by_key(|id| number(Some(id)));
        assert_eq!(ids, ["x", "v9", "v10", "v11"]);
    }
}
