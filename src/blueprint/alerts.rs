//! Alerts (R116-R119): one encrypted topic that this account's services may
//! publish to, and its e-mail subscriptions.

use super::encryption::Purpose;
use super::policy::{Statement, document};
use super::{Expansion, Facts, Spec, naming};
use crate::engine::template::intrinsics::reference;
use serde_json::{Value, json};

pub const TOPIC_ID: &str = "AlertsTopic";
pub const TOPIC_POLICY_ID: &str = "AlertsTopicPolicy";

/// A service that raises alerts.
#[derive(Clone, Copy)]
struct Publisher {
    /// Of its grants.
    sid: &'static str,
    service: &'static str,
    /// Whether it says for which account it publishes. EventBridge does not,
    /// neither to the topic nor to its key: if it had to, nothing would ever
    /// be published, and nothing would say so
    /// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions>,
    /// <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html>).
    says_account: bool,
}

/// The topic's policy and the key's policy both follow from this list: a
/// publisher that may publish but not use the key publishes nothing (R116).
const PUBLISHERS: [Publisher; 2] = [
    Publisher {
        sid: "CloudWatchAlarms",
        service: "cloudwatch.amazonaws.com",
        says_account: true,
    },
    Publisher {
        sid: "EventBridgeRules",
        service: "events.amazonaws.com",
        says_account: false,
    },
];

impl Publisher {
    fn allow(self) -> Statement {
        Statement::allow(self.sid).service(self.service)
    }
}

pub fn topic_name(spec: &Spec) -> String {
    naming::name("alerts", spec, naming::limit::TOPIC)
}

pub fn topic_arn(spec: &Spec, facts: &Facts) -> String {
    facts.arn("sns", &topic_name(spec))
}

/// The logical id of a subscription follows its address, so that adding one
/// address never touches another's subscription.
pub fn subscription_id(email: &str) -> String {
    format!("AlertsSubscription{}", naming::short_hash(email))
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    x.add(
        TOPIC_ID,
        "AWS::SNS::Topic",
        json!({
            "TopicName": topic_name(x.spec),
            "KmsMasterKeyId": Purpose::Logs.arn(x.spec),
            "Tags": x.tags(&[]),
        }),
    );
    x.add(
        TOPIC_POLICY_ID,
        "AWS::SNS::TopicPolicy",
        json!({
            "Topics": [reference(TOPIC_ID)],
            "PolicyDocument": topic_policy(x.spec, x.facts),
        }),
    );
    for email in &x.spec.alerts.emails {
        x.add(
            subscription_id(email),
            "AWS::SNS::Subscription",
            json!({
                "TopicArn": reference(TOPIC_ID),
                "Protocol": "email",
                "Endpoint": email,
            }),
        );
    }
}

fn topic_policy(spec: &Spec, facts: &Facts) -> Value {
    let arn = topic_arn(spec, facts);
    let publishers = PUBLISHERS.map(|publisher| {
        let operator = match publisher.says_account {
            true => "StringEquals",
            false => "StringEqualsIfExists",
        };
        publisher
            .allow()
            .actions(["sns:Publish"])
            .resource(arn.clone())
            .when(operator, "aws:SourceAccount", facts.account_id.clone())
    });
    // Services publish over TLS and carry the key; a caller that does not is
    // refused whoever it is (R118).
    let tls = Statement::deny("OnlyTls")
        .everyone()
        .actions(["sns:Publish"])
        .resource(arn.clone())
        .when("Bool", "aws:SecureTransport", "false");
    document(publishers.into_iter().chain([tls]))
}

/// What the publishers may do with the key that encrypts the topic: only for
/// this topic, which SNS names in the encryption context.
pub(super) fn publisher_key_grants(spec: &Spec, facts: &Facts) -> Vec<Statement> {
    PUBLISHERS
        .map(|publisher| {
            let grant = publisher
                .allow()
                .actions(["kms:GenerateDataKey*", "kms:Decrypt"])
                .resource("*")
                .when(
                    "StringEquals",
                    "kms:EncryptionContext:aws:sns:topicArn",
                    topic_arn(spec, facts),
                );
            match publisher.says_account {
                true => grant.when(
                    "StringEquals",
                    "aws:SourceAccount",
                    facts.account_id.clone(),
                ),
                false => grant,
            }
        })
        .to_vec()
}
