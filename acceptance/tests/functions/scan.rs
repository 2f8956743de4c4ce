//! scan: what is found, what is said of it, and what never is.

use crate::documents::{CARD, MEMO, NUMBER, fixture};
use crate::events::{api_request, object_created};
use crate::stage::{PIPELINE, Stage, api, expect_part};
use acceptance::lambda::{Answer, Function};
use serde_json::{Value, json};

fn scan(function: &mut Function, stage: &Stage, id: &str, key: &str, body: &[u8]) -> Value {
    let version = stage.put(&stage.processed(), key, body);
    let event = object_created(id, &stage.processed(), key, &version);
    function.invoke(&event).response()
}

fn result(stage: &Stage, answer: &Value) -> Value {
    let key = answer["result_key"].as_str().expect("a result");
    stage.boto3(&format!(
        "out(json.loads(s3.get_object(Bucket=PROCESSED, Key={key:?})[\"Body\"].read()))"
    ))
}

/// Everything a scan says: its log, its rows, its results and its alerts.
fn said(stage: &Stage, function: &Function, alerts: &[Value]) -> String {
    let results = stage.boto3("out([s3.get_object(Bucket=PROCESSED, Key=o[\"Key\"])[\"Body\"].read().decode() for o in s3.list_objects_v2(Bucket=PROCESSED, Prefix=\"scan-results/\").get(\"Contents\", [])])");
    format!(
        "{}\n{:?}\n{results}\n{alerts:?}",
        function.log().join("\n"),
        stage.rows()
    )
}

#[test]
fn a_document_without_personal_data_is_clean_and_nobody_is_told() {
    let stage = Stage::new("s-clean");
    let mut function = stage.function("scan");
    let answer = scan(
        &mut function,
        &stage,
        "e-1",
        "encrypted/a.txt",
        MEMO.as_bytes(),
    );
    expect_part(&answer, json!({ "verdict": "clean", "found": {} }));
    expect_part(
        &result(&stage, &answer),
        json!({ "verdict": "clean", "hits": [], "kind": "text", "pipeline": PIPELINE, "all_hits_listed": true }),
    );
    assert!(stage.alerts().is_empty());
    expect_part(
        &stage.rows()[0],
        json!({ "requestId": "scan#e-1", "operation": "scan", "verdict": "clean" }),
    );
}

#[test]
pub fn a_card_number_is_alerted_of_once_and_never_said() {
    let stage = Stage::new("s-card");
    let mut function = stage.function("scan");
    let version = stage.put(&stage.processed(), "encrypted/a.txt", CARD.as_bytes());
    let event = object_created("e-1", &stage.processed(), "encrypted/a.txt", &version);
    let answer = function.invoke(&event).response();
    expect_part(
        &answer,
        json!({ "verdict": "non-compliant", "found": { "payment-card": { "high": 1, "medium": 0, "low": 0 } } }),
    );
    expect_part(
        &result(&stage, &answer)["hits"][0],
        json!({ "type": "payment-card", "confidence": "high", "network": "visa" }),
    );
    function.invoke(&event).response();
    let alerts = stage.alerts();
    assert_eq!(alerts.len(), 1, "a repetition is silent: {alerts:#?}");
    expect_part(
        &alerts[0],
        json!({ "alert": "document-non-compliant", "attribute": "document-non-compliant", "version": version }),
    );
    // Somebody who asks is told again.
    let body = json!({ "document_key": "a.txt" }).to_string();
    let (status, body) = api(function
        .invoke(&api_request("r-1", "/documents/scan", &body))
        .response());
    assert_eq!(
        (status, &body["verdict"]),
        (200, &json!("non-compliant")),
        "{body}"
    );
    assert_eq!(stage.alerts().len(), 1);
    let said = said(&stage, &function, &alerts);
    let digits: String = said.chars().filter(|c| !" -".contains(*c)).collect();
    assert!(
        said.contains("payment-card") && !digits.contains(NUMBER),
        "the number is said"
    );
}

#[test]
fn a_document_that_cannot_be_read_is_never_clean() {
    let stage = Stage::new("s-unread");
    let mut function = stage.function("scan");
    let answer = scan(
        &mut function,
        &stage,
        "e-1",
        "encrypted/a.pdf",
        b"%PDF-1.4\nthis is none",
    );
    expect_part(&answer, json!({ "verdict": "unscannable" }));
    assert!(
        answer["reason"].as_str().is_some_and(|why| why.len() > 10),
        "{answer}"
    );
    let alerts = stage.alerts();
    expect_part(&alerts[0], json!({ "alert": "document-unscannable" }));
}

#[test]
fn a_card_number_in_a_documents_name_is_found_and_masked_everywhere() {
    let stage = Stage::new("s-name");
    let mut function = stage.function("scan");
    let key = format!("encrypted/card {NUMBER}.txt");
    let answer = scan(&mut function, &stage, "e-1", &key, MEMO.as_bytes());
    expect_part(&answer, json!({ "verdict": "non-compliant" }));
    let alerts = stage.alerts();
    let said = format!(
        "{}\n{:?}\n{alerts:?}",
        function.log().join("\n"),
        stage.rows()
    );
    assert!(
        said.contains("411111******1111") && !said.contains(NUMBER),
        "{said}"
    );
}

#[test]
fn patterns_of_the_configuration_count_as_the_scanners_own() {
    let mut stage = Stage::new("s-custom");
    stage.set(&[(
        "TAP_PATTERNS",
        json!([{ "name": "ticket", "pattern": "TCK-[0-9]{6}", "keywords": [] }]).to_string(),
    )]);
    let mut function = stage.function("scan");
    let answer = scan(
        &mut function,
        &stage,
        "e-1",
        "encrypted/a.txt",
        b"see TCK-907856 for more",
    );
    expect_part(&answer, json!({ "verdict": "non-compliant" }));
    assert!(!said(&stage, &function, &stage.alerts()).contains("907856"));
    stage.set(&[(
        "TAP_PATTERNS",
        json!([{ "name": "ticket", "pattern": "(" }]).to_string(),
    )]);
    let mut function = stage.function("scan");
    let version = stage.put(&stage.processed(), "encrypted/a.txt", b"x");
    let answer = function.invoke(&object_created(
        "e-2",
        &stage.processed(),
        "encrypted/a.txt",
        &version,
    ));
    let Answer::Error { kind, message } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(kind, "MissingSetting");
    assert!(
        message.contains("TAP_PATTERNS") && message.contains("ticket"),
        "{message}"
    );
}

#[test]
fn an_alert_that_nobody_gets_fails_the_scan_and_the_next_attempt_alerts() {
    let mut stage = Stage::new("s-topic");
    let topic = stage.env["TAP_TOPIC_ARN"].clone();
    stage.set(&[("TAP_TOPIC_ARN", format!("{topic}-gone"))]);
    let version = stage.put(&stage.processed(), "encrypted/a.txt", CARD.as_bytes());
    let event = object_created("e-1", &stage.processed(), "encrypted/a.txt", &version);
    let answer = stage.function("scan").invoke(&event);
    assert!(
        matches!(&answer, Answer::Error { kind, .. } if kind == "AwsError"),
        "{answer:?}"
    );
    stage.set(&[("TAP_TOPIC_ARN", topic)]);
    let answer = stage.function("scan").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "non-compliant" }));
    assert_eq!(stage.alerts().len(), 1);
    let verdicts: Vec<Value> = stage
        .rows()
        .iter()
        .map(|row| row["verdict"].clone())
        .collect();
    assert_eq!(
        verdicts.len(),
        2,
        "the failed attempt has a row of its own: {verdicts:?}"
    );
    assert!(verdicts.contains(&json!("failed")) && verdicts.contains(&json!("non-compliant")));
}

#[test]
fn what_the_functions_write_is_not_scanned() {
    let stage = Stage::new("s-loop");
    let mut function = stage.function("scan");
    for (bucket, key, why) in [
        (
            stage.processed(),
            "scan-results/a.txt/v.json",
            "an object outside of encrypted/",
        ),
        (stage.raw(), "raw/a.txt", "another bucket's object"),
    ] {
        let answer = function
            .invoke(&object_created("e-1", &bucket, key, "v"))
            .response();
        assert_eq!(answer, json!({ "ignored": why }));
    }
    let body = json!({ "document_key": "none.txt" }).to_string();
    let (status, body) = api(function
        .invoke(&api_request("r-1", "/documents/scan", &body))
        .response());
    assert_eq!(
        (status, &body["error"]["code"]),
        (404, &json!("DocumentNotFound"))
    );
}

/// A photograph of a card may be small: what was not looked at is said.
#[test]
fn pictures_beside_text_are_counted_as_not_read() {
    let stage = Stage::new("s-logo");
    let mut function = stage.function("scan");
    for file in ["docx/logo.docx", "pdf/logo.pdf"] {
        let key = format!("encrypted/{file}");
        let answer = scan(&mut function, &stage, file, &key, &fixture(file));
        expect_part(&answer, json!({ "pictures_not_read": 1 }));
        expect_part(
            &result(&stage, &answer),
            json!({ "pictures_not_read": 1, "unreadable": null }),
        );
    }
}

/// Nobody may be told a number because somebody named a document after it.
#[test]
fn a_number_that_is_a_documents_whole_name_is_said_nowhere() {
    let stage = Stage::new("s-number");
    let mut function = stage.function("scan");
    let key = format!("encrypted/{NUMBER}.txt");
    let answer = scan(&mut function, &stage, "e-1", &key, MEMO.as_bytes());
    expect_part(&answer, json!({ "verdict": "non-compliant" }));
    let alerts = stage.alerts();
    assert_eq!(alerts.len(), 1);
    let said = said(&stage, &function, &alerts);
    assert!(!said.contains(NUMBER), "{said}");
}

#[test]
fn real_documents_of_every_kind_are_read_or_said_to_be_unreadable() {
    let stage = Stage::new("s-kinds");
    let mut function = stage.function("scan");
    for (file, kind, verdict) in [
        ("pdf/object-streams.pdf", json!("pdf"), "non-compliant"),
        ("pdf/form.pdf", json!("pdf"), "non-compliant"),
        ("pdf/picture.pdf", json!("pdf"), "unscannable"),
        ("pdf/encrypted-aes-256-user.pdf", Value::Null, "unscannable"),
        ("docx/letter.docx", json!("docx"), "non-compliant"),
        ("xlsx/cards.xlsx", json!("xlsx"), "non-compliant"),
        ("office/letter.doc", json!("doc"), "non-compliant"),
        ("office/letter.rtf", Value::Null, "unscannable"),
    ] {
        let key = format!("encrypted/{file}");
        let answer = scan(&mut function, &stage, file, &key, &fixture(file));
        expect_part(&answer, json!({ "verdict": verdict }));
        let result = result(&stage, &answer);
        assert_eq!(result["kind"], kind, "{file}");
        if verdict == "non-compliant" {
            let part = result["hits"][0]["part"].as_str();
            assert!(
                part.is_some_and(|part| part != "name"),
                "{file}: {result:#}"
            );
        }
    }
    let alerts = stage.alerts();
    assert_eq!(alerts.len(), 8);
    let digits: String = said(&stage, &function, &alerts)
        .chars()
        .filter(|c| !" -".contains(*c))
        .collect();
    assert!(!digits.contains(NUMBER), "the number is said");
}
