//! `AWS::IAM::Role`.

use super::{attach, detach, document, managed_policy, sdk_tags, tag_map};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_iam::types::Role as LiveRole;
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AWS::IAM::Role`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html>).
///
/// Ownership: our tags, which stand in `CreateRole` itself. A role says which
/// managed policies it has; without `ManagedPolicyArns` they are others'
/// business. One of the pipeline's that names the role itself
/// (`AWS::IAM::ManagedPolicy` with `Roles`) is left out here. Interruption:
/// every call may be made again; a role that is being deleted loses its
/// policies first, and only one of ours does. Inline policies are not made
/// here, so that each is drift and goes: but for the denying one that
/// remediation puts on a role whose sessions are stolen, which a plan must not
/// take away. Errors: a principal or policy that IAM has only just made is
/// `Transient`.
pub(in crate::aws) struct Role;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct RoleProperties {
    role_name: String,
    assume_role_policy_document: Value,
    #[serde(default)]
    description: String,
    #[serde(default = "one_hour")]
    max_session_duration: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    managed_policy_arns: Option<Vec<String>>,
    #[serde(default)]
    tags: Vec<Tag>,
    /// Only read: inline policies, of which none is wanted. CloudFormation knows
    /// no such property.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    inline_policies: Vec<String>,
}

/// What remediation calls the policy that denies everything.
const OF_REMEDIATION: &str = "tap-deny-sessions-issued-before";

fn one_hour() -> i32 {
    3600
}

#[async_trait]
impl ResourceType for Role {
    const TYPE: &'static str = "AWS::IAM::Role";
    const CREATE_ONLY: &'static [&'static str] = &["RoleName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["RoleName"]);

    type Properties = RoleProperties;

    fn normalise(&self, properties: &mut RoleProperties, partition: &str) -> Result<(), String> {
        let trust = &mut properties.assume_role_policy_document;
        *trust = policy::canonical(trust, partition)
            .map_err(|problem| format!("AssumeRolePolicyDocument: {problem}"))?;
        properties
            .permissions_boundary
            .take_if(|boundary| boundary.is_empty());
        if let Some(arns) = &mut properties.managed_policy_arns {
            arns.sort();
            arns.dedup();
        }
        properties.inline_policies.sort();
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &RoleProperties) -> Result<(), String> {
        match desired.inline_policies.as_slice() {
            [] => Ok(()),
            _ => Err("InlinePolicies: a role of this pipeline has none".to_owned()),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RoleProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "iam:CreateRole";
        let live_tags = tags::for_create(cx, &desired.tags);
        let mut call = clients
            .iam()
            .create_role()
            .role_name(&desired.role_name)
            .assume_role_policy_document(desired.assume_role_policy_document.to_string())
            .max_session_duration(desired.max_session_duration)
            .set_permissions_boundary(desired.permissions_boundary.clone())
            .set_tags(Some(sdk_tags(OPERATION, &live_tags)?));
        if !desired.description.is_empty() {
            call = call.description(&desired.description);
        }
        let once = aws_sdk_iam::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = call.customize().config_override(once);
        // The boundary may be so new that it is not found yet.
        let answer = call.send().await.creating(OPERATION).map_err(not_yet)?;
        let role = answer.role.ok_or_else(|| {
            HandlerError::ours(ErrorKind::Ambiguous, OPERATION, "the answer holds no role")
        })?;
        Ok(as_physical(&role))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &RoleProperties,
    ) -> Outcome<()> {
        for arn in desired.managed_policy_arns.iter().flatten() {
            attach(clients, identifier, arn).await?;
        }
        Ok(())
    }

    async fn ready(&self, _cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let answer = clients.iam().get_role().role_name(identifier).send().await;
        answer.during("iam:GetRole").map(drop)
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&RoleProperties>,
    ) -> Outcome<Option<(Physical, RoleProperties)>> {
        const OPERATION: &str = "iam:GetRole";
        let Some(role) = get(clients, identifier).await? else {
            return Ok(None);
        };
        let live_tags = tag_map(role.tags.clone());
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let said = applied.is_none_or(|applied| applied.managed_policy_arns.is_some());
        let managed_policy_arns = match said {
            true => {
                let known = applied.and_then(|applied| applied.managed_policy_arns.as_deref());
                given(cx, clients, identifier, known.unwrap_or_default()).await?
            }
            false => None,
        };
        let trust = role.assume_role_policy_document.as_deref();
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let live = RoleProperties {
            role_name: identifier.to_owned(),
            assume_role_policy_document: document(
                OPERATION,
                &named(identifier),
                trust.unwrap_or_default(),
            )?,
            description: role.description.clone().unwrap_or_default(),
            max_session_duration: role.max_session_duration.unwrap_or_else(one_hour),
            permissions_boundary: role
                .permissions_boundary
                .as_ref()
                .and_then(|boundary| boundary.permissions_boundary_arn.clone()),
            managed_policy_arns,
            inline_policies: foreign(inline(clients, identifier).await?),
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(&role), live)))
    }

    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &RoleProperties,
        desired: &RoleProperties,
    ) -> Outcome<Physical> {
        if current.assume_role_policy_document != desired.assume_role_policy_document {
            clients
                .iam()
                .update_assume_role_policy()
                .role_name(identifier)
                .policy_document(desired.assume_role_policy_document.to_string())
                .send()
                .await
                .during("iam:UpdateAssumeRolePolicy")?;
        }
        if current.description != desired.description
            || current.max_session_duration != desired.max_session_duration
        {
            clients
                .iam()
                .update_role()
                .role_name(identifier)
                .description(&desired.description)
                .max_session_duration(desired.max_session_duration)
                .send()
                .await
                .during("iam:UpdateRole")?;
        }
        if current.permissions_boundary != desired.permissions_boundary {
            put_boundary(clients, identifier, desired.permissions_boundary.as_deref()).await?;
        }
        change_policies(cx, clients, identifier, desired).await?;
        delete_inline_policies(clients, identifier, &current.inline_policies).await?;
        change_tags(clients, identifier, &current.tags, &desired.tags).await?;
        let answer = clients.iam().get_role().role_name(identifier).send().await;
        let role = answer.during("iam:GetRole")?.role.ok_or_else(|| {
            HandlerError::ours(ErrorKind::Other, "iam:GetRole", "the answer holds no role")
        })?;
        Ok(as_physical(&role))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let Some(role) = get(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tag_map(role.tags);
        tags::require_ours(cx, "iam:DeleteRole", &named(identifier), &live_tags)?;
        for arn in attached(clients, identifier).await?.unwrap_or_default() {
            detach(clients, identifier, &arn).await?;
        }
        let all = inline(clients, identifier).await?;
        delete_inline_policies(clients, identifier, &all).await?;
        let deleted = clients.iam().delete_role().role_name(identifier).send();
        found(deleted.await.during("iam:DeleteRole")).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RoleProperties,
    ) -> Outcome<Found> {
        let name = &desired.role_name;
        Ok(match get(clients, name).await? {
            Some(role) => tags::stranger_or(cx, &named(name), name, &tag_map(role.tags)),
            None => Found::Absent,
        })
    }
}

fn named(role: &str) -> String {
    format!("the role {role}")
}

fn as_physical(role: &LiveRole) -> Physical {
    let attributes = [("Arn", role.arn.clone()), ("RoleId", role.role_id.clone())];
    physical(&role.role_name, &role.role_name, attributes)
}

async fn get(clients: &Clients, name: &str) -> Outcome<Option<LiveRole>> {
    let answer = clients.iam().get_role().role_name(name).send().await;
    Ok(found(answer.during("iam:GetRole"))?.and_then(|answer| answer.role))
}

/// The managed policies of a role; `None` when there is no such role.
async fn attached(clients: &Clients, role: &str) -> Outcome<Option<Vec<String>>> {
    let mut arns = Vec::new();
    let mut marker = None;
    loop {
        let answer = clients
            .iam()
            .list_attached_role_policies()
            .role_name(role)
            .set_marker(marker)
            .send()
            .await
            .during("iam:ListAttachedRolePolicies");
        let Some(answer) = found(answer)? else {
            return Ok(None);
        };
        let policies = answer.attached_policies.unwrap_or_default();
        arns.extend(policies.into_iter().filter_map(|policy| policy.policy_arn));
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(Some(arns));
        }
    }
}

/// The managed policies of a role but those of the pipeline that attach
/// themselves. What is `known` to be given to it is not asked for.
async fn given(
    cx: &Context<'_>,
    clients: &Clients,
    role: &str,
    known: &[String],
) -> Outcome<Option<Vec<String>>> {
    let Some(arns) = attached(clients, role).await? else {
        return Ok(None);
    };
    let mut given = Vec::new();
    for arn in arns {
        if known.contains(&arn) || !managed_policy::names(cx, clients, &arn, role).await? {
            given.push(arn);
        }
    }
    Ok(Some(given))
}

/// By what the role has now: a policy that was replaced in the meantime has
/// the same ARN and is attached no more.
async fn change_policies(
    cx: &Context<'_>,
    clients: &Clients,
    role: &str,
    desired: &RoleProperties,
) -> Outcome<()> {
    let Some(wanted) = &desired.managed_policy_arns else {
        return Ok(());
    };
    let there = given(cx, clients, role, wanted).await?.unwrap_or_default();
    for arn in wanted.iter().filter(|arn| !there.contains(arn)) {
        attach(clients, role, arn).await?;
    }
    for arn in there.iter().filter(|arn| !wanted.contains(arn)) {
        detach(clients, role, arn).await?;
    }
    Ok(())
}

async fn put_boundary(clients: &Clients, role: &str, boundary: Option<&str>) -> Outcome<()> {
    match boundary {
        Some(arn) => clients
            .iam()
            .put_role_permissions_boundary()
            .role_name(role)
            .permissions_boundary(arn)
            .send()
            .await
            .during("iam:PutRolePermissionsBoundary")
            .map(drop),
        None => {
            let gone = clients
                .iam()
                .delete_role_permissions_boundary()
                .role_name(role)
                .send()
                .await
                .during("iam:DeleteRolePermissionsBoundary");
            found(gone).map(drop)
        }
    }
}

async fn change_tags(
    clients: &Clients,
    role: &str,
    current: &[Tag],
    desired: &[Tag],
) -> Outcome<()> {
    const OPERATION: &str = "iam:TagRole";
    let change = TagChange::of(clients, current, desired);
    if !change.set.is_empty() {
        clients
            .iam()
            .tag_role()
            .role_name(role)
            .set_tags(Some(sdk_tags(OPERATION, &change.set)?))
            .send()
            .await
            .during(OPERATION)?;
    }
    if !change.remove.is_empty() {
        clients
            .iam()
            .untag_role()
            .role_name(role)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("iam:UntagRole")?;
    }
    Ok(())
}

/// The names of a role's inline policies.
async fn inline(clients: &Clients, role: &str) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let answer = clients
            .iam()
            .list_role_policies()
            .role_name(role)
            .set_marker(marker)
            .send()
            .await
            .during("iam:ListRolePolicies");
        let Some(answer) = found(answer)? else {
            return Ok(names);
        };
        names.extend(answer.policy_names);
        marker = answer.marker;
        if marker.is_none() {
            return Ok(names);
        }
    }
}

/// Those that nobody of the pipeline has put there.
fn foreign(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| name != OF_REMEDIATION);
    names.sort();
    names
}

async fn delete_inline_policies(clients: &Clients, role: &str, names: &[String]) -> Outcome<()> {
    for name in names {
        let deleted = clients
            .iam()
            .delete_role_policy()
            .role_name(role)
            .policy_name(name)
            .send()
            .await
            .during("iam:DeleteRolePolicy");
        found(deleted)?;
    }
    Ok(())
}
