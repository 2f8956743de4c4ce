//! Whom policies let in: who is of the account or acts for it, and who is
//! neither.

use super::*;
use crate::blueprint::spec::Provision;

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";

/// Check, resource, and where a statement of its policy stands.
const POLICIES: [(&str, &str, &str); 5] = [
    (
        "buckets_admit_no_other_account",
        "RawBucketPolicy",
        "/PolicyDocument/Statement/0",
    ),
    (
        "topics_admit_no_other_account",
        "AlertsTopicPolicy",
        "/PolicyDocument/Statement/0",
    ),
    (
        "queues_admit_no_other_account",
        "DeadLetterQueuePolicy",
        "/PolicyDocument/Statement/0",
    ),
    ("keys_are_not_public", "DataKey", "/KeyPolicy/Statement/0"),
    (
        "roles_admit_only_who_is_named",
        "EncryptRole",
        "/AssumeRolePolicyDocument/Statement/0",
    ),
];

fn allow(principal: Value, condition: Value) -> Value {
    json!({
        "Sid": "Other",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "*",
        "Resource": "*",
        "Condition": condition,
    })
}

fn everybody(condition: Value) -> Value {
    allow(json!({ "AWS": "*" }), condition)
}

fn service(condition: Value) -> Value {
    allow(json!({ "Service": "sns.amazonaws.com" }), condition)
}

fn aws(name: &str) -> Value {
    allow(json!({ "AWS": name }), json!({}))
}

/// Statements that let in who is not of the account, each with all policies
/// that one may be in.
pub(super) fn breakages() -> Vec<Breakage> {
    let topic = |account: &str| format!("arn:aws:sns:us-east-1:{account}:topic");
    let wrong = [
        aws(OTHER),
        aws("arn:aws:iam::444455556666:root"),
        aws("arn:aws:iam::444455556666:role/reader"),
        aws("AROAEXAMPLEOFADELETEDROLE"),
        allow(
            json!({ "AWS": ["arn:aws:iam::111122223333:root", OTHER] }),
            json!({}),
        ),
        allow(
            json!({ "Federated": "arn:aws:iam::111122223333:saml-provider/people" }),
            json!({}),
        ),
        everybody(json!({})),
        everybody(json!({ "StringEquals": { "aws:PrincipalAccount": OTHER } })),
        everybody(json!({ "StringEquals": { "aws:PrincipalAccount": [ACCOUNT, OTHER] } })),
        everybody(json!({ "StringLike": { "aws:PrincipalAccount": "1111*" } })),
        everybody(json!({ "StringEqualsIfExists": { "aws:PrincipalAccount": ACCOUNT } })),
        everybody(json!({ "StringNotEquals": { "aws:PrincipalAccount": ACCOUNT } })),
        everybody(json!({ "ForAllValues:StringEquals": { "aws:PrincipalAccount": ACCOUNT } })),
        everybody(json!({ "StringEquals": { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } })),
        everybody(json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/reader" } })),
        everybody(json!({ "StringLike": { "aws:PrincipalArn": "arn:aws:*:*:111122223333:*" } })),
        everybody(
            json!({ "StringEquals": { "kms:EncryptionContext:aws:sns:topicArn": topic(ACCOUNT) } }),
        ),
        service(json!({})),
        service(json!({ "StringEquals": { "aws:SourceAccount": OTHER } })),
        service(json!({ "StringEqualsIfExists": { "aws:SourceAccount": OTHER } })),
        service(json!({ "StringEqualsIfExists": { "aws:PrincipalAccount": ACCOUNT } })),
        service(json!({ "ArnLike": { "aws:SourceArn": topic(OTHER) } })),
        service(json!({ "ArnLike": { "aws:SourceArn": topic("*") } })),
        service(json!({ "ArnLike": { "aws:SourceArn": "arn:aws:s3:::somebodys" } })),
        service(
            json!({ "StringEquals": { "kms:EncryptionContext:aws:sns:topicArn": topic(OTHER) } }),
        ),
    ];
    let mut found: Vec<Breakage> = Vec::new();
    for (check, id, pointer) in POLICIES {
        let statements = wrong.iter().cloned();
        found.extend(statements.map(|statement| (check, id, pointer, statement)));
    }
    let permission = "functions_are_not_public";
    found.extend([
        (
            permission,
            "EvaluateConfigPermission",
            "/SourceAccount",
            json!(OTHER),
        ),
        (
            permission,
            "ApiEncryptPermission",
            "/SourceArn",
            json!("arn:aws:execute-api:us-east-1:444455556666:a1b2c3/v1/POST/encrypt"),
        ),
        (
            permission,
            "ApiEncryptPermission",
            "/SourceArn",
            json!("arn:aws:s3:::somebodys"),
        ),
    ]);
    found
}

fn failures(pipeline: &Pipeline, check: &str) -> Vec<String> {
    let report = judge(pipeline);
    let found = report.findings.iter();
    found
        .filter(|one| one.check == check && one.status == Status::Fail)
        .map(|one| format!("{}: {}", one.logical_id, one.observed))
        .collect()
}

#[test]
fn who_acts_for_the_account_is_no_stranger() {
    let topic = "arn:aws:sns:us-east-1:111122223333:*";
    let right = [
        everybody(json!({ "StringEquals": { "aws:PrincipalAccount": ACCOUNT } })),
        everybody(json!({ "StringEquals": { "AWS:SourceAccount": [ACCOUNT] } })),
        everybody(json!({ "ArnLike": { "aws:PrincipalArn": "arn:*:iam::111122223333:role/*" } })),
        everybody(
            json!({ "StringLike": { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/*" } }),
        ),
        service(json!({ "StringEquals": { "aws:SourceAccount": ACCOUNT } })),
        service(json!({ "ArnLike": { "aws:SourceArn": topic } })),
        service(json!({
            "StringEquals": { "aws:SourceAccount": ACCOUNT },
            "ArnLike": { "aws:SourceArn": "arn:aws:s3:::ours" },
        })),
    ];
    for (check, id, pointer) in POLICIES {
        for statement in &right {
            let mut pipeline = pipeline();
            set(&mut pipeline, id, pointer, statement.clone());
            let none: [&str; 0] = [];
            assert_eq!(failures(&pipeline, check), none, "{check}: {statement}");
        }
    }
    let own = [
        aws(ACCOUNT),
        aws("arn:aws:iam::111122223333:root"),
        aws("arn:aws:iam::111122223333:role/platform/reader"),
    ];
    for (check, id, pointer) in POLICIES.into_iter().skip(3) {
        for statement in &own {
            let mut pipeline = pipeline();
            set(&mut pipeline, id, pointer, statement.clone());
            let none: [&str; 0] = [];
            assert_eq!(failures(&pipeline, check), none, "{check}: {statement}");
        }
    }
}

#[test]
fn a_service_that_does_not_say_its_account_may_write_to_the_topic_and_not_use_a_key() {
    let silent = service(json!({ "StringEqualsIfExists": { "aws:SourceAccount": ACCOUNT } }));
    for (check, id, pointer) in POLICIES {
        let mut pipeline = pipeline();
        set(&mut pipeline, id, pointer, silent.clone());
        let failed = !failures(&pipeline, check).is_empty();
        let strict = ["keys_are_not_public", "roles_admit_only_who_is_named"].contains(&check);
        assert_eq!(failed, strict, "{check}");
    }
    let context = json!({
        "StringEquals": {
            "kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:us-east-1:111122223333:topic",
        },
    });
    let mut pipeline = pipeline();
    set(
        &mut pipeline,
        "DataKey",
        "/KeyPolicy/Statement/0",
        service(context),
    );
    let none: [&str; 0] = [];
    assert_eq!(failures(&pipeline, "keys_are_not_public"), none);
}

#[test]
fn who_is_let_in_from_outside_is_named() {
    let mut pipeline = pipeline();
    for (_, id, pointer) in POLICIES {
        set(
            &mut pipeline,
            id,
            pointer,
            aws("arn:aws:iam::444455556666:root"),
        );
    }
    for (check, id, _) in POLICIES {
        let found = failures(&pipeline, check);
        let [one] = found.as_slice() else {
            panic!("{check}: {found:?}");
        };
        let said = "arn:aws:iam::444455556666:root by Other";
        assert!(one.starts_with(id) && one.ends_with(said), "{one}");
    }
}

#[test]
fn auditors_are_asked_for_all_that_they_are_to_prove() {
    let check = "auditors_prove_who_they_are";
    let none: [&str; 0] = [];
    assert_eq!(failures(&whole(), check), none);
    assert_eq!(failures(&pipeline(), check), none, "nobody audits");

    let condition = "/AssumeRolePolicyDocument/Statement/0/Condition";
    let factor = json!({ "aws:MultiFactorAuthPresent": "true" });
    let id = json!({ "sts:ExternalId": "audit-2026" });
    let of_id = json!({ "StringEquals": id });
    for (asked, missing) in [
        (json!({}), "a second factor, the external id"),
        (of_id.clone(), "a second factor"),
        (json!({ "Bool": factor }), "the external id"),
        (
            json!({ "BoolIfExists": factor, "StringEquals": id }),
            "a second factor",
        ),
        (
            json!({ "Bool": { "aws:MultiFactorAuthPresent": "false" }, "StringEquals": id }),
            "a second factor",
        ),
        (
            json!({ "Bool": factor, "StringEquals": { "sts:ExternalId": "another" } }),
            "the external id",
        ),
        (
            json!({ "Bool": factor, "StringEquals": { "sts:ExternalId": ["audit-2026", "*"] } }),
            "the external id",
        ),
        (
            json!({ "Bool": factor, "StringLike": { "sts:ExternalId": "audit-*" } }),
            "the external id",
        ),
    ] {
        let mut pipeline = whole();
        set(&mut pipeline, "AuditorRole", condition, asked.clone());
        let expected = format!("AuditorRole: not asked for: {missing}");
        assert_eq!(failures(&pipeline, check), [expected], "{asked}");
    }
    let mut nobody = whole();
    let statements = "/AssumeRolePolicyDocument/Statement";
    set(&mut nobody, "AuditorRole", statements, json!([]));
    assert_eq!(failures(&nobody, check), none);
    let mut without_another = whole();
    let gone = without_another
        .resources
        .remove("ScanRole")
        .expect("a role");
    without_another
        .missing
        .insert("ScanRole".into(), gone.type_name);
    assert_eq!(failures(&without_another, check), none);
    let mut agreed_on_nothing = whole();
    agreed_on_nothing.auditors.external_id = None;
    let asked = json!({ "Bool": { "AWS:multifactorauthpresent": true } });
    set(&mut agreed_on_nothing, "AuditorRole", condition, asked);
    assert_eq!(failures(&agreed_on_nothing, check), none);
}

/// With everything that an account has one of, and with auditors.
fn whole() -> Pipeline {
    let mut spec = Spec::new("documents", "dev");
    spec.api.logging_role = Provision::Managed;
    spec.compliance.recorder = Provision::Managed;
    spec.monitoring.api_calls = Provision::Managed;
    spec.threats.detector = Provision::Managed;
    spec.access.trusted_account_ids = vec![OTHER.into()];
    spec.access.external_id = Some("audit-2026".into());
    let template = blueprint::expand(&spec, &Facts::documentation()).expect("a template");
    let mut pipeline = of_template(&template);
    pipeline.auditors = Auditors {
        accounts: spec.access.trusted_account_ids,
        external_id: spec.access.external_id,
    };
    pipeline
}

#[test]
fn the_roles_that_the_configuration_asks_for_are_as_they_should_be() {
    let whole = whole();
    let report = judge(&whole);
    let failed: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|one| one.status == Status::Fail)
        .filter(|one| one.check.starts_with("roles_") || one.check.contains("_admit_"))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let of = |check: &str| {
        let found = report.findings.iter().filter(|one| one.check == check);
        found.map(|one| one.logical_id.as_str()).collect()
    };
    let admit: BTreeSet<&str> = of("roles_admit_only_who_is_named");
    let bounded: BTreeSet<&str> = of("roles_have_their_boundary");
    let apart: Vec<&str> = admit.difference(&bounded).copied().collect();
    assert_eq!(apart, ["ApiLoggingRole", "ConfigRole"]);
    assert!(bounded.contains("AuditorRole"), "{bounded:?}");
    let none: [&str; 0] = [];
    assert_eq!(failures(&whole, "keys_are_not_public"), none);
}

#[test]
fn what_one_role_may_have_is_not_another_s() {
    let auditors = aws("arn:aws:iam::444455556666:root");
    let gateway = allow(json!({ "Service": "apigateway.amazonaws.com" }), json!({}));
    let trust = "/AssumeRolePolicyDocument/Statement/0";
    let records = json!(["arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"]);
    let policies = "/ManagedPolicyArns";
    for (check, allowed, pointer, value) in [
        (
            "roles_admit_only_who_is_named",
            "AuditorRole",
            trust,
            auditors,
        ),
        (
            "roles_admit_only_who_is_named",
            "ApiLoggingRole",
            trust,
            gateway,
        ),
        (
            "roles_have_no_policies_of_others",
            "ConfigRole",
            policies,
            records,
        ),
    ] {
        for id in [allowed, "EncryptRole"] {
            let mut pipeline = whole();
            set(&mut pipeline, id, pointer, value.clone());
            let failed = !failures(&pipeline, check).is_empty();
            assert_eq!(failed, id != allowed, "{check} of {id}: {value}");
        }
    }
    let mut untrusted = whole();
    untrusted.auditors.accounts.clear();
    let found = failures(&untrusted, "roles_admit_only_who_is_named");
    let [one] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert!(
        one.contains("arn:aws:iam::444455556666:root by Auditors"),
        "{one}"
    );
}
