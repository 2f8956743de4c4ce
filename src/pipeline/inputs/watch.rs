//! What watches the pipeline: monitoring, threats, compliance.

use super::api::provision;
use crate::blueprint::naming;
use crate::blueprint::spec::{Compliance, Monitoring, Provision, Threats};
use crate::pipeline::state::{ComplianceBlock, MonitoringBlock, TextMap, ThreatsBlock};
use crate::pipeline::values::{Place, Reader};
use std::collections::{BTreeMap, BTreeSet};
use tf_provider::value::Value;

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
const RETENTION_DAYS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

pub(super) fn monitoring(r: &mut Reader, block: &Value<MonitoringBlock>) -> Monitoring {
    let place = Place::root().at("monitoring");
    let block = r.block(block);
    let block = block.as_ref();
    Monitoring {
        log_retention_days: log_retention_days(
            r,
            &place.at("log_retention_days"),
            block.map(|b| &b.log_retention_days),
        ),
        api_calls: provision(r, &place.at("api_calls"), block.map(|b| &b.api_calls)),
        read_only_api_calls: r.flag(
            block.map(|b| &b.read_only_api_calls),
            Monitoring::default().read_only_api_calls,
        ),
    }
}

fn log_retention_days(r: &mut Reader, place: &Place, value: Option<&Value<f64>>) -> u32 {
    let default = Monitoring::default().log_retention_days;
    let number = match value {
        None | Some(Value::Null) => return default,
        Some(Value::Unknown) => return r.either(default, 400),
        Some(Value::Value(number)) => *number,
    };
    let period = RETENTION_DAYS
        .into_iter()
        .find(|days| f64::from(*days) == number);
    if period.is_none() {
        let all = RETENTION_DAYS.map(|days| days.to_string()).join(", ");
        r.problem(
            place,
            "Not a period of CloudWatch's",
            format!("CloudWatch Logs cannot keep events for {number} days. Write one of {all}; the default is {default}."),
        );
    }
    period.unwrap_or(default)
}

pub(super) fn threats(r: &mut Reader, block: &Value<ThreatsBlock>) -> Threats {
    let place = Place::root().at("threats");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Threats::default();
    Threats {
        minimum_severity: r.decimal(
            &place.at("minimum_severity"),
            block.map(|b| &b.minimum_severity),
            default.minimum_severity,
            1.0..=10.0,
        ),
        detector: provision(r, &place.at("detector"), block.map(|b| &b.detector)),
        remediate_account: r.flag(
            block.map(|b| &b.remediate_account),
            default.remediate_account,
        ),
    }
}

pub(super) fn compliance(r: &mut Reader, block: &Value<ComplianceBlock>) -> Compliance {
    let place = Place::root().at("compliance");
    let block = r.block(block);
    let block = block.as_ref();
    let compliance = Compliance {
        recorder: provision(r, &place.at("recorder"), block.map(|b| &b.recorder)),
        auto_remediate: r.flag(
            block.map(|b| &b.auto_remediate),
            Compliance::default().auto_remediate,
        ),
        custom_policies: block
            .map(|b| custom_policies(r, &place.at("custom_policies"), &b.custom_policies))
            .unwrap_or_default(),
    };
    let known = block.is_none_or(|b| !b.recorder.is_unknown() && !b.custom_policies.is_unknown());
    if compliance.recorder == Provision::None && !compliance.custom_policies.is_empty() && known {
        r.problem(
            &place.at("custom_policies"),
            "Policies that nobody would run",
            "custom_policies is given and recorder is \"none\": AWS Config takes no rule where nothing records. \
             Write recorder = \"existing\" or \"managed\", or remove custom_policies.",
        );
    }
    compliance
}

/// <https://docs.aws.amazon.com/config/latest/APIReference/API_CustomPolicyDetails.html>
fn custom_policies(r: &mut Reader, place: &Place, map: &TextMap) -> BTreeMap<String, String> {
    const LONGEST: usize = 10_000;
    /// The names of all rules stand in one pattern of EventBridge, which has
    /// room for 2048 characters.
    const MOST: usize = 10;
    let policies = r.text_map(place, map, ["rule a { a exists }", "rule b { b exists }"]);
    let mut plain = BTreeSet::new();
    for (name, text) in &policies {
        let place = place.key(name);
        r.check(
            &place,
            name,
            naming::is_name(name),
            "is not a name for a policy",
            "Write 1 to 32 lower-case letters, digits and single hyphens, starting with a letter, for example \"data-encrypted\".",
        );
        // Without hyphens, as logical ids are.
        r.check(
            &place,
            name,
            plain.insert(name.replace('-', "")),
            "is also the name of another one, but for its hyphens",
            "Write another name.",
        );
        let length = text.trim().chars().count();
        if !(1..=LONGEST).contains(&length) {
            r.problem(
                &place,
                "Not a policy",
                format!("The policy \"{name}\" has {length} characters; AWS Config takes 1 to {LONGEST}. Write rules in the language of Guard, or divide them among several policies."),
            );
        }
    }
    if policies.len() > MOST {
        r.problem(
            place,
            "Too many policies",
            format!(
                "{} policies are given. Write at most {MOST}; one can hold many rules of Guard's.",
                policies.len()
            ),
        );
    }
    policies
}
