//! `AWS::SQS::QueuePolicy`.

use super::{Attributes, attributes_of, named, set_attributes, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{found, not_yet};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AWS::SQS::QueuePolicy`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html>),
/// for one queue each; the queue's URL is the identifier.
///
/// Ownership: our tags on the queue. Interruption: each is one call that may
/// be made again. Errors: a principal that IAM has only just made is
/// `Transient`.
pub(in crate::aws) struct QueuePolicy;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct QueuePolicyProperties {
    policy_document: Value,
    queues: Vec<String>,
}

impl QueuePolicyProperties {
    fn queue(&self) -> &str {
        self.queues.first().map(String::as_str).unwrap_or_default()
    }
}

#[async_trait]
impl ResourceType for QueuePolicy {
    const TYPE: &'static str = "AWS::SQS::QueuePolicy";
    const CREATE_ONLY: &'static [&'static str] = &["Queues"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["Queues"]);

    type Properties = QueuePolicyProperties;

    fn normalise(
        &self,
        properties: &mut QueuePolicyProperties,
        partition: &str,
    ) -> Result<(), String> {
        if properties.queues.len() != 1 {
            return Err("Queues: must hold exactly one queue".to_owned());
        }
        properties.policy_document = policy::canonical(&properties.policy_document, partition)
            .map_err(|problem| format!("PolicyDocument: {problem}"))?;
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &QueuePolicyProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "sqs:SetQueueAttributes";
        let queue = desired.queue();
        let Some(live_tags) = tags_of(clients, queue).await? else {
            let message = format!("{} is not there yet", named(queue));
            return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
        };
        tags::require_ours(cx, OPERATION, &named(queue), &live_tags)?;
        put(clients, queue, &desired.policy_document.to_string())
            .await
            .map_err(not_yet)?;
        Ok(physical(queue, queue, []))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&QueuePolicyProperties>,
    ) -> Outcome<Option<(Physical, QueuePolicyProperties)>> {
        let document = policy_of(clients, identifier).await?;
        Ok(document.map(|document| {
            let live = QueuePolicyProperties {
                policy_document: document,
                queues: vec![identifier.to_owned()],
            };
            (physical(identifier, identifier, []), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &QueuePolicyProperties,
        desired: &QueuePolicyProperties,
    ) -> Outcome<Physical> {
        if current.policy_document != desired.policy_document {
            put(clients, identifier, &desired.policy_document.to_string()).await?;
        }
        Ok(physical(identifier, identifier, []))
    }

    /// An empty policy is none.
    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        if policy_of(clients, identifier).await?.is_none() {
            return Ok(());
        }
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, "sqs:SetQueueAttributes", &named(identifier), &live_tags)?;
        found(put(clients, identifier, "").await).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &QueuePolicyProperties,
    ) -> Outcome<Found> {
        let queue = desired.queue();
        if policy_of(clients, queue).await?.is_none() {
            return Ok(Found::Absent);
        }
        let Some(live_tags) = tags_of(clients, queue).await? else {
            return Ok(Found::Absent);
        };
        Ok(match tags::ownership(cx, &live_tags) {
            Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![queue.to_owned()]),
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} exists and {why}", named(queue)))
            }
        })
    }
}

/// The queue's policy, if there is a queue and it has one.
async fn policy_of(clients: &Clients, queue: &str) -> Outcome<Option<Value>> {
    let attributes = attributes_of(clients, queue).await?;
    let text = attributes.and_then(|mut attributes| attributes.remove(&QueueAttributeName::Policy));
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let document = serde_json::from_str(&text).map_err(|error| {
        let message = format!("the policy of {} is no JSON: {error}", named(queue));
        HandlerError::ours(ErrorKind::Other, "sqs:GetQueueAttributes", message)
    })?;
    Ok(Some(document))
}

async fn put(clients: &Clients, queue: &str, document: &str) -> Outcome<()> {
    let policy = Attributes::from([(QueueAttributeName::Policy, document.to_owned())]);
    set_attributes(clients, queue, policy).await
}
