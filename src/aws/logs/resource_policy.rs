//! `AWS::Logs::ResourcePolicy`.

use super::{named, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many an account and region may have
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
const MOST: usize = 10;

/// `AWS::Logs::ResourcePolicy`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-resourcepolicy.html>):
/// one of the account's, since CloudFormation's type knows no policy of a
/// single log group.
///
/// Ownership: our tags on the log groups that it is about; the name follows
/// from the pipeline's, and where no such group is left, the name decides.
/// Interruption: each method is one call that changes something, and can be
/// made again. Errors: where the account has its ten, `Invalid`, before
/// anything is put.
pub(in crate::aws) struct ResourcePolicy;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ResourcePolicyProperties {
    policy_name: String,
    policy_document: Value,
}

#[async_trait]
impl ResourceType for ResourcePolicy {
    const TYPE: &'static str = "AWS::Logs::ResourcePolicy";
    const CREATE_ONLY: &'static [&'static str] = &["PolicyName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["PolicyName"]);
    const REPLACEMENT: Replacement = Replacement::CreateFirst;

    type Properties = ResourcePolicyProperties;

    fn normalise(
        &self,
        properties: &mut ResourcePolicyProperties,
        partition: &str,
    ) -> Result<(), String> {
        properties.policy_document = policy::canonical(&properties.policy_document, partition)
            .map_err(|problem| format!("PolicyDocument: {problem}"))?;
        Ok(())
    }

    /// Looks first: `PutResourcePolicy` changes a policy that is there
    /// already.
    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &ResourcePolicyProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "logs:PutResourcePolicy";
        let refused = |kind, message: String| Err(HandlerError::ours(kind, OPERATION, message));
        let policies = list(clients).await?;
        if policies
            .iter()
            .any(|(name, _)| *name == desired.policy_name)
        {
            let message = format!("the resource policy {} exists already", desired.policy_name);
            return refused(ErrorKind::AlreadyExists, message);
        }
        if policies.len() >= MOST {
            let names: Vec<&str> = policies.iter().map(|(name, _)| name.as_str()).collect();
            return refused(
                ErrorKind::Invalid,
                format!(
                    "the account has {} log resource policies in this region, and may have no \
                     more ({}): merge or delete one",
                    policies.len(),
                    names.join(", ")
                ),
            );
        }
        put(clients, desired).await?;
        Ok(as_physical(&desired.policy_name))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&ResourcePolicyProperties>,
    ) -> Outcome<Option<(Physical, ResourcePolicyProperties)>> {
        let document = document_of(clients, identifier).await?;
        Ok(document.map(|policy_document| {
            let live = ResourcePolicyProperties {
                policy_name: identifier.to_owned(),
                policy_document,
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
        if current.policy_document != desired.policy_document {
            put(clients, desired).await?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "logs:DeleteResourcePolicy";
        let Some(document) = document_of(clients, identifier).await? else {
            return Ok(());
        };
        if let Some(why) = stranger(cx, clients, &document).await? {
            let message = format!("the resource policy {identifier} is left alone: {why}");
            return Err(HandlerError::ours(ErrorKind::Stranger, OPERATION, message));
        }
        let deleted = clients
            .logs()
            .delete_resource_policy()
            .policy_name(identifier)
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
        let name = &desired.policy_name;
        let Some(document) = document_of(clients, name).await? else {
            return Ok(Found::Absent);
        };
        Ok(match stranger(cx, clients, &document).await? {
            None => Found::Ours(vec![name.clone()]),
            Some(why) => Found::Stranger(format!("the resource policy {name} exists; {why}")),
        })
    }
}

/// Why a policy is not ours: it is about something else than log groups that
/// carry our tags.
async fn stranger(
    cx: &Context<'_>,
    clients: &Clients,
    document: &Value,
) -> Outcome<Option<String>> {
    let groups = groups_in(document);
    if groups.is_empty() {
        return Ok(Some("it names no log group".to_owned()));
    }
    for group in groups {
        let Some(group) = group else {
            return Ok(Some("it is about more than single log groups".to_owned()));
        };
        if let Some(live_tags) = tags_of(clients, &group).await?
            && let Ownership::Stranger(why) = tags::ownership(cx, &live_tags)
        {
            return Ok(Some(format!("{} {why}", named(&group))));
        }
    }
    Ok(None)
}

/// The log groups that a policy names; `None` for a resource that is no single
/// group.
fn groups_in(document: &Value) -> BTreeSet<Option<String>> {
    // One statement or resource may stand without its list.
    let many = |value: Option<&'_ Value>| match value {
        Some(Value::Array(many)) => many.iter().map(|one| Some(one.clone())).collect(),
        one => vec![one.cloned()],
    };
    many(document.get("Statement"))
        .into_iter()
        .flat_map(|statement| many(statement.as_ref().and_then(|it| it.get("Resource"))))
        .map(|resource| {
            let resource = resource?;
            let (_, group) = resource.as_str()?.split_once(":log-group:")?;
            let name = group.split(':').next()?;
            (!name.contains('*')).then(|| name.to_owned())
        })
        .collect()
}

async fn put(clients: &Clients, policy: &ResourcePolicyProperties) -> Outcome<()> {
    clients
        .logs()
        .put_resource_policy()
        .policy_name(&policy.policy_name)
        .policy_document(policy.policy_document.to_string())
        .send()
        .await
        .during("logs:PutResourcePolicy")
        .map(drop)
}

/// All of the account's: names and documents.
async fn list(clients: &Clients) -> Outcome<Vec<(String, String)>> {
    let mut policies = Vec::new();
    let mut next = None;
    loop {
        let page = clients
            .logs()
            .describe_resource_policies()
            .set_next_token(next)
            .send()
            .await
            .during("logs:DescribeResourcePolicies")?;
        let some = page.resource_policies.unwrap_or_default().into_iter();
        policies.extend(some.filter_map(|policy| {
            Some((
                policy.policy_name?,
                policy.policy_document.unwrap_or_default(),
            ))
        }));
        next = page.next_token;
        if next.is_none() {
            return Ok(policies);
        }
    }
}

async fn document_of(clients: &Clients, name: &str) -> Outcome<Option<Value>> {
    let mut policies = list(clients).await?.into_iter();
    let Some((_, text)) = policies.find(|(policy, _)| policy == name) else {
        return Ok(None);
    };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        let message = format!("the resource policy {name} is no JSON: {error}");
        HandlerError::ours(ErrorKind::Other, "logs:DescribeResourcePolicies", message)
    })
}

fn as_physical(name: &str) -> Physical {
    physical(name, name, [])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_policy_names_the_log_groups_it_is_about() {
        let group = |name: &str| format!("arn:aws:logs:us-east-1:111122223333:log-group:{name}");
        let document = json!({ "Statement": [
            { "Resource": group("/aws/events/a:*") },
            { "Resource": [group("b:log-stream:*"), group("/aws/events/a:*")] },
            { "Resource": "*" },
            { "Resource": group("/aws/*:*") },
        ]});
        let found: Vec<_> = groups_in(&document).into_iter().collect();
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(found, [None, named("/aws/events/a"), named("b")]);
    }
}
