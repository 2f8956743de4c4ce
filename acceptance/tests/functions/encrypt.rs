//! encrypt: the copy under the data key, once for each version, and the
//! newest on top.

use std::time::Duration;

use crate::documents::MEMO;
use crate::events::{api_request, bus};
use crate::stage::{PIPELINE, Stage, api, expect_part};
use acceptance::lambda::Answer;
use acceptance::{Action, Rule, When};
use serde_json::{Value, json};

/// What validate tells of a version of `raw/a.txt`.
fn validated(stage: &Stage, id: &str, version: &str, body: &str) -> Value {
    let sha256 = stage.boto3(&format!(
        "import hashlib\nout(hashlib.sha256({body:?}.encode()).hexdigest())"
    ));
    bus(
        id,
        "tap.pipeline",
        "Document Validated",
        json!({
            "pipeline": PIPELINE, "bucket": stage.raw(), "key": "raw/a.txt", "version_id": version,
            "kind": "text", "size": body.len(), "sha256": sha256,
        }),
    )
}

/// Body and metadata of the copy that is current.
fn copy(stage: &Stage) -> Value {
    stage.boto3(
        "o = s3.get_object(Bucket=PROCESSED, Key=\"encrypted/a.txt\")\nout({\"body\": o[\"Body\"].read().decode(), \"metadata\": o[\"Metadata\"], \"type\": o[\"ContentType\"], \"algorithm\": o.get(\"ServerSideEncryption\"), \"key\": o.get(\"SSEKMSKeyId\"), \"tags\": s3.get_object_tagging(Bucket=PROCESSED, Key=\"encrypted/a.txt\")[\"TagSet\"], \"versions\": len(s3.list_object_versions(Bucket=PROCESSED, Prefix=\"encrypted/a.txt\")[\"Versions\"])})",
    )
}

#[test]
pub fn a_copy_keeps_what_the_document_had_and_is_made_once() {
    let stage = Stage::new("c-copy");
    let version = stage.put(&stage.raw(), "raw/a.txt", MEMO.as_bytes());
    let event = validated(&stage, "e-1", &version, MEMO);
    let mut encrypt = stage.function("encrypt");
    let first = encrypt.invoke(&event).response();
    expect_part(
        &first,
        json!({ "verdict": "encrypted", "encrypted_key": "encrypted/a.txt", "document_key": "raw/a.txt" }),
    );
    assert_eq!(
        first,
        encrypt.invoke(&event).response(),
        "a repetition finds it done"
    );
    let copy = copy(&stage);
    expect_part(
        &copy,
        json!({
            "body": MEMO, "type": "text/x-memo", "algorithm": "aws:kms", "key": stage.env["TAP_DATA_KEY_ARN"],
            "tags": [{ "Key": "team", "Value": "blue one" }], "versions": 1,
        }),
    );
    expect_part(
        &copy["metadata"],
        json!({ "sender": "a", "tap-source-version": version, "tap-sha256": event["detail"]["sha256"] }),
    );
    let rows = stage.rows();
    assert_eq!(rows.len(), 1);
    expect_part(
        &rows[0],
        json!({ "requestId": "encrypt#e-1", "verdict": "encrypted", "documentVersion": version }),
    );
}

#[test]
fn what_is_not_what_was_validated_is_not_copied() {
    let stage = Stage::new("c-other");
    let version = stage.put(&stage.raw(), "raw/a.txt", b"something else");
    let event = validated(&stage, "e-1", &version, MEMO);
    let answer = stage.function("encrypt").invoke(&event);
    let Answer::Error { kind, message } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(kind, "IntegrityError");
    assert!(
        message.contains("is not the one that was validated"),
        "{message}"
    );
    assert!(stage.keys(&stage.processed()).is_empty());
    expect_part(
        &stage.rows()[0],
        json!({ "verdict": "failed", "reason": "IntegrityError" }),
    );
}

#[test]
fn an_older_version_that_comes_late_does_not_replace_a_newer_one() {
    let stage = Stage::new("c-late");
    let old = stage.put(&stage.raw(), "raw/a.txt", b"old");
    let new = stage.put(&stage.raw(), "raw/a.txt", b"new");
    let mut encrypt = stage.function("encrypt");
    let answer = encrypt
        .invoke(&validated(&stage, "e-2", &new, "new"))
        .response();
    expect_part(&answer, json!({ "verdict": "encrypted" }));
    let answer = encrypt
        .invoke(&validated(&stage, "e-1", &old, "old"))
        .response();
    expect_part(&answer, json!({ "verdict": "superseded" }));
    assert_eq!(copy(&stage)["body"], "new");
    // In order, the newer one replaces the older one.
    let stage = Stage::new("c-order");
    let old = stage.put(&stage.raw(), "raw/a.txt", b"old");
    let new = stage.put(&stage.raw(), "raw/a.txt", b"new");
    let mut encrypt = stage.function("encrypt");
    for (id, version, body) in [("e-1", &old, "old"), ("e-2", &new, "new")] {
        let answer = encrypt
            .invoke(&validated(&stage, id, version, body))
            .response();
        expect_part(&answer, json!({ "verdict": "encrypted" }));
    }
    expect_part(&copy(&stage), json!({ "body": "new", "versions": 2 }));
}

/// S3 tells the time in whole seconds, so the time alone cannot say.
#[test]
pub fn of_two_versions_of_one_second_the_older_one_never_wins() {
    let stage = Stage::new("c-second");
    let versions = stage.boto3(
        r#"
time.sleep(1 - time.time() % 1)
put = lambda body: s3.put_object(Bucket=RAW, Key="raw/a.txt", Body=body)["VersionId"]
old, new = put(b"old"), put(b"new")
both = s3.list_object_versions(Bucket=RAW, Prefix="raw/a.txt")["Versions"]
assert len({version["LastModified"].replace(microsecond=0) for version in both}) == 1, both
out([old, new])"#,
    );
    let [old, new] = [0, 1].map(|n| versions[n].as_str().expect("a version"));
    let mut encrypt = stage.function("encrypt");
    encrypt
        .invoke(&validated(&stage, "e-2", new, "new"))
        .response();
    // Neither of them is the current version any more.
    stage.boto3("s3.delete_object(Bucket=RAW, Key=\"raw/a.txt\")\nout(1)");
    let answer = encrypt
        .invoke(&validated(&stage, "e-1", old, "old"))
        .response();
    expect_part(&answer, json!({ "verdict": "superseded" }));
    assert_eq!(copy(&stage)["body"], "new");
}

#[test]
fn metadata_that_leaves_no_room_is_left_out_and_that_is_said() {
    let stage = Stage::new("c-metadata");
    let version = stage.boto3(
        "out(s3.put_object(Bucket=RAW, Key=\"raw/a.txt\", Body=b\"memo\", Metadata={\"sender\": \"x\" * 2000})[\"VersionId\"])",
    );
    let version = version.as_str().unwrap().to_owned();
    let answer = stage
        .function("encrypt")
        .invoke(&validated(&stage, "e-1", &version, "memo"))
        .response();
    expect_part(
        &answer,
        json!({ "verdict": "encrypted", "metadata_left_out": true }),
    );
    let metadata = copy(&stage)["metadata"].clone();
    assert_eq!(metadata["tap-source-version"], version);
    assert!(metadata["sender"].is_null(), "{metadata}");
    expect_part(
        &stage.rows()[0]["detail"],
        json!({ "metadata_left_out": true }),
    );
}

#[test]
fn of_two_at_once_the_newer_version_ends_on_top() {
    let stage = Stage::alone("c-race");
    let old = stage.put(&stage.raw(), "raw/a.txt", b"old");
    let new = stage.put(&stage.raw(), "raw/a.txt", b"new");
    let (first, second) = (
        validated(&stage, "e-1", &old, "old"),
        validated(&stage, "e-2", &new, "new"),
    );
    // The older one has looked, found nothing, and is about to put.
    let held = Rule::new(Action::Hold(When::Before))
        .service("s3")
        .operation("PutObject")
        .resource("encrypted/a.txt")
        .nth(1);
    stage.sandbox.weather([held]).unwrap();
    let (late, early) = std::thread::scope(|scope| {
        let late = scope.spawn(|| stage.function("encrypt").invoke(&first));
        stage.sandbox.wait_held(1, Duration::from_secs(20)).unwrap();
        let early = stage.function("encrypt").invoke(&second);
        stage.sandbox.release().unwrap();
        (late.join().unwrap(), early)
    });
    expect_part(&early.response(), json!({ "verdict": "encrypted" }));
    expect_part(&late.response(), json!({ "verdict": "superseded" }));
    expect_part(&copy(&stage), json!({ "body": "new", "versions": 1 }));
}

#[test]
pub fn a_caller_may_have_a_document_encrypted_that_is_sound() {
    let stage = Stage::new("c-api");
    stage.put(&stage.raw(), "raw/a.txt", MEMO.as_bytes());
    stage.put(&stage.raw(), "raw/b.txt", b"\0\x01\x02");
    let mut encrypt = stage.function("encrypt");
    let mut ask = |id: &str, key: &str| {
        let body = json!({ "document_key": key }).to_string();
        api(encrypt
            .invoke(&api_request(id, "/documents/encrypt", &body))
            .response())
    };
    let (status, body) = ask("r-1", "a.txt");
    assert_eq!(
        (status, &body["verdict"]),
        (200, &json!("encrypted")),
        "{body}"
    );
    let (status, body) = ask("r-2", "raw/b.txt");
    assert_eq!(
        (status, &body["verdict"]),
        (422, &json!("refused")),
        "a document that nobody validated: {body}"
    );
    let (status, body) = ask("r-3", "none.txt");
    assert_eq!(
        (status, &body["error"]["code"]),
        (404, &json!("DocumentNotFound"))
    );
    assert_eq!(stage.keys(&stage.processed()), ["encrypted/a.txt"]);
}

#[test]
fn another_pipelines_documents_are_none_of_its_business() {
    let stage = Stage::new("c-others");
    let mut event = validated(&stage, "e-1", "v", MEMO);
    event["detail"]["pipeline"] = json!("other-dev@us-east-1");
    let mut encrypt = stage.function("encrypt");
    assert_eq!(
        encrypt.invoke(&event).response(),
        json!({ "ignored": "another pipeline's document" })
    );
    let mut event = validated(&stage, "e-2", "v", MEMO);
    event["detail"]["bucket"] = json!("somebody-elses");
    assert_eq!(
        encrypt.invoke(&event).response(),
        json!({ "ignored": "an object outside of raw/" })
    );
}
