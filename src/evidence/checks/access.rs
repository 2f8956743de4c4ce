//! Who may do what.

use super::{Check, Controls};
use crate::evidence::statements::{Said, admits_everybody, is_everybody, names_an_account};
use crate::evidence::subject::{Subject, Verdict, at, list, many, seen, show, texts};
use serde_json::Value;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "policies_grant_no_whole_service",
        title: "No policy grants everything, or everything of a service",
        requirements: &["7.2.1", "7.2.2"],
        controls: Controls {
            fsbp: &["IAM.1", "IAM.21"],
            prowler: &["iam_policy_no_full_access_to_kms"],
            ..Controls::NONE
        },
        types: &["AWS::IAM::ManagedPolicy"],
        judge: |policy| {
            let whole: Vec<&str> = allowed(policy)
                .flat_map(|statement| texts(at(statement, "Action")))
                .filter(|action| *action == "*" || action.ends_with(":*"))
                .collect();
            let all_but = allowed(policy).any(|one| one.get("NotAction").is_some());
            seen(
                whole.is_empty() && !all_but,
                format!("whole services: {}", list(&whole)),
            )
        },
        waiver: None,
    },
    Check {
        name: "policies_decrypt_with_named_keys",
        title: "Policies name the keys that may be used",
        requirements: &["7.2.1", "3.6.1"],
        controls: Controls {
            fsbp: &["KMS.1"],
            ..Controls::NONE
        },
        types: &["AWS::IAM::ManagedPolicy"],
        judge: |policy| {
            let any: Vec<String> = allowed(policy)
                .filter(|statement| decrypts(statement) && of_any_key(statement))
                .map(|statement| show(at(statement, "Sid")))
                .collect();
            seen(any.is_empty(), format!("with any key: {}", list(&any)))
        },
        waiver: None,
    },
    Check {
        name: "roles_have_no_inline_policies",
        title: "Roles have no inline policies",
        requirements: &["7.2.1"],
        controls: Controls {
            fsbp: &["KMS.2"],
            prowler: &["iam_inline_policy_no_full_access_to_kms"],
            ..Controls::NONE
        },
        types: &["AWS::IAM::Role"],
        judge: |role| {
            let policies = texts(role.at("InlinePolicies"));
            seen(policies.is_empty(), format!("inline: {}", list(&policies)))
        },
        waiver: None,
    },
    Check {
        name: "buckets_admit_no_other_account",
        title: "Bucket policies admit no other account",
        requirements: &["7.2.1"],
        controls: Controls {
            fsbp: &["S3.6"],
            config_pack: &[
                "S3_BUCKET_BLACKLISTED_ACTIONS_PROHIBITED",
                "S3_BUCKET_POLICY_NOT_MORE_PERMISSIVE",
            ],
            prowler: &["s3_bucket_cross_account_access"],
            ..Controls::NONE
        },
        types: &["AWS::S3::BucketPolicy"],
        judge: only_services,
        waiver: None,
    },
    Check {
        name: "topics_admit_no_other_account",
        title: "Topic policies admit nobody but services",
        requirements: &["7.2.1"],
        controls: Controls {
            fsbp: &["SNS.4"],
            ..Controls::NONE
        },
        types: &["AWS::SNS::TopicPolicy"],
        judge: only_services,
        waiver: None,
    },
    Check {
        name: "queues_admit_no_other_account",
        title: "Queue policies admit nobody but services",
        requirements: &["7.2.1"],
        controls: Controls {
            fsbp: &["SQS.3"],
            ..Controls::NONE
        },
        types: &["AWS::SQS::QueuePolicy"],
        judge: only_services,
        waiver: None,
    },
    Check {
        name: "functions_are_not_public",
        title: "Nobody outside the account may invoke a function",
        requirements: &["7.2.1"],
        controls: Controls {
            security_hub: &["Lambda.1"],
            fsbp: &["Lambda.1"],
            config_pack: &[],
            prowler: &["awslambda_function_not_publicly_accessible"],
        },
        types: &["AWS::Lambda::Permission", "AWS::Lambda::Function"],
        judge: |one| match one.resource.type_name.as_str() {
            "AWS::Lambda::Function" => admits_no_others(one),
            _ => admits_a_service(one),
        },
        waiver: None,
    },
];

fn admits_a_service(permission: &Subject<'_>) -> Option<Verdict> {
    let principal = permission.at("Principal").as_str().unwrap_or("*");
    let scope = match permission.at("SourceArn") {
        Value::Null => permission.at("SourceAccount"),
        arn => arn,
    };
    seen(
        principal.ends_with(".amazonaws.com") && scope.is_string(),
        format!("{principal} for {}", show(scope)),
    )
}

/// A statement that is not the pipeline's own is not trusted, whomever it admits.
fn admits_no_others(function: &Subject<'_>) -> Option<Verdict> {
    let foreign = texts(function.at("ForeignPermissions"));
    seen(
        foreign.is_empty(),
        format!("permissions of others: {}", list(&foreign)),
    )
}

/// The statements of a policy that allow something.
fn allowed<'a>(policy: &Subject<'a>) -> impl Iterator<Item = &'a Value> {
    many(policy.at("PolicyDocument.Statement"))
        .into_iter()
        .filter(|statement| at(statement, "Effect").as_str() == Some("Allow"))
}

fn decrypts(statement: &Value) -> bool {
    let by_name = texts(at(statement, "Action")).into_iter().any(|action| {
        let action = action.to_ascii_lowercase();
        action == "*"
            || action.starts_with("kms:decrypt")
            || action.starts_with("kms:reencrypt")
            || ["kms:*", "kms:d*", "kms:de*", "kms:r*", "kms:re*"].contains(&action.as_str())
    });
    by_name || statement.get("NotAction").is_some()
}

fn of_any_key(statement: &Value) -> bool {
    let keys = texts(at(statement, "Resource"));
    statement.get("NotResource").is_some() || keys.iter().any(|key| key.ends_with('*'))
}

/// Services of AWS, each for something of the account.
fn only_services(policy: &Subject<'_>) -> Option<Verdict> {
    let document = policy.at("PolicyDocument");
    let mut wrong = admits_everybody(document);
    for statement in many(at(document, "Statement")) {
        let allows = at(statement, "Effect").as_str() == Some("Allow");
        if !allows || is_everybody(statement) {
            continue;
        }
        let principal = at(statement, "Principal").as_object();
        let service = principal.is_some_and(|one| one.keys().eq(["Service"]));
        if !service || !names_an_account(statement, Said::OrNot) {
            wrong.push(show(at(statement, "Sid")));
        }
    }
    let all = many(at(document, "Statement")).len();
    let observed = match wrong.as_slice() {
        [] => format!("{all} statements, which allow services of the account alone"),
        wrong => format!("statements that let in others: {}", list(wrong)),
    };
    seen(wrong.is_empty(), observed)
}
