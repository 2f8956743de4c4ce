//! What would lose data, what may, and what a destroy keeps.

use crate::common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox,
};
use crate::live::{self, Settings, expect_exactly};
use crate::{
    apply_plan, configure, configured, documents, expect_refused, planned_lines, referring_to, set,
};
use acceptance::terraform::resource_change;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn the_data_guard_refuses_every_plan_that_would_lose_data_and_nothing_is_called() {
    let sandbox = sandbox();
    let plain = documents();
    let terraform = configured(&sandbox, &plain);
    apply(&terraform);
    let before = sandbox.last_sequence().expect("recorded");
    let key = format!("arn:aws:kms:us-east-1:{}:key/of-our-own", live::ACCOUNT);
    let replaced = json!([{ "AttributeName": "requestId", "KeyType": "HASH" }]);
    for (settings, says) in [
        (
            plain.clone().with(
                "overrides",
                json!({ "AuditTable": json!({ "KeySchema": replaced }).to_string() }),
            ),
            "AuditTable: replaced: KeySchema",
        ),
        (
            plain.clone().with(
                "overrides",
                json!({ "AuditTable": json!({ "TableName": "other" }).to_string() }),
            ),
            "AuditTable: replaced: TableName",
        ),
        (
            plain.clone().with(
                "overrides",
                json!({ "RawBucket": json!({ "BucketName": "another-bucket" }).to_string() }),
            ),
            "RawBucket: replaced: BucketName",
        ),
        (
            plain.clone().with(
                "overrides",
                json!({ "EnvironmentKey": json!({
                    "KeySpec": "RSA_2048", "EnableKeyRotation": false, "RotationPeriodInDays": null,
                }).to_string() }),
            ),
            "EnvironmentKey: replaced: KeySpec",
        ),
        (
            plain
                .clone()
                .with("encryption.key_arns", json!({ "data": key })),
            "DataKey: removed",
        ),
        (
            plain.clone().with("storage.log_bucket_name", "of-our-own"),
            "LogsBucket: removed",
        ),
    ] {
        configure(&terraform, &settings);
        expect_refused(&terraform, &[], &[says, "allow_data_loss = true"]);
    }
    for (from, to, path) in [
        ("name = \"documents\"", "name = \"papers\"", "name"),
        (
            "environment_suffix = \"dev\"",
            "environment_suffix = \"prod\"",
            "environment_suffix",
        ),
    ] {
        let text = pipeline("").replace(from, to);
        terraform.configure(&text).expect("written");
        expect_refused(
            &terraform,
            &[],
            &[
                &format!("A change of {path} cannot be made in place"),
                "RawBucket",
                "AuditTable",
                "DataKey",
                "allow_data_loss = true",
            ],
        );
    }
    let text = pipeline("").replace(
        "provider \"tap\" {}",
        "provider \"tap\" {\n  region = \"us-west-2\"\n}",
    );
    terraform.configure(&text).expect("written");
    expect_refused(
        &terraform,
        &[],
        &["A change of region cannot be made in place"],
    );
    let called = sandbox.mutations_since(before).expect("recorded");
    assert!(
        called.is_empty(),
        "a refused plan changes nothing: {called:?}"
    );
    configure(&terraform, &plain);
    expect_empty_plan(&terraform);
}

#[test]
fn with_allow_data_loss_a_create_only_change_replaces_what_it_says_and_nothing_else() {
    let sandbox = sandbox();
    let mut settings = documents();
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    let before = terraform.state_of(ADDRESS).expect("a state");

    settings.set("allow_data_loss", true);
    settings.set(
        "overrides",
        json!({
            "AuditTable": json!({ "KeySchema": [
                { "AttributeName": "requestId", "KeyType": "HASH" },
            ] }).to_string(),
            "EnvironmentKey": json!({ "MultiRegion": true }).to_string(),
        }),
    );
    configure(&terraform, &settings);
    let replaced = ["AuditTable", "EnvironmentKey"];
    let mut expected = referring_to(&replaced);
    expected.extend(set(&replaced));
    assert!(expected.contains("EnvironmentKeyAlias"), "{expected:?}");
    assert_eq!(
        planned_lines(&terraform, "another KeySchema and another kind of key"),
        expected,
        "what is replaced, and what refers to it"
    );
    apply_plan(&terraform, "another KeySchema and another kind of key");
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    let after = terraform.state_of(ADDRESS).expect("a state");
    assert_ne!(
        before["key_arns"]["environment"],
        after["key_arns"]["environment"]
    );
    assert_eq!(before["key_arns"]["data"], after["key_arns"]["data"]);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn with_allow_data_loss_a_new_name_replaces_the_pipeline() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    apply(&terraform);
    let renamed =
        pipeline("  allow_data_loss = true").replace("name = \"documents\"", "name = \"papers\"");
    terraform.configure(&renamed).expect("written");
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a new name");
    let plan = terraform.shown_plan().expect("shown");
    let change = resource_change(&plan, ADDRESS);
    assert_eq!(change["actions"], json!(["delete", "create"]));
    assert_eq!(change["after"]["id"], "papers-dev@us-east-1");
    apply_plan(&terraform, "a new name");
    expect_exactly(&sandbox, &Settings::new("papers"));
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn without_force_destroy_a_bucket_with_documents_is_kept_and_named_until_it_is_allowed() {
    let sandbox = sandbox();
    let mut settings = documents().with("storage.force_destroy", false);
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    let raw = terraform.state_of(ADDRESS).expect("a state")["bucket_names"]["raw"].clone();
    let put = format!(
        "s3 = boto3.client('s3')\nfor n in range(3):\n    s3.put_object(Bucket={raw}, Key=f'raw/{{n}}.txt', Body=b'x')"
    );
    sandbox.boto3(&put).expect("stored");
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 1, "destroy of a bucket with documents");
    let text = ran.flat();
    let name = raw.as_str().expect("a name");
    for part in [name, "3 ", "storage.force_destroy = true"] {
        assert!(
            text.contains(part),
            "the refusal should say {part:?}:\n{}",
            ran.text
        );
    }
    let count =
        format!("print(json.dumps(boto3.client('s3').list_objects_v2(Bucket={raw})['KeyCount']))");
    assert_eq!(
        sandbox.boto3(&count).expect("the bucket is there"),
        json!(3),
        "no document is lost"
    );
    assert_ne!(
        terraform.state_of(ADDRESS).expect("a state"),
        Value::Null,
        "what remains is in the state"
    );
    settings.set("storage.force_destroy", true);
    configure(&terraform, &settings);
    apply(&terraform);
    expect_exactly(&sandbox, &settings);
    assert_eq!(
        sandbox.boto3(&count).expect("the bucket is there"),
        json!(3),
        "an apply between them loses none either"
    );
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn destroy_empties_buckets_of_thousands_of_versions_and_delete_markers() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    apply(&terraform);
    let names = terraform.state_of(ADDRESS).expect("a state")["bucket_names"].clone();
    // Not below `raw/`, where each would be a document and run three functions.
    let script = format!(
        r#"
from concurrent.futures import ThreadPoolExecutor
names = {names}
s3 = boto3.client("s3")
def put(bucket, n, version):
    s3.put_object(Bucket=bucket, Key=f"kept/{{n}}.txt", Body=f"{{version}}".encode())
with ThreadPoolExecutor(8) as pool:
    jobs = [pool.submit(put, names["raw"], n, v) for v in range(2) for n in range(800)]
    jobs += [pool.submit(put, names["processed"], n, 0) for n in range(300)]
    [job.result() for job in jobs]
for first in range(0, 800, 400):
    keys = [{{"Key": f"kept/{{n}}.txt"}} for n in range(first, first + 400)]
    s3.delete_objects(Bucket=names["raw"], Delete={{"Objects": keys, "Quiet": True}})
s3.create_multipart_upload(Bucket=names["raw"], Key="kept/unfinished.bin")
versions = markers = 0
for page in s3.get_paginator("list_object_versions").paginate(Bucket=names["raw"]):
    versions += len(page.get("Versions", []))
    markers += len(page.get("DeleteMarkers", []))
print(json.dumps([versions, markers]))
"#
    );
    let there = sandbox.boto3(&script).expect("filled");
    assert_eq!(there, json!([1600, 800]), "versions and delete markers");
    expect_clean_destroy(&terraform, &sandbox);
    let mut deletes: BTreeMap<String, usize> = BTreeMap::new();
    for call in sandbox.calls().expect("recorded") {
        if call.operation == "DeleteObjects" && !call.user_agent.contains("Boto") {
            *deletes.entry(call.resource).or_default() += 1;
        }
    }
    let most = deletes.values().max().copied().unwrap_or(0);
    assert!(
        (1..=8).contains(&most),
        "2400 versions should go in batches of a thousand, not {most} calls"
    );
}
