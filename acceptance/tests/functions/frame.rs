//! What all functions do around their operation: row, log, batch, trace,
//! deadline, and what they say when they cannot come up.

use std::net::UdpSocket;
use std::time::Duration;

use crate::documents::MEMO;
use crate::events::{api_request, object_created, queue};
use crate::stage::{Stage, api, expect_part, native};
use acceptance::lambda::{Answer, Function, Program};
use acceptance::{Action, Rule};
use serde_json::{Value, json};

fn uploaded(stage: &Stage, id: &str) -> Value {
    let version = stage.put(&stage.raw(), "raw/a.txt", MEMO.as_bytes());
    object_created(id, &stage.raw(), "raw/a.txt", &version)
}

#[test]
fn what_cannot_be_recorded_has_failed() {
    let mut stage = Stage::new("f-row");
    let event = uploaded(&stage, "e-1");
    stage.set(&[("TAP_AUDIT_TABLE", "none-such".to_owned())]);
    let mut validate = stage.function("validate");
    let answer = validate.invoke(&event);
    let Answer::Error { kind, message } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(kind, "AwsError");
    assert!(
        message.contains("dynamodb:PutItem of none-such failed with ResourceNotFoundException"),
        "{message}"
    );
    let body = json!({ "document_key": "a.txt" }).to_string();
    let (status, body) = api(validate
        .invoke(&api_request("r-1", "/documents/upload", &body))
        .response());
    assert_eq!(
        (status, &body["error"]["code"], &body["request_id"]),
        (500, &json!("InternalError"), &json!(validate.request_id()))
    );
    assert!(
        !body.to_string().contains("none-such"),
        "a caller learns nothing of the inside: {body}"
    );
}

#[test]
fn of_a_batch_only_what_failed_comes_again() {
    let stage = Stage::new("f-batch");
    let good = uploaded(&stage, "e-1").to_string();
    let bad = json!({ "detail-type": "Something", "source": "else", "id": "e-2", "detail": {} })
        .to_string();
    let batch = queue(&[("m-1", good), ("m-2", bad), ("m-3", "no JSON".to_owned())]);
    let answer = stage.function("validate").invoke(&batch).response();
    assert_eq!(
        answer,
        json!({ "batchItemFailures": [{ "itemIdentifier": "m-2" }, { "itemIdentifier": "m-3" }] })
    );
    let rows = stage.rows();
    let verdicts: Vec<&Value> = rows.iter().map(|row| &row["verdict"]).collect();
    assert_eq!(
        verdicts,
        [&json!("accepted"), &json!("failed")],
        "{rows:#?}"
    );
}

#[test]
fn a_failure_says_which_document_it_is_about_and_hides_what_its_name_holds() {
    let stage = Stage::alone("f-named");
    let key = "raw/card 4111 1111 1111 1111.txt";
    let version = stage.put(&stage.raw(), key, MEMO.as_bytes());
    stage
        .sandbox
        .weather([Rule::new(Action::AccessDenied)
            .service("s3")
            .operation("GetObject")])
        .unwrap();
    let event = object_created("e-1", &stage.raw(), key, &version);
    let mut validate = stage.function("validate");
    let batch = queue(&[("m-1", event.to_string())]);
    let answer = validate.invoke(&batch).response();
    assert_eq!(
        answer,
        json!({ "batchItemFailures": [{ "itemIdentifier": "m-1" }] })
    );
    expect_part(
        &stage.rows()[0],
        json!({
            "verdict": "failed", "documentBucket": stage.raw(), "documentVersion": version,
            "documentKey": "raw/card 411111******1111.txt",
        }),
    );
    let said = format!("{}{:?}", validate.log().join("\n"), stage.rows());
    assert!(!said.contains("1111 1111 1111"), "{said}");
}

#[test]
fn a_log_line_is_one_object_that_says_which_request_it_is_about() {
    let stage = Stage::new("f-log");
    let mut validate = stage.function("validate");
    validate.invoke(&uploaded(&stage, "e-1")).response();
    let log = validate.log();
    let line: Value = serde_json::from_str(&log[0]).expect("JSON");
    expect_part(
        &line,
        json!({ "level": "INFO", "operation": "validate", "requestId": "e-1", "verdict": "accepted", "repeated": false, "documentKey": "raw/a.txt" }),
    );
    assert!(line["traceId"].is_string() && line["timestamp"].is_string());
    assert!(!log.join("").contains("Nothing was decided"), "no content");
}

#[test]
fn a_call_that_is_throttled_or_dropped_is_made_again() {
    let stage = Stage::alone("f-weather");
    let event = uploaded(&stage, "e-1");
    stage
        .sandbox
        .weather([
            Rule::new(Action::Throttle)
                .service("dynamodb")
                .operation("PutItem")
                .nth(1),
            Rule::new(Action::ErrorBefore(503))
                .service("s3")
                .operation("GetObject")
                .nth(1),
            Rule::new(Action::DropAfter)
                .service("events")
                .operation("PutEvents")
                .nth(1),
        ])
        .unwrap();
    let answer = stage.function("validate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "accepted" }));
    let rows = stage.rows();
    assert_eq!(rows.len(), 1, "{rows:#?}");
}

#[test]
fn a_row_that_was_written_although_the_answer_was_lost_is_not_written_twice() {
    let stage = Stage::alone("f-lost");
    let event = uploaded(&stage, "e-1");
    stage
        .sandbox
        .weather([Rule::new(Action::ErrorAfter(500))
            .service("dynamodb")
            .operation("PutItem")
            .nth(1)])
        .unwrap();
    let answer = stage.function("validate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "accepted" }));
    assert_eq!(stage.rows().len(), 1);
}

#[test]
fn a_service_that_does_not_answer_ends_the_operation_before_lambda_does() {
    let stage = Stage::alone("f-slow");
    let event = uploaded(&stage, "e-1");
    stage
        .sandbox
        .weather([Rule::new(Action::LatencyMs(60_000)).service("events")])
        .unwrap();
    let answer = stage.function("validate").invoke(&event);
    let Answer::Error { kind, message } = answer else {
        panic!("the function is to answer in time: {answer:?}");
    };
    assert!(
        matches!(kind.as_str(), "LocalError" | "AwsError"),
        "{kind}: {message}"
    );
    expect_part(&stage.rows()[0], json!({ "verdict": "failed" }));
}

#[test]
fn a_table_that_does_not_answer_ends_the_operation_before_lambda_does() {
    let stage = Stage::alone("f-table");
    let event = uploaded(&stage, "e-1");
    stage
        .sandbox
        .weather([Rule::new(Action::LatencyMs(60_000))
            .service("dynamodb")
            .operation("PutItem")])
        .unwrap();
    // Shorter than one attempt of the SDK.
    let hasty = Program {
        timeout: Duration::from_secs(4),
        ..native()
    };
    let answer = stage.function_of(&hasty, "validate").invoke(&event);
    let Answer::Error { kind, message } = answer else {
        panic!("the function is to answer in time: {answer:?}");
    };
    assert_eq!(kind, "LocalError", "{message}");
    assert!(message.contains("audit row"), "{message}");
}

/// S3 answers 400 to a HEAD without a key that the sender has kept (SSE-C), as
/// it does to a version id that is none.
#[test]
fn an_object_that_may_not_be_looked_at_is_not_taken_for_gone() {
    let stage = Stage::alone("f-400");
    let event = uploaded(&stage, "e-1");
    stage
        .sandbox
        .weather([Rule::new(Action::Error {
            status: 400,
            code: "InvalidRequest".to_owned(),
            message: "The object was stored using a form of Server Side Encryption.".to_owned(),
        })
        .service("s3")
        .operations(&["HeadObject", "GetObject"])])
        .unwrap();
    let answer = stage.function("validate").invoke(&event);
    let Answer::Error { kind, message } = answer else {
        panic!("nobody knows whether it is gone: {answer:?}");
    };
    assert_eq!(kind, "AwsError");
    assert!(message.contains("InvalidRequest"), "{message}");
}

#[test]
fn a_sampled_invocation_has_a_subsegment() {
    let mut stage = Stage::new("f-trace");
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    stage.set(&[("AWS_XRAY_DAEMON_ADDRESS", address)]);
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    stage
        .function("validate")
        .invoke_traced(&uploaded(&stage, "e-1"), trace)
        .response();
    let mut datagram = [0; 4096];
    let length = daemon.recv(&mut datagram).expect("a subsegment");
    let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
    let segment: Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
    expect_part(
        &segment,
        json!({ "name": "validate", "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "parent_id": "53995c3f42cd8ad8", "fault": false }),
    );
}

#[test]
fn a_function_that_lacks_a_setting_says_which() {
    let mut stage = Stage::new("f-init");
    let start =
        |stage: &Stage, handler: &str| Function::start(&native(), handler, &stage.env).map(drop);
    let error = start(&stage, "index.handler").unwrap_err();
    assert!(
        error.contains("_HANDLER") && error.contains("validate, encrypt"),
        "{error}"
    );
    stage.env.remove("TAP_PIPELINE");
    let error = start(&stage, "validate").unwrap_err();
    assert!(error.contains("TAP_PIPELINE"), "{error}");
    let mut stage = Stage::new("f-need");
    stage.env.remove("TAP_RAW_BUCKET");
    let answer = stage
        .function("validate")
        .invoke(&object_created("e-1", "b", "raw/a", "v"));
    let Answer::Error { kind, message } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(kind, "MissingSetting");
    assert!(message.contains("TAP_RAW_BUCKET"), "{message}");
}
