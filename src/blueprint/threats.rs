//! Threats (R086-R091): findings of GuardDuty reach the remediation function
//! and people. The detector is the account's, and made only when told to.

use super::functions::Function;
use super::spec::Provision;
use super::{Expansion, Facts, Spec, alerts, functions, monitoring, naming};
use crate::engine::template::intrinsics::reference;
use serde_json::{Value, json};

pub const FINDINGS_RULE_ID: &str = "FindingsRule";
const DETECTOR_ID: &str = "Detector";
const PERMISSION_ID: &str = "FindingsPermission";

fn rule_name(spec: &Spec) -> String {
    naming::name("findings", spec, naming::limit::RULE)
}

fn rule_arn(spec: &Spec, facts: &Facts) -> String {
    facts.arn("events", &format!("rule/{}", rule_name(spec)))
}

/// Nothing where the user does without findings.
pub(super) fn expand(x: &mut Expansion<'_>) {
    if x.spec.threats.detector == Provision::None {
        return;
    }
    if x.spec.threats.detector == Provision::Managed {
        x.add(
            DETECTOR_ID,
            "AWS::GuardDuty::Detector",
            json!({
                "Enable": true,
                "FindingPublishingFrequency": "FIFTEEN_MINUTES",
                "Tags": x.tags(&[]),
            }),
        );
    }
    let rule = rule_arn(x.spec, x.facts);
    functions::permission(
        x,
        PERMISSION_ID,
        Function::Remediate,
        "events.amazonaws.com",
        json!(rule),
    );
    let properties = json!({
        "Name": rule_name(x.spec),
        "Description": "Findings of GuardDuty that are acted upon",
        "State": "ENABLED",
        "EventPattern": findings(x.spec.threats.minimum_severity),
        "Targets": [remediate(x.spec, x.facts), alert(x.spec, x.facts)],
        "Tags": x.tags(&[]),
    });
    // A finding that comes before its targets admit it is lost.
    x.add_after(
        FINDINGS_RULE_ID,
        "AWS::Events::Rule",
        properties,
        &[
            PERMISSION_ID,
            alerts::TOPIC_POLICY_ID,
            functions::DEAD_LETTER_QUEUE_ID,
        ],
    );
}

/// A comparison and no list: severities are fractions up to 10, and a list
/// that ends at 8.9 misses what is worst (R087)
/// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html>).
fn findings(minimum_severity: f64) -> Value {
    json!({
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Finding"],
        "detail": { "severity": [{ "numeric": [">=", minimum_severity] }] },
    })
}

fn remediate(spec: &Spec, facts: &Facts) -> Value {
    monitoring::target(
        "Remediate",
        Function::Remediate.arn(spec, facts),
        spec,
        facts,
    )
}

/// The finding in a sentence, whether or not remediation works (R090).
fn alert(spec: &Spec, facts: &Facts) -> Value {
    let mut target = monitoring::target("Alert", reference(alerts::TOPIC_ID), spec, facts);
    target["InputTransformer"] = json!({
        "InputPathsMap": {
            "account": "$.detail.accountId",
            "id": "$.detail.id",
            "region": "$.detail.region",
            "severity": "$.detail.severity",
            "title": "$.detail.title",
            "type": "$.detail.type",
        },
        "InputTemplate": "\"GuardDuty: <title> (<type>, severity <severity>, account <account>, \
                          region <region>, finding <id>). The audit table says what was done.\"",
    });
    target
}

#[cfg(test)]
mod tests;
