//! validate: which documents are let in, and what becomes of the others.

use crate::documents::{MEMO, fixture};
use crate::events::{api_request, object_created};
use crate::stage::{PIPELINE, Stage, api, expect_part};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const UPLOAD: &str = "/documents/upload";

fn upload(id: &str, body: Value) -> Value {
    api_request(id, UPLOAD, &body.to_string())
}

#[test]
fn a_document_that_s3_tells_of_is_accepted_once_and_told_on() {
    let stage = Stage::new("v-accept");
    let version = stage.put(&stage.raw(), "raw/2026/a memo.txt", MEMO.as_bytes());
    let event = object_created("e-1", &stage.raw(), "raw/2026/a memo.txt", &version);
    let mut validate = stage.function("validate");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = validate.invoke(&event).response();
        ids.push(validate.request_id().to_owned());
        expect_part(
            &answer,
            json!({ "verdict": "accepted", "kind": "text", "size": MEMO.len() }),
        );
    }
    let rows = stage.rows();
    assert_eq!(
        rows.len(),
        1,
        "a repetition is the same operation: {rows:#?}"
    );
    expect_part(
        &rows[0],
        json!({
            "requestId": "validate#e-1", "timestamp": "2026-11-12T10:00:00.000Z", "day": "2026-11-12",
            "pipeline": PIPELINE, "operation": "validate", "principal": "123456789012", "source": "event",
            "verdict": "accepted", "documentBucket": stage.raw(), "documentKey": "raw/2026/a memo.txt",
            "documentVersion": version, "functionVersion": "$LATEST", "lambdaRequestId": ids[0],
        }),
    );
    let told = stage.events();
    assert_eq!(told.len(), 2, "at least once: {told:#?}");
    expect_part(
        &told[0],
        json!({
            "source": "tap.pipeline", "detail-type": "Document Validated",
            "detail": { "pipeline": PIPELINE, "bucket": stage.raw(), "key": "raw/2026/a memo.txt", "version_id": version, "kind": "text", "size": MEMO.len() },
        }),
    );
    assert!(stage.alerts().is_empty());
}

#[test]
pub fn a_document_that_is_not_what_it_says_is_quarantined_and_found_there_again() {
    let stage = Stage::new("v-refuse");
    let version = stage.put(
        &stage.raw(),
        "raw/Größe.pdf",
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0",
    );
    let event = object_created("e-1", &stage.raw(), "raw/Größe.pdf", &version);
    let mut validate = stage.function("validate");
    let first = validate.invoke(&event).response();
    expect_part(
        &first,
        json!({ "verdict": "refused", "document_key": "raw/Größe.pdf" }),
    );
    assert!(
        first["reason"].is_string() && first["explanation"].is_string(),
        "{first}"
    );
    let second = validate.invoke(&event).response();
    assert_eq!(
        first, second,
        "a repetition finds what the first delivery did"
    );
    assert_eq!(stage.rows().len(), 1);
    let quarantined = format!("quarantine/{version}/Größe.pdf");
    assert_eq!(stage.keys(&stage.raw()), [quarantined.as_str()]);
    let kept = stage.boto3(&format!(
        "o = s3.get_object(Bucket=RAW, Key={quarantined:?})\nout([len(o[\"Body\"].read()), o[\"Metadata\"][\"tap-reason\"], code(s3.head_object, Bucket=RAW, Key=\"raw/Größe.pdf\", VersionId={version:?})])"
    ));
    assert_eq!(kept, json!([20, first["reason"], "404"]));
    assert!(
        stage.events().is_empty(),
        "nothing is told of a refused document"
    );
    // The move itself makes an event, as every new object does.
    let moved = object_created("e-2", &stage.raw(), &quarantined, "v");
    assert_eq!(
        validate.invoke(&moved).response(),
        json!({ "ignored": "an object outside of raw/" })
    );
}

#[test]
fn a_newer_version_is_not_hidden_when_an_older_one_is_refused() {
    let stage = Stage::new("v-newer");
    let old = stage.put(&stage.raw(), "raw/a.txt", b"\0\x01\x02\x03");
    stage.put(&stage.raw(), "raw/a.txt", MEMO.as_bytes());
    let event = object_created("e-1", &stage.raw(), "raw/a.txt", &old);
    let answer = stage.function("validate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "refused" }));
    let current =
        stage.boto3("out(s3.get_object(Bucket=RAW, Key=\"raw/a.txt\")[\"Body\"].read().decode())");
    assert_eq!(current, json!(MEMO));
}

#[test]
fn what_is_too_large_or_empty_is_refused_without_being_read() {
    let mut stage = Stage::new("v-size");
    stage.set(&[("TAP_MAX_DOCUMENT_BYTES", "10".to_owned())]);
    let mut validate = stage.function("validate");
    for (id, body, reason) in [("e-1", MEMO, "too-large"), ("e-2", "", "empty")] {
        let version = stage.put(&stage.raw(), "raw/a.txt", body.as_bytes());
        let event = object_created(id, &stage.raw(), "raw/a.txt", &version);
        let answer = validate.invoke(&event).response();
        expect_part(&answer, json!({ "verdict": "refused", "reason": reason }));
    }
}

#[test]
fn a_kind_that_the_pipeline_does_not_take_is_refused_by_name() {
    let mut stage = Stage::new("v-kind");
    stage.set(&[("TAP_DOCUMENT_TYPES", "pdf,docx".to_owned())]);
    let version = stage.put(&stage.raw(), "raw/a.pdf", MEMO.as_bytes());
    let event = object_created("e-1", &stage.raw(), "raw/a.pdf", &version);
    let answer = stage.function("validate").invoke(&event).response();
    expect_part(
        &answer,
        json!({ "verdict": "refused", "reason": "type-not-accepted", "explanation": "the document is text; this pipeline accepts pdf, docx" }),
    );
}

#[test]
pub fn a_caller_uploads_checks_and_is_told_what_is_wrong() {
    let stage = Stage::new("v-api");
    let mut validate = stage.function("validate");
    let (status, body) = api(validate
        .invoke(&upload(
            "r-1",
            json!({ "document_key": "in/a.txt", "content": STANDARD.encode(MEMO) }),
        ))
        .response());
    expect_part(
        &body,
        json!({ "verdict": "accepted", "document_key": "raw/in/a.txt", "kind": "text", "request_id": validate.request_id() }),
    );
    let first = validate.request_id().to_owned();
    assert_eq!(status, 200);
    let stored = stage.boto3("o = s3.get_object(Bucket=RAW, Key=\"raw/in/a.txt\")\nout([o[\"Body\"].read().decode(), o[\"ContentType\"], o[\"VersionId\"]])");
    assert_eq!(stored, json!([MEMO, "text/plain", body["version_id"]]));
    // It is S3's event for the stored document that goes on.
    assert!(stage.events().is_empty());
    let (status, body) = api(validate
        .invoke(&upload("r-2", json!({ "document_key": "in/a.txt" })))
        .response());
    assert_eq!((status, &body["verdict"]), (200, &json!("accepted")));
    assert_eq!(stage.events().len(), 1);

    let cases = [
        ("r-3", String::new(), 400, "InvalidBody"),
        ("r-4", "{}".to_owned(), 400, "InvalidBody"),
        ("r-5", "[1]".to_owned(), 400, "InvalidBody"),
        (
            "r-6",
            json!({ "document_key": "a", "typo": 1 }).to_string(),
            400,
            "InvalidBody",
        ),
        (
            "r-7",
            json!({ "document_key": "../a" }).to_string(),
            400,
            "InvalidDocumentKey",
        ),
        (
            "r-8",
            json!({ "document_key": "a", "content": "%" }).to_string(),
            400,
            "InvalidContent",
        ),
        (
            "r-9",
            json!({ "document_key": "a", "content": "YQ==", "presign": true }).to_string(),
            400,
            "InvalidBody",
        ),
        (
            "r-10",
            json!({ "document_key": "none" }).to_string(),
            404,
            "DocumentNotFound",
        ),
    ];
    for (id, body, wanted, code) in cases {
        let (status, answer) = api(validate.invoke(&api_request(id, UPLOAD, &body)).response());
        assert_eq!(
            (status, &answer["error"]["code"]),
            (wanted, &json!(code)),
            "{body}: {answer}"
        );
        assert!(
            answer["error"]["message"]
                .as_str()
                .is_some_and(|text| text.len() > 20),
            "{answer}"
        );
    }
    let (status, body) = api(validate
        .invoke(&upload(
            "r-11",
            json!({ "document_key": "a.pdf", "content": STANDARD.encode(b"\0\x01\x02") }),
        ))
        .response());
    assert_eq!((status, &body["verdict"]), (422, &json!("refused")));
    assert_eq!(
        body["document_key"],
        format!("quarantine/{}/a.pdf", validate.request_id())
    );
    let rows = stage.rows();
    assert_eq!(rows.len(), 11, "every request is an operation: {rows:#?}");
    expect_part(
        &rows[0],
        json!({
            "requestId": format!("validate#{first}"), "apiRequestId": "r-1", "source": "api",
            "principal": "arn:aws:iam::123456789012:user/uploader",
        }),
    );
}

/// A caller may choose API Gateway's id of a request.
#[test]
fn two_requests_that_bear_one_id_are_two_operations() {
    let stage = Stage::new("v-ids");
    let mut validate = stage.function("validate");
    for key in ["a.txt", "b.txt"] {
        let body = json!({ "document_key": key, "content": STANDARD.encode(MEMO) });
        let request = upload("chosen-4111111111111111", body);
        validate.invoke(&request).response();
    }
    let rows = stage.rows();
    // Whatever it is that they choose.
    expect_part(
        &rows[0],
        json!({ "apiRequestId": "chosen-411111******1111" }),
    );
    let of: Vec<&Value> = rows.iter().map(|row| &row["documentKey"]).collect();
    assert_eq!(of, ["raw/a.txt", "raw/b.txt"], "{rows:#?}");
}

/// S3 keeps two kilobytes of metadata, and a name may have a kilobyte.
#[test]
fn a_refused_document_of_a_long_name_is_quarantined() {
    let stage = Stage::new("v-long");
    let mut validate = stage.function("validate");
    let key = format!("raw/{}.txt", "ж".repeat(480));
    let version = stage.put(&stage.raw(), &key, b"\0\x01\x02");
    let event = object_created("e-1", &stage.raw(), &key, &version);
    let answer = validate.invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "refused" }));
    assert_eq!(answer, validate.invoke(&event).response(), "and again");
    let keys = stage.keys(&stage.raw());
    assert!(
        keys.len() == 1 && keys[0].starts_with("quarantine/"),
        "{keys:?}"
    );
    let size = stage.boto3(
        "k = s3.list_objects_v2(Bucket=RAW)[\"Contents\"][0][\"Key\"]\nout(sum(len(\"x-amz-meta-\" + n + v) for n, v in s3.head_object(Bucket=RAW, Key=k)[\"Metadata\"].items()))",
    );
    assert!(size.as_u64().is_some_and(|size| size <= 2048), "{size}");
}

#[test]
pub fn a_form_uploads_one_document_and_its_token_is_not_logged() {
    let stage = Stage::new("v-form");
    let mut validate = stage.function("validate");
    let (status, body) = api(validate
        .invoke(&upload(
            "r-1",
            json!({ "document_key": "large.txt", "presign": true }),
        ))
        .response());
    assert_eq!(
        (status, &body["verdict"]),
        (200, &json!("form-signed")),
        "{body}"
    );
    // The fields as they were given, and with a type of the caller's own.
    // The fields as they were given, and with a type of the caller's own.
    let posted = stage.boto3(&format!(
        r#"
import requests
upload, got = json.loads({:?}), []
for own in ({{}}, {{"Content-Type": "text/plain"}}):
    answer = requests.post(upload["url"], data=dict(upload["fields"], **own), files={{"file": b"by form"}})
    stored = s3.get_object(Bucket=RAW, Key="raw/large.txt")
    got.append([answer.status_code, stored["Body"].read().decode(), stored["ContentType"]])
out(got)"#,
        body["upload"].to_string()
    ));
    assert_eq!(
        posted,
        json!([
            [204, "by form", "application/octet-stream"],
            [204, "by form", "text/plain"]
        ])
    );
    let token = body["upload"]["fields"]["x-amz-security-token"]
        .as_str()
        .unwrap();
    let signature = body["upload"]["fields"]["x-amz-signature"]
        .as_str()
        .unwrap();
    let kept = format!("{}{:?}", validate.log().join("\n"), stage.rows());
    assert!(kept.contains("form-signed") && !kept.contains(token) && !kept.contains(signature));
}

#[test]
fn events_of_others_and_of_the_pipeline_itself_change_nothing() {
    let stage = Stage::new("v-others");
    let mut validate = stage.function("validate");
    for (bucket, key, why) in [
        ("somebody-elses", "raw/a.txt", "another bucket's object"),
        (
            stage.raw().as_str(),
            "other/a.txt",
            "an object outside of raw/",
        ),
        (
            stage.raw().as_str(),
            "raw/folder/",
            "an object outside of raw/",
        ),
    ] {
        let answer = validate
            .invoke(&object_created("e-1", bucket, key, "v"))
            .response();
        assert_eq!(answer, json!({ "ignored": why }));
    }
    assert!(stage.rows().is_empty());
    let gone = validate
        .invoke(&object_created("e-2", &stage.raw(), "raw/gone.txt", "v"))
        .response();
    expect_part(&gone, json!({ "verdict": "gone" }));
}

#[test]
fn real_documents_are_taken_by_what_they_are() {
    let stage = Stage::new("v-kinds");
    let mut validate = stage.function("validate");
    for (file, verdict, word) in [
        ("pdf/plain.pdf", "accepted", "pdf"),
        ("docx/letter.docx", "accepted", "docx"),
        ("office/letter.doc", "accepted", "doc"),
        ("xlsx/cards.xlsx", "refused", "type-not-accepted"),
        ("pdf/encrypted-rc4-128-user.pdf", "refused", "encrypted"),
        ("pdf/encrypted-aes-256-owner.pdf", "accepted", "pdf"),
        ("office/letter.rtf", "refused", "unknown-type"),
    ] {
        // Whatever its name says.
        let key = format!("raw/{file}.txt");
        let version = stage.put(&stage.raw(), &key, &fixture(file));
        let answer = validate
            .invoke(&object_created(file, &stage.raw(), &key, &version))
            .response();
        let said = if verdict == "accepted" {
            &answer["kind"]
        } else {
            &answer["reason"]
        };
        assert_eq!(
            (&answer["verdict"], said),
            (&json!(verdict), &json!(word)),
            "{file}: {answer:#}"
        );
    }
}
