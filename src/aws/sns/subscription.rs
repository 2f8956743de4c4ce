//! `AWS::SNS::Subscription`. An e-mail subscription has no ARN until a person
//! confirms it, so it is known by what it connects, and waiting for that
//! person is neither drift nor an error.

use super::{named, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

/// What SNS answers in place of an ARN.
const PENDING: &str = "PendingConfirmation";
const DELETED: &str = "Deleted";

/// `AWS::SNS::Subscription`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html>).
/// The identifier is `topic|protocol|endpoint`; `Ref` is the ARN, or
/// `PendingConfirmation`.
///
/// Ownership: our tags on the topic. Interruption: creating looks first, so
/// that no address gets a second mail for one subscription. A subscription
/// that nobody confirms for two days is dropped by SNS; it then counts as
/// vanished, and the next apply sends another mail.
pub(in crate::aws) struct Subscription;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct SubscriptionProperties {
    topic_arn: String,
    protocol: String,
    endpoint: String,
}

impl SubscriptionProperties {
    fn identifier(&self) -> String {
        format!("{}|{}|{}", self.topic_arn, self.protocol, self.endpoint)
    }

    /// An endpoint may hold a `|`, a topic and a protocol may not.
    fn parse(identifier: &str) -> Outcome<Self> {
        let mut parts = identifier.splitn(3, '|').map(ToOwned::to_owned);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(topic_arn), Some(protocol), Some(endpoint)) => Ok(Self {
                topic_arn,
                protocol,
                endpoint,
            }),
            _ => Err(HandlerError::ours(
                ErrorKind::Invalid,
                "sns:ListSubscriptionsByTopic",
                format!("{identifier:?} is not of the form topic|protocol|endpoint"),
            )),
        }
    }

    fn physical(&self, arn: &str) -> Physical {
        physical(&self.identifier(), arn, [("Arn", arn.to_owned())])
    }
}

#[async_trait]
impl ResourceType for Subscription {
    const TYPE: &'static str = "AWS::SNS::Subscription";
    const CREATE_ONLY: &'static [&'static str] = &["TopicArn", "Protocol", "Endpoint"];

    type Properties = SubscriptionProperties;

    fn normalise(&self, properties: &mut SubscriptionProperties, _: &str) -> Result<(), String> {
        if properties.endpoint.is_empty() {
            return Err("Endpoint: must not be empty".to_owned());
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &SubscriptionProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "sns:Subscribe";
        let topic = &desired.topic_arn;
        let Some(live_tags) = tags_of(clients, topic).await? else {
            let message = format!("{} is not there yet", named(topic));
            return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
        };
        tags::require_ours(cx, OPERATION, &named(topic), &live_tags)?;
        if let Some(arn) = look(clients, desired).await? {
            return Ok(desired.physical(&arn));
        }
        let once = aws_sdk_sns::config::Builder::new().retry_config(RetryConfig::disabled());
        let answer = clients
            .sns()
            .subscribe()
            .topic_arn(topic)
            .protocol(&desired.protocol)
            .endpoint(&desired.endpoint)
            .customize()
            .config_override(once)
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        // Before confirmation the answer is a phrase, not an ARN.
        let arn = answer
            .subscription_arn
            .filter(|arn| arn.starts_with("arn:"));
        if arn.is_none() {
            cx.note(format!(
                "{} must confirm the subscription",
                desired.endpoint
            ));
        }
        Ok(desired.physical(arn.as_deref().unwrap_or(PENDING)))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&SubscriptionProperties>,
    ) -> Outcome<Option<(Physical, SubscriptionProperties)>> {
        let properties = SubscriptionProperties::parse(identifier)?;
        let arn = look(clients, &properties).await?;
        Ok(arn.map(|arn| (properties.physical(&arn), properties)))
    }

    /// Nothing of it can be changed in place.
    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _current: &SubscriptionProperties,
        _desired: &SubscriptionProperties,
    ) -> Outcome<Physical> {
        let properties = SubscriptionProperties::parse(identifier)?;
        let arn = look(clients, &properties).await?;
        Ok(properties.physical(arn.as_deref().unwrap_or(PENDING)))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "sns:Unsubscribe";
        let properties = SubscriptionProperties::parse(identifier)?;
        let topic = &properties.topic_arn;
        let Some(arn) = look(clients, &properties).await? else {
            return Ok(());
        };
        let Some(live_tags) = tags_of(clients, topic).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(topic), &live_tags)?;
        if arn == PENDING {
            cx.note(format!(
                "the subscription of {} was never confirmed; SNS drops it by itself",
                properties.endpoint
            ));
            return Ok(());
        }
        let unsubscribed = clients
            .sns()
            .unsubscribe()
            .subscription_arn(arn)
            .send()
            .await
            .during(OPERATION);
        found(unsubscribed).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &SubscriptionProperties,
    ) -> Outcome<Found> {
        if look(clients, desired).await?.is_none() {
            return Ok(Found::Absent);
        }
        let topic = &desired.topic_arn;
        let Some(live_tags) = tags_of(clients, topic).await? else {
            return Ok(Found::Absent);
        };
        Ok(match tags::ownership(cx, &live_tags) {
            Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![desired.identifier()]),
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} exists and {why}", named(topic)))
            }
        })
    }
}

/// The ARN of a subscription, or `PendingConfirmation`; `None` when there is
/// none, or no topic.
async fn look(clients: &Clients, wanted: &SubscriptionProperties) -> Outcome<Option<String>> {
    let mut token = None;
    loop {
        let page = clients
            .sns()
            .list_subscriptions_by_topic()
            .topic_arn(&wanted.topic_arn)
            .set_next_token(token)
            .send()
            .await
            .during("sns:ListSubscriptionsByTopic");
        let Some(page) = found(page)? else {
            return Ok(None);
        };
        let arn = page
            .subscriptions()
            .iter()
            .filter(|s| s.protocol() == Some(&wanted.protocol))
            .filter(|s| s.endpoint() == Some(&wanted.endpoint))
            .filter_map(|s| s.subscription_arn())
            .find(|arn| *arn != DELETED);
        if let Some(arn) = arn {
            return Ok(Some(arn.to_owned()));
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_what_the_subscription_connects() {
        let properties = SubscriptionProperties {
            topic_arn: "arn:aws:sns:us-east-1:111122223333:t".into(),
            protocol: "email".into(),
            endpoint: "a|b@example.com".into(),
        };
        let parsed = SubscriptionProperties::parse(&properties.identifier());
        assert_eq!(parsed.expect("parses"), properties);
        assert!(SubscriptionProperties::parse("arn|email").is_err());
    }
}
