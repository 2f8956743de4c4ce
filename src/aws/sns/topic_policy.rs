//! `AWS::SNS::TopicPolicy`. Every topic has a policy; without ours it is the
//! one that SNS gives to a new topic, and that one counts as none.

use super::{attributes_of, named, set_attribute, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{found, not_yet};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What SNS calls the policy of a new topic.
const DEFAULT_POLICY_ID: &str = "__default_policy_ID";

/// `AWS::SNS::TopicPolicy`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html>),
/// for one topic each; the topic is the identifier.
///
/// Ownership: our tags on the topic. Deleting puts SNS's own policy back,
/// since a topic cannot have none. Interruption: each is one call that may be
/// made again. Errors: a principal that IAM has only just made is
/// `Transient`.
pub(in crate::aws) struct TopicPolicy;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct TopicPolicyProperties {
    policy_document: Value,
    topics: Vec<String>,
}

impl TopicPolicyProperties {
    fn topic(&self) -> &str {
        self.topics.first().map(String::as_str).unwrap_or_default()
    }
}

#[async_trait]
impl ResourceType for TopicPolicy {
    const TYPE: &'static str = "AWS::SNS::TopicPolicy";
    const CREATE_ONLY: &'static [&'static str] = &["Topics"];

    type Properties = TopicPolicyProperties;

    fn normalise(
        &self,
        properties: &mut TopicPolicyProperties,
        partition: &str,
    ) -> Result<(), String> {
        if properties.topics.len() != 1 {
            return Err("Topics: must hold exactly one topic".to_owned());
        }
        properties.policy_document = policy::canonical(&properties.policy_document, partition)
            .map_err(|problem| format!("PolicyDocument: {problem}"))?;
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &TopicPolicyProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "sns:SetTopicAttributes";
        let topic = desired.topic();
        let Some(live_tags) = tags_of(clients, topic).await? else {
            let message = format!("{} is not there yet", named(topic));
            return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
        };
        tags::require_ours(cx, OPERATION, &named(topic), &live_tags)?;
        put(clients, topic, &desired.policy_document)
            .await
            .map_err(not_yet)?;
        Ok(physical(topic, topic, []))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&TopicPolicyProperties>,
    ) -> Outcome<Option<(Physical, TopicPolicyProperties)>> {
        let document = own_policy(clients, identifier).await?;
        Ok(document.map(|document| {
            let live = TopicPolicyProperties {
                policy_document: document,
                topics: vec![identifier.to_owned()],
            };
            (physical(identifier, identifier, []), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &TopicPolicyProperties,
        desired: &TopicPolicyProperties,
    ) -> Outcome<Physical> {
        if current.policy_document != desired.policy_document {
            put(clients, identifier, &desired.policy_document).await?;
        }
        Ok(physical(identifier, identifier, []))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        if own_policy(clients, identifier).await?.is_none() {
            return Ok(());
        }
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, "sns:SetTopicAttributes", &named(identifier), &live_tags)?;
        found(put(clients, identifier, &default_policy(identifier)).await).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &TopicPolicyProperties,
    ) -> Outcome<Found> {
        let topic = desired.topic();
        if own_policy(clients, topic).await?.is_none() {
            return Ok(Found::Absent);
        }
        let Some(live_tags) = tags_of(clients, topic).await? else {
            return Ok(Found::Absent);
        };
        Ok(match tags::ownership(cx, &live_tags) {
            Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![topic.to_owned()]),
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} exists and {why}", named(topic)))
            }
        })
    }
}

/// The topic's policy, if it is not SNS's own, and if there is a topic.
async fn own_policy(clients: &Clients, topic: &str) -> Outcome<Option<Value>> {
    let attributes = attributes_of(clients, topic).await?;
    let text = attributes.and_then(|mut attributes| attributes.remove("Policy"));
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let document: Value = serde_json::from_str(&text).map_err(|error| {
        let message = format!("the policy of {} is no JSON: {error}", named(topic));
        HandlerError::ours(ErrorKind::Other, "sns:GetTopicAttributes", message)
    })?;
    let is_default = document.get("Id").and_then(Value::as_str) == Some(DEFAULT_POLICY_ID);
    Ok((!is_default).then_some(document))
}

async fn put(clients: &Clients, topic: &str, document: &Value) -> Outcome<()> {
    set_attribute(clients, topic, "Policy", &document.to_string()).await
}

/// The policy that SNS gives to a new topic: its owner may do everything
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html>).
fn default_policy(topic: &str) -> Value {
    let account = topic.split(':').nth(4).unwrap_or_default();
    json!({
        "Version": "2008-10-17",
        "Id": DEFAULT_POLICY_ID,
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": topic,
            "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
        }],
    })
}
