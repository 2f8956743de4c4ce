//! Who may do what.

use super::{Check, Controls};
use crate::evidence::statements::{
    Caller, Principal, account_of, admitted, allowing, asks, is_everybody, names_account,
    strangers, told,
};
use crate::evidence::subject::{Subject, Verdict, at, list, many, seen, show, texts, unread};
use serde_json::Value;

pub(super) const AUDITOR_ROLE: &str = "AuditorRole";
/// The roles of what an account has one of: AWS says what they look like.
const API_LOGGING_ROLE: &str = "ApiLoggingRole";
const RECORDER_ROLE: &str = "ConfigRole";

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
        name: "roles_have_no_policies_of_others",
        title: "Roles have no policies but the pipeline's own",
        requirements: &["7.2.2", "7.2.5"],
        controls: Controls::NONE,
        types: &["AWS::IAM::Role"],
        judge: has_its_policies,
        waiver: None,
    },
    Check {
        name: "roles_have_their_boundary",
        title: "Roles have a boundary, which what is attached to them later does not widen",
        requirements: &["7.2.5", "7.3.2"],
        controls: Controls::NONE,
        types: &["AWS::IAM::Role"],
        judge: is_bounded,
        waiver: None,
    },
    Check {
        name: "roles_admit_only_who_is_named",
        title: "Nobody assumes a role but services for the account, the account itself and named auditors",
        requirements: &["7.2.5", "7.3.1"],
        controls: Controls::NONE,
        types: &["AWS::IAM::Role"],
        judge: admits_the_named,
        waiver: None,
    },
    Check {
        name: "auditors_prove_who_they_are",
        title: "Auditors of other accounts bring a second factor, and the external id that was agreed on",
        requirements: &["8.4.2", "8.4.3"],
        controls: Controls::NONE,
        types: &["AWS::IAM::Role"],
        judge: asks_for_proof,
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

/// The ARN of the pipeline's own sources holds the account, or the account
/// stands beside it.
fn admits_a_service(permission: &Subject<'_>) -> Option<Verdict> {
    let account = permission.pipeline.account_id.as_str();
    let principal = permission.at("Principal").as_str().unwrap_or("*");
    let (arn, owner) = (permission.at("SourceArn"), permission.at("SourceAccount"));
    let bound =
        owner.as_str() == Some(account) || arn.as_str().and_then(account_of) == Some(account);
    let scope = match arn {
        Value::Null => owner,
        arn => arn,
    };
    seen(
        principal.ends_with(".amazonaws.com") && bound,
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

/// What the role names; a policy that names the role is the pipeline's own.
fn has_its_policies(role: &Subject<'_>) -> Option<Verdict> {
    let attached = role.at("ManagedPolicyArns");
    if attached.is_null() {
        return unread("ManagedPolicyArns");
    }
    let foreign: Vec<&str> = many(attached)
        .into_iter()
        .filter(|arn| !is_given(role, arn))
        .filter_map(Value::as_str)
        .collect();
    let observed = match foreign.as_slice() {
        [] => format!("attached: {}", list(&texts(attached))),
        foreign => format!("policies of others: {}", list(foreign)),
    };
    seen(foreign.is_empty(), observed)
}

/// One of the pipeline's, or the one that AWS has for recorders.
fn is_given(role: &Subject<'_>, arn: &Value) -> bool {
    const OF_RECORDERS: &str = ":iam::aws:policy/service-role/AWS_ConfigRole";
    let of_recorders = arn.as_str().is_some_and(|arn| arn.ends_with(OF_RECORDERS));
    let mut own = role.others("AWS::IAM::ManagedPolicy");
    (role.id == RECORDER_ROLE && of_recorders) || own.any(|policy| policy.is_named_by(arn))
}

/// By a policy that was made for this very role: another role's may be wider.
fn is_bounded(role: &Subject<'_>) -> Option<Verdict> {
    if [API_LOGGING_ROLE, RECORDER_ROLE].contains(&role.id) {
        return None;
    }
    let stem = role.id.strip_suffix("Role").unwrap_or(role.id);
    let boundary = role.at("PermissionsBoundary");
    let own = role
        .others("AWS::IAM::ManagedPolicy")
        .any(|policy| policy.id.starts_with(stem) && policy.is_named_by(boundary));
    seen(own, role.show("PermissionsBoundary"))
}

/// API Gateway assumes the role that an account has for its logs without saying
/// for which API.
fn admits_the_named(role: &Subject<'_>) -> Option<Verdict> {
    let pipeline = role.pipeline;
    let document = role.at("AssumeRolePolicyDocument");
    let unnamed = strangers(document, &pipeline.account_id, |one| match role.id {
        AUDITOR_ROLE => pipeline
            .auditors
            .accounts
            .iter()
            .any(|account| one.is_of(account)),
        API_LOGGING_ROLE => one.kind == "Service" && one.name == "apigateway.amazonaws.com",
        _ => false,
    });
    let observed = match unnamed.as_slice() {
        [] => {
            let named: Vec<&str> = allowing(document)
                .flat_map(admitted)
                .map(|one| one.name)
                .collect();
            format!("assumed by: {}", list(&named))
        }
        unnamed => format!("assumed also by: {}", list(unnamed)),
    };
    seen(unnamed.is_empty(), observed)
}

/// A service brings neither, and whom the account's own policies let assume the
/// role is the account's to say.
fn asks_for_proof(role: &Subject<'_>) -> Option<Verdict> {
    let pipeline = role.pipeline;
    let agreed = pipeline.auditors.external_id.as_deref();
    let mut missing: Vec<&str> = Vec::new();
    let own = |one: &Principal<'_>| one.kind == "Service" || one.is_of(&pipeline.account_id);
    let others: Vec<&Value> = allowing(role.at("AssumeRolePolicyDocument"))
        .filter(|statement| !admitted(statement).iter().all(own))
        .collect();
    for statement in &others {
        if !asks(statement, "Bool", "aws:MultiFactorAuthPresent", "true") {
            missing.push("a second factor");
        }
        if agreed.is_some_and(|id| !asks(statement, "StringEquals", "sts:ExternalId", id)) {
            missing.push("the external id");
        }
    }
    let observed = match (missing.as_slice(), agreed) {
        ([], _) if others.is_empty() => "nobody of another account may assume it".to_owned(),
        ([], Some(_)) => "asked for: a second factor, the external id".to_owned(),
        ([], None) => "asked for: a second factor".to_owned(),
        (missing, _) => format!("not asked for: {}", list(missing)),
    };
    seen(missing.is_empty(), observed)
}

/// The statements of a policy that allow something.
fn allowed<'a>(policy: &Subject<'a>) -> impl Iterator<Item = &'a Value> {
    allowing(policy.at("PolicyDocument"))
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
    let account = policy.pipeline.account_id.as_str();
    let wrong: Vec<String> = allowing(document)
        .filter(|statement| !is_for_services(statement, account))
        .map(|statement| told(statement, &admitted(statement)))
        .collect();
    let all = many(at(document, "Statement")).len();
    let observed = match wrong.as_slice() {
        [] => format!("{all} statements, which allow services of the account alone"),
        wrong => format!("lets in others: {}", list(wrong)),
    };
    seen(wrong.is_empty(), observed)
}

/// Everybody stands for whoever acts for the account, where a condition says so.
fn is_for_services(statement: &Value, account: &str) -> bool {
    if is_everybody(statement) {
        return names_account(statement, account, Caller::Anybody);
    }
    let services = admitted(statement).iter().all(|one| one.kind == "Service");
    services && names_account(statement, account, Caller::SilentService)
}
