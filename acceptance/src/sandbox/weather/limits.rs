//! AWS's own control-plane limits as rules: the weather of an ordinary day.
//!
//! From the quota pages of the services ("Request quotas" of KMS, "Quotas for
//! creating, deploying and managing an API" of API Gateway, "Endpoints and
//! quotas" of SSM, SNS and WAF), for us-east-1 where regions differ. Only what
//! a pipeline's apply can reach is listed.

use super::rule::{Action, Rule};

/// Service, operations, requests a second, burst (a second's worth where the pages name none).
type Limit = (&'static str, &'static [&'static str], f64, Option<f64>);

const LIMITS: &[Limit] = &[
    ("apigateway", &["POST /restapis"], 1.0 / 3.0, None),
    ("apigateway", &["DELETE /restapis/*"], 1.0 / 30.0, None),
    ("apigateway", &[], 10.0, Some(40.0)),
    ("kms", &["CancelKeyDeletion"], 5.0, None),
    ("kms", &["CreateAlias"], 5.0, None),
    ("kms", &["CreateKey"], 5.0, None),
    ("kms", &["DeleteAlias"], 15.0, None),
    ("kms", &["DisableKeyRotation"], 5.0, None),
    ("kms", &["EnableKeyRotation"], 15.0, None),
    ("kms", &["PutKeyPolicy"], 15.0, None),
    ("kms", &["ScheduleKeyDeletion"], 15.0, None),
    ("kms", &["TagResource"], 10.0, None),
    ("kms", &["UntagResource"], 5.0, None),
    ("kms", &["UpdateAlias"], 5.0, None),
    ("kms", &["UpdateKeyDescription"], 5.0, None),
    ("ssm", &["PutParameter"], 3.0, None),
    ("ssm", &["DeleteParameter", "DeleteParameters"], 5.0, None),
    (
        "sns",
        &["ListTagsForResource", "TagResource", "UntagResource"],
        10.0,
        None,
    ),
    (
        "sns",
        &[
            "CreateTopic",
            "DeleteTopic",
            "SetTopicAttributes",
            "GetTopicAttributes",
            "ListTopics",
            "ListSubscriptionsByTopic",
        ],
        30.0,
        None,
    ),
    (
        "wafv2",
        &[
            "Create*",
            "Update*",
            "Delete*",
            "Put*",
            "Associate*",
            "Disassociate*",
        ],
        1.0,
        None,
    ),
];

/// The limits as rules, one bucket each.
pub fn rules() -> Vec<Rule> {
    let rule = |(service, operations, per_second, burst): &Limit| {
        let mut rule = Rule::new(Action::RateLimit {
            per_second: *per_second,
            burst: *burst,
        })
        .service(service);
        if !operations.is_empty() {
            rule = rule.operations(operations);
        }
        rule.name = Some(
            format!("aws limit {service} {}", operations.join("|"))
                .trim_end()
                .to_owned(),
        );
        rule
    };
    LIMITS.iter().map(rule).collect()
}
