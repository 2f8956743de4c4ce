//! Alerts (R116-R119): one encrypted topic that this account's services may
//! publish to, and its e-mail subscriptions.

use super::encryption::Purpose;
use super::policy::{Statement, document};
use super::{Expansion, Facts, Spec, naming};
use crate::engine::template::intrinsics::reference;
use serde_json::{Value, json};

pub const TOPIC_ID: &str = "AlertsTopic";

/// The services that raise alerts, and the sid of their grant. The topic's
/// policy and the key's policy both follow from this list: a publisher that
/// may publish but not use the key publishes nothing (R116).
const PUBLISHERS: [(&str, &str); 2] = [
    ("CloudWatchAlarms", "cloudwatch.amazonaws.com"),
    ("EventBridgeRules", "events.amazonaws.com"),
];

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
        "AlertsTopicPolicy",
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
    let publishers = PUBLISHERS.map(|(sid, service)| {
        Statement::allow(sid)
            .service(service)
            .actions(["sns:Publish"])
            .resource(arn.clone())
            .when(
                "StringEquals",
                "aws:SourceAccount",
                facts.account_id.clone(),
            )
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

/// What the publishers may do with the key that encrypts the topic.
pub(super) fn publisher_key_grants(facts: &Facts) -> Vec<Statement> {
    PUBLISHERS
        .map(|(sid, service)| {
            Statement::allow(sid)
                .service(service)
                .actions(["kms:GenerateDataKey*", "kms:Decrypt"])
                .resource("*")
                .when(
                    "StringEquals",
                    "aws:SourceAccount",
                    facts.account_id.clone(),
                )
        })
        .to_vec()
}
