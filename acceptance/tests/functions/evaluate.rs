//! evaluate: AWS Config's custom rules, and what Config is told.

use crate::events::rule;
use crate::stage::{PIPELINE, Stage, expect_part};
use acceptance::lambda::Answer;
use acceptance::{Action, Rule};
use serde_json::{Value, json};

/// A bucket as AWS Config records it.
fn bucket(stage: &Stage, name: &str, algorithm: &str, at: &str) -> Value {
    json!({
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": at,
        "configurationStateId": 1_794_477_600_000_u64,
        "awsAccountId": "123456789012",
        "configurationItemStatus": "OK",
        "resourceType": "AWS::S3::Bucket",
        "resourceId": name,
        "resourceName": name,
        "ARN": format!("arn:aws:s3:::{name}"),
        "awsRegion": "us-east-1",
        "availabilityZone": "Regional",
        "configurationStateMd5Hash": "",
        "resourceCreationTime": "2026-11-12T09:00:00.000Z",
        "tags": { "tap:pipeline": PIPELINE, "tap:logical-id": "RawBucket" },
        "relatedEvents": [],
        "relationships": [],
        "configuration": { "name": name, "owner": { "displayName": null, "id": "x" }, "creationDate": "2026-11-12T09:00:00.000Z" },
        "supplementaryConfiguration": {
            "AccessControlList": "{\"grantSet\":null,\"grantList\":[]}",
            "BucketPolicy": { "policyText": json!({ "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": "false" } } }] }).to_string() },
            "PublicAccessBlockConfiguration": { "blockPublicAcls": true, "ignorePublicAcls": true, "blockPublicPolicy": true, "restrictPublicBuckets": true },
            "ServerSideEncryptionConfiguration": { "rules": [{ "applyServerSideEncryptionByDefault": { "sseAlgorithm": algorithm, "kmsMasterKeyID": if algorithm == "aws:kms" { json!(stage.env["TAP_DATA_KEY_ARN"]) } else { json!(null) } }, "bucketKeyEnabled": true }] },
        },
    })
}

fn changed(item: &Value) -> Value {
    json!({
        "configurationItemDiff": { "changedProperties": {}, "changeType": "UPDATE" },
        "configurationItem": item,
        "notificationCreationTime": "2026-11-12T10:00:01.000Z",
        "messageType": "ConfigurationItemChangeNotification",
        "recordVersion": "1.3",
    })
}

fn told(stage: &Stage, bucket: &str) -> Value {
    stage.boto3(&format!(
        "out([[r[\"ComplianceType\"], r.get(\"Annotation\")] for r in c(\"config\").get_compliance_details_by_resource(ResourceType=\"AWS::S3::Bucket\", ResourceId={bucket:?})[\"EvaluationResults\"]])"
    ))
}

#[test]
pub fn config_is_told_of_each_state_and_an_older_one_does_not_undo_a_newer() {
    let stage = Stage::new("e-state");
    let name = "e-state-bucket";
    let mut evaluate = stage.function("evaluate");
    let at = |minute: u32| format!("2026-11-12T10:{minute:02}:00.000Z");
    let good = rule(
        "encryption",
        &changed(&bucket(&stage, name, "aws:kms", &at(5))),
    );
    let bad = rule(
        "encryption",
        &changed(&bucket(&stage, name, "AES256", &at(1))),
    );
    for event in [&good, &good] {
        let answer = evaluate.invoke(event).response();
        expect_part(
            &answer,
            json!({ "verdict": "compliant", "rule": "encryption-documents-dev", "resource": name }),
        );
    }
    expect_part(
        &evaluate.invoke(&bad).response(),
        json!({ "verdict": "non-compliant" }),
    );
    assert_eq!(told(&stage, name), json!([["COMPLIANT", null]]));
    let worse = rule(
        "encryption",
        &changed(&bucket(&stage, name, "AES256", &at(9))),
    );
    evaluate.invoke(&worse).response();
    assert_eq!(
        told(&stage, name),
        json!([[
            "NON_COMPLIANT",
            "the bucket's default encryption is AES256, not aws:kms"
        ]])
    );
    let rows = stage.rows();
    assert_eq!(rows.len(), 3, "a row for each state: {rows:#?}");
    expect_part(
        &rows[0],
        json!({ "principal": "config.amazonaws.com", "timestamp": at(1), "verdict": "non-compliant" }),
    );
}

/// An item that is too large for an event comes without what is to be judged:
/// Config is asked for it, and while it has none the rule has no answer.
#[test]
pub fn what_is_too_large_for_an_event_is_asked_of_config() {
    let stage = Stage::alone("e-large");
    let unknown = Rule::new(Action::Error {
        status: 400,
        code: "ResourceNotDiscoveredException".to_owned(),
        message: "Resource e-large-bucket of resourceType AWS::S3::Bucket is unknown".to_owned(),
    });
    stage
        .sandbox
        .weather([unknown
            .service("config")
            .operation("GetResourceConfigHistory")])
        .unwrap();
    let name = "e-large-bucket";
    let mut summary = bucket(&stage, name, "aws:kms", "2026-11-12T10:00:00.000Z");
    for part in ["tags", "configuration", "supplementaryConfiguration"] {
        summary.as_object_mut().unwrap().remove(part);
    }
    let event = rule(
        "encryption",
        &json!({
            "configurationItemSummary": summary,
            "notificationCreationTime": "2026-11-12T10:00:01.000Z",
            "messageType": "OversizedConfigurationItemChangeNotification",
            "recordVersion": "1.0",
        }),
    );
    match stage.function("evaluate").invoke(&event) {
        Answer::Error { message, .. } => assert!(
            message.contains("config:GetResourceConfigHistory of e-large-bucket"),
            "{message}"
        ),
        other => panic!("a failure was expected, and {other:?} came"),
    }
    assert_eq!(told(&stage, name), json!([]));
}

#[test]
fn what_is_gone_or_a_strangers_is_not_applicable() {
    let stage = Stage::new("e-none");
    let mut evaluate = stage.function("evaluate");
    let at = "2026-11-12T10:00:00.000Z";
    let mut deleted = bucket(&stage, "e-none-deleted", "AES256", at);
    deleted["configurationItemStatus"] = json!("ResourceDeleted");
    let mut strangers = bucket(&stage, "e-none-stranger", "AES256", at);
    strangers["tags"] = json!({});
    let left = bucket(&stage, "e-none-left", "AES256", at);
    for (item, left_scope) in [(deleted, false), (strangers, false), (left, true)] {
        let mut event = rule("access", &changed(&item));
        event["eventLeftScope"] = json!(left_scope);
        expect_part(
            &evaluate.invoke(&event).response(),
            json!({ "verdict": "not-applicable" }),
        );
        let found = told(&stage, item["resourceId"].as_str().unwrap());
        assert_eq!(found[0][0], "NOT_APPLICABLE");
    }
}

#[test]
fn an_access_policy_is_judged_by_the_other_rule() {
    let stage = Stage::new("e-access");
    let mut evaluate = stage.function("evaluate");
    let mut item = bucket(
        &stage,
        "e-access-bucket",
        "aws:kms",
        "2026-11-12T10:00:00.000Z",
    );
    expect_part(
        &evaluate.invoke(&rule("access", &changed(&item))).response(),
        json!({ "verdict": "compliant" }),
    );
    item["supplementaryConfiguration"]["PublicAccessBlockConfiguration"]["blockPublicPolicy"] =
        json!(false);
    item["configurationItemCaptureTime"] = json!("2026-11-12T10:01:00.000Z");
    expect_part(
        &evaluate.invoke(&rule("access", &changed(&item))).response(),
        json!({ "verdict": "non-compliant" }),
    );
}

#[test]
fn a_rule_that_cannot_be_answered_fails_and_says_why() {
    let stage = Stage::new("e-wrong");
    let mut evaluate = stage.function("evaluate");
    let item = bucket(
        &stage,
        "e-wrong-bucket",
        "aws:kms",
        "2026-11-12T10:00:00.000Z",
    );
    let scheduled = json!({ "awsAccountId": "123456789012", "notificationCreationTime": "2026-11-12T10:00:00.000Z", "messageType": "ScheduledNotification", "recordVersion": "1.0" });
    let mut expired = rule("encryption", &changed(&item));
    expired["resultToken"] = json!("expired");
    for (event, kind, says) in [
        (
            rule("encryption", &scheduled),
            "UnknownEvent",
            "triggered by configuration changes",
        ),
        (
            rule("colour", &changed(&item)),
            "UnknownEvent",
            "parameters",
        ),
        (expired, "AwsError", "InvalidResultTokenException"),
    ] {
        let answer = evaluate.invoke(&event);
        let Answer::Error {
            kind: found,
            message,
        } = answer
        else {
            panic!("{says}: {answer:?}");
        };
        assert_eq!(found, kind, "{message}");
        assert!(message.contains(says), "{message}");
    }
    let rows = stage.rows();
    assert!(
        rows.iter().all(|row| row["verdict"] == "failed"),
        "{rows:#?}"
    );
}

#[test]
fn config_may_only_want_to_see_whether_the_function_answers() {
    let stage = Stage::new("e-test");
    let mut event = rule(
        "encryption",
        &changed(&bucket(
            &stage,
            "e-test-bucket",
            "aws:kms",
            "2026-11-12T10:00:00.000Z",
        )),
    );
    event["resultToken"] = json!("TESTMODE");
    expect_part(
        &stage.function("evaluate").invoke(&event).response(),
        json!({ "verdict": "compliant" }),
    );
    assert_eq!(told(&stage, "e-test-bucket"), json!([]));
}

#[test]
pub fn whose_a_key_is_kms_says_and_not_its_name() {
    let stage = Stage::alone("e-key");
    let mut evaluate = stage.function("evaluate");
    let gone = json!("arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000");
    let mut judged = |minute: u32, key: &Value, says: &str| {
        let at = format!("2026-11-12T10:{minute:02}:00.000Z");
        let mut item = bucket(&stage, "e-key-bucket", "aws:kms", &at);
        item["supplementaryConfiguration"]["ServerSideEncryptionConfiguration"]["rules"][0]["applyServerSideEncryptionByDefault"]
            ["kmsMasterKeyID"] = key.clone();
        let event = rule("encryption", &changed(&item));
        expect_part(
            &evaluate.invoke(&event).response(),
            json!({ "verdict": "non-compliant" }),
        );
        let told = told(&stage, "e-key-bucket");
        assert!(told[0][1].as_str().unwrap().contains(says), "{told}");
    };
    judged(2, &gone, "does not exist");
    stage
        .sandbox
        .weather([Rule::new(Action::AccessDenied)
            .service("kms")
            .operation("DescribeKey")])
        .unwrap();
    judged(3, &gone, "nobody can tell");
}

#[test]
fn two_states_of_the_same_second_keep_their_order() {
    let stage = Stage::new("e-second");
    let mut evaluate = stage.function("evaluate");
    let state = |algorithm: &str, at: &str| {
        let item = bucket(&stage, "e-second-bucket", algorithm, at);
        rule("encryption", &changed(&item))
    };
    let good = state("aws:kms", "2026-11-12T10:00:00.900Z");
    let bad = state("AES256", "2026-11-12T10:00:00.100Z");
    for event in [good, bad] {
        evaluate.invoke(&event).response();
    }
    assert_eq!(
        told(&stage, "e-second-bucket"),
        json!([["COMPLIANT", null]])
    );
}
