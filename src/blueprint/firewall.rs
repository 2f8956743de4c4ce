//! Firewall (R064-R069): a web ACL in front of the API. It blocks what AWS's
//! rule groups know to be an attack and who calls too often, and logs what it
//! saw without the credentials of who sent it.

use super::encryption::Purpose;
use super::{Expansion, Facts, Spec, api, monitoring, naming};
use crate::engine::template::intrinsics::get_att;
use serde_json::{Value, json};

pub const WEB_ACL_ID: &str = "WebAcl";
pub const LOG_GROUP_ID: &str = "WebAclLogGroup";

/// <https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html>
const LONGEST_NAME: usize = 128;

/// A rule group of AWS's.
struct Managed {
    name: &'static str,
    /// Rules of it that only count.
    counted: &'static [&'static str],
}

/// In the order in which they look at a request, the cheapest first
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html>).
const MANAGED: [Managed; 5] = [
    Managed {
        name: "AWSManagedRulesAmazonIpReputationList",
        counted: &[],
    },
    // Tor and anonymous proxies. Callers in a cloud are no hidden ones, and only
    // count.
    Managed {
        name: "AWSManagedRulesAnonymousIpList",
        counted: &["HostingProviderIPList"],
    },
    // Log4j among them (R067).
    Managed {
        name: "AWSManagedRulesKnownBadInputsRuleSet",
        counted: &[],
    },
    // Cross-site scripting (R066). Its limit of 8 KB to a body would refuse
    // every document.
    Managed {
        name: "AWSManagedRulesCommonRuleSet",
        counted: &["SizeRestrictions_BODY"],
    },
    // SQL injection (R065).
    Managed {
        name: "AWSManagedRulesSQLiRuleSet",
        counted: &[],
    },
];

/// What neither a log nor a sampled request must hold: the signature and the API
/// key of a request.
const REDACTED: [&str; 2] = ["authorization", "x-api-key"];

pub fn web_acl_name(spec: &Spec) -> String {
    naming::name("web-acl", spec, LONGEST_NAME)
}

pub fn web_acl_arn() -> Value {
    get_att(WEB_ACL_ID, "Arn")
}

/// WAF logs to no group whose name begins otherwise.
pub fn log_group_name(spec: &Spec) -> String {
    format!("aws-waf-logs-{}", web_acl_name(spec))
}

fn log_group_arn(spec: &Spec, facts: &Facts) -> String {
    facts.arn("logs", &format!("log-group:{}", log_group_name(spec)))
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    let (spec, facts) = (x.spec, x.facts);
    let name = web_acl_name(spec);
    x.add(
        WEB_ACL_ID,
        "AWS::WAFv2::WebACL",
        json!({
            "Name": name,
            "Scope": "REGIONAL",
            "Description": format!("In front of the API of {} {}", spec.name, spec.environment_suffix),
            "DefaultAction": { "Allow": {} },
            "Rules": rules(spec),
            "VisibilityConfig": visible(&name),
            "DataProtectionConfig": { "DataProtections": [protection()] },
            "Tags": x.tags(&[]),
        }),
    );
    // The stage stands in the association, so it is there first (R064).
    x.add(
        "WebAclAssociation",
        "AWS::WAFv2::WebACLAssociation",
        json!({
            "ResourceArn": api::stage_arn(spec, facts),
            "WebACLArn": web_acl_arn(),
        }),
    );
    x.add(
        LOG_GROUP_ID,
        "AWS::Logs::LogGroup",
        json!({
            "LogGroupName": log_group_name(spec),
            "KmsKeyId": Purpose::Logs.arn(spec),
            "RetentionInDays": spec.monitoring.log_retention_days,
            "Tags": x.tags(&[]),
        }),
    );
    let redacted = REDACTED.map(|header| json!({ "SingleHeader": { "Name": header } }));
    x.add_after(
        "WebAclLogging",
        "AWS::WAFv2::LoggingConfiguration",
        json!({
            "ResourceArn": web_acl_arn(),
            "LogDestinationConfigs": [log_group_arn(spec, facts)],
            "RedactedFields": redacted,
        }),
        // Without the policy WAF would add one of its own to the account, and
        // leave it there.
        &[LOG_GROUP_ID, monitoring::LOG_POLICY_ID],
    );
}

/// Samples are kept for three hours and shown to whoever may ask for them (R068):
/// what a log redacts, they would show.
fn protection() -> Value {
    json!({
        "Field": { "FieldType": "SINGLE_HEADER", "FieldKeys": REDACTED },
        "Action": "SUBSTITUTION",
    })
}

/// The limit to one address first: what it refuses costs nothing more.
fn rules(spec: &Spec) -> Value {
    let rate = json!({
        "Name": "RequestsOfOneAddress",
        "Priority": 0,
        "Action": { "Block": {} },
        "Statement": { "RateBasedStatement": {
            "Limit": spec.firewall.requests_per_5_minutes,
            "EvaluationWindowSec": 300,
            "AggregateKeyType": "IP",
        } },
        "VisibilityConfig": visible("RequestsOfOneAddress"),
    });
    let managed = MANAGED.iter().zip(1..).map(|(group, priority)| {
        let counted: Vec<Value> = group
            .counted
            .iter()
            .map(|rule| json!({ "Name": rule, "ActionToUse": { "Count": {} } }))
            .collect();
        let mut statement = json!({ "VendorName": "AWS", "Name": group.name });
        if !counted.is_empty() {
            statement["RuleActionOverrides"] = json!(counted);
        }
        json!({
            "Name": group.name,
            "Priority": priority,
            "OverrideAction": { "None": {} },
            "Statement": { "ManagedRuleGroupStatement": statement },
            "VisibilityConfig": visible(group.name),
        })
    });
    std::iter::once(rate).chain(managed).collect()
}

fn visible(metric: &str) -> Value {
    json!({
        "CloudWatchMetricsEnabled": true,
        "MetricName": metric,
        "SampledRequestsEnabled": true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, clippy::unwrap_used)]
    use super::*;
    use crate::blueprint::expand;
    use crate::engine::template::intrinsics::{reference, sub};
    use crate::engine::template::{Template, references};

    fn template() -> Template {
        expand(&Spec::new("documents", "dev"), &Facts::documentation()).expect("valid")
    }

    fn of(template: &Template, id: &str) -> Value {
        template.resources[id].properties.clone()
    }

    fn rule(name: &str) -> Value {
        let rules = of(&template(), WEB_ACL_ID)["Rules"].clone();
        let found = rules.as_array().unwrap().iter().find(|r| r["Name"] == name);
        found.unwrap_or_else(|| panic!("no rule {name}")).clone()
    }

    /// R064
    #[test]
    fn the_web_acl_stands_before_the_stage_and_waits_for_it() {
        let template = template();
        let acl = of(&template, WEB_ACL_ID);
        assert_eq!(acl["Scope"], "REGIONAL");
        let association = of(&template, "WebAclAssociation");
        assert_eq!(
            association["ResourceArn"],
            sub("arn:aws:apigateway:us-east-1::/restapis/${RestApi}/stages/${ApiStage}")
        );
        let waits_for = references(&association);
        for id in ["ApiStage", "RestApi", "WebAcl"] {
            assert!(waits_for.contains(id), "{id}");
        }
        assert_ne!(association["ResourceArn"], reference("ApiStage"));
    }

    /// R065, R066, R067
    #[test]
    fn known_attacks_are_blocked_and_only_a_bodys_size_and_callers_in_clouds_are_counted() {
        for (group, only_counted) in [
            ("AWSManagedRulesSQLiRuleSet", None),
            (
                "AWSManagedRulesCommonRuleSet",
                Some("SizeRestrictions_BODY"),
            ),
            ("AWSManagedRulesKnownBadInputsRuleSet", None),
            ("AWSManagedRulesAmazonIpReputationList", None),
            (
                "AWSManagedRulesAnonymousIpList",
                Some("HostingProviderIPList"),
            ),
        ] {
            let rule = rule(group);
            assert_eq!(rule["OverrideAction"], json!({ "None": {} }), "{group}");
            let statement = &rule["Statement"]["ManagedRuleGroupStatement"];
            assert_eq!(statement["VendorName"], "AWS");
            let counted = &statement["RuleActionOverrides"];
            match only_counted {
                Some(name) => assert_eq!(
                    *counted,
                    json!([{ "Name": name, "ActionToUse": { "Count": {} } }]),
                    "{group}"
                ),
                None => assert!(counted.is_null(), "{group}"),
            }
        }
    }

    /// R068
    #[test]
    fn it_is_measured_and_logged_without_credentials() {
        let template = template();
        let acl = of(&template, WEB_ACL_ID);
        let rules = acl["Rules"].as_array().unwrap().iter();
        for part in rules.chain([&acl]) {
            assert_eq!(part["VisibilityConfig"]["CloudWatchMetricsEnabled"], true);
            assert_eq!(part["VisibilityConfig"]["SampledRequestsEnabled"], true);
        }
        let group = of(&template, LOG_GROUP_ID);
        let name = group["LogGroupName"].as_str().unwrap();
        assert!(name.starts_with("aws-waf-logs-"), "{name}");
        assert_eq!(group["KmsKeyId"], get_att("LogsKey", "Arn"));
        let logging = of(&template, "WebAclLogging");
        let arn = logging["LogDestinationConfigs"][0].as_str().unwrap();
        assert!(arn.ends_with(&format!(":log-group:{name}")), "{arn}");
        let redacted: Vec<&str> = logging["RedactedFields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| field["SingleHeader"]["Name"].as_str().unwrap())
            .collect();
        assert_eq!(redacted, ["authorization", "x-api-key"]);
        let waits = &template.resources["WebAclLogging"].depends_on;
        assert_eq!(waits, &[LOG_GROUP_ID, monitoring::LOG_POLICY_ID]);
    }

    /// R069
    #[test]
    fn one_address_may_call_only_so_often() {
        let rule = rule("RequestsOfOneAddress");
        assert_eq!(rule["Action"], json!({ "Block": {} }));
        let rate = &rule["Statement"]["RateBasedStatement"];
        assert_eq!(rate["Limit"], 2000);
        assert_eq!(rate["EvaluationWindowSec"], 300);
        assert_eq!(rate["AggregateKeyType"], "IP");
    }

    #[test]
    fn no_two_rules_have_one_priority() {
        let rules = of(&template(), WEB_ACL_ID)["Rules"].clone();
        let rules = rules.as_array().unwrap();
        let priorities: std::collections::BTreeSet<i64> = rules
            .iter()
            .map(|rule| rule["Priority"].as_i64().unwrap())
            .collect();
        assert_eq!(priorities.len(), rules.len());
    }
}
