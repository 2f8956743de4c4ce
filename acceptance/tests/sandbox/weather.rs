//! What goes wrong on demand: each action of the weather, as boto3 meets it.

use std::io::Write;
use std::net::TcpStream;

use super::*;
use acceptance::{Action, Rule, When};

/// Error code and HTTP status of a call of each protocol.
const ONE_OF_EACH: &str = r#"
def both(call, **arguments):
    try:
        call(**arguments)
        return "ok"
    except botocore.exceptions.ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
out({
    "kms": both(c("kms").list_keys),
    "dynamodb": both(c("dynamodb").list_tables),
    "ssm": both(c("ssm").describe_parameters),
    "sns": both(c("sns").list_topics),
    "sts": both(c("sts").get_caller_identity),
    "s3": both(c("s3").list_buckets),
    "ec2": both(c("ec2").describe_vpcs),
    "lambda": both(c("lambda").list_functions),
})"#;

#[test]
fn throttling_has_the_shape_of_each_service() {
    let sandbox = own();
    sandbox.weather([Rule::new(Action::Throttle)]).unwrap();
    assert_eq!(
        run(&sandbox, ONE_OF_EACH),
        json!({
            "kms": ["ThrottlingException", 400], "dynamodb": ["ThrottlingException", 400], "ssm": ["ThrottlingException", 400], "sns": ["Throttled", 429],
            "sts": ["Throttling", 400], "s3": ["SlowDown", 503], "ec2": ["RequestLimitExceeded", 503], "lambda": ["TooManyRequestsException", 429],
        })
    );
}

#[test]
fn a_refused_permission_has_the_shape_of_each_service() {
    let sandbox = own();
    sandbox.weather([Rule::new(Action::AccessDenied)]).unwrap();
    assert_eq!(
        run(&sandbox, ONE_OF_EACH),
        json!({
            "kms": ["AccessDeniedException", 400], "dynamodb": ["AccessDeniedException", 400], "ssm": ["AccessDeniedException", 400], "sns": ["AuthorizationError", 403],
            "sts": ["AccessDenied", 403], "s3": ["AccessDenied", 403], "ec2": ["UnauthorizedOperation", 403], "lambda": ["AccessDeniedException", 403],
        })
    );
}

#[test]
fn an_error_of_choice_comes_as_often_as_the_rule_says() {
    let sandbox = own();
    let error = Action::Error {
        status: 400,
        code: "MalformedPolicyDocumentException".to_owned(),
        message: "a principal that is too new".to_owned(),
    };
    sandbox
        .weather([Rule::new(error)
            .service("kms")
            .operation("CreateKey")
            .first(2)])
        .unwrap();
    let found = run(
        &sandbox,
        r#"out([code(c("kms").create_key) for _ in range(3)])"#,
    );
    assert_eq!(
        found,
        json!([
            "MalformedPolicyDocumentException",
            "MalformedPolicyDocumentException",
            "ok"
        ])
    );
    let spoiled: Vec<bool> = sandbox
        .calls()
        .unwrap()
        .iter()
        .map(|call| call.weather == ["error"])
        .collect();
    assert_eq!(spoiled, [true, true, false]);
}

#[test]
fn a_lost_answer_leaves_its_effect_and_a_lost_request_does_not() {
    let cases = [
        (Action::ErrorBefore(500), "InternalError", false),
        (Action::ErrorAfter(500), "InternalError", true),
        (Action::DropBefore, "ConnectionClosedError", false),
        (Action::DropAfter, "ConnectionClosedError", true),
    ];
    let sandbox = own();
    for (action, expected, effect) in cases {
        sandbox.reset().unwrap();
        sandbox
            .weather([Rule::new(action.clone())
                .service("s3")
                .operation("CreateBucket")
                .resource("lost")
                .nth(1)])
            .unwrap();
        let found = run(
            &sandbox,
            r#"out(code(c("s3").create_bucket, Bucket="lost"))"#,
        );
        assert_eq!(found, json!(expected), "{action:?}");
        let expected = if effect {
            json!({"us-east-1": {"buckets": ["lost"]}})
        } else {
            json!({})
        };
        assert_eq!(sandbox.account().unwrap(), expected, "{action:?}");
    }
}

#[test]
fn latency_slows_the_operation_it_names() {
    let sandbox = own();
    sandbox
        .weather([
            Rule::new(Action::LatencyMs(300))
                .service("kms")
                .operation("List*"),
            Rule::new(Action::LatencyMs(100)).mutating(),
        ])
        .unwrap();
    run(
        &sandbox,
        r#"c("kms").list_keys(); c("kms").create_key(); c("sts").get_caller_identity()"#,
    );
    let calls = sandbox.calls().unwrap();
    let slowed: Vec<(&str, usize)> = calls
        .iter()
        .map(|call| (call.operation.as_str(), call.weather.len()))
        .collect();
    assert_eq!(
        slowed,
        [("ListKeys", 1), ("CreateKey", 1), ("GetCallerIdentity", 0)]
    );
    let taken: Vec<f64> = calls.iter().filter_map(|call| call.duration_ms).collect();
    assert!(taken[0] >= 300.0 && taken[1] >= 100.0, "{taken:?}");
}

#[test]
fn a_rate_limit_lets_only_so_many_through() {
    let sandbox = own();
    sandbox.aws_limits().unwrap();
    let found = run(
        &sandbox,
        r#"out([code(c("kms").create_key) for _ in range(1)] + sorted({code(k.create_key) for k in [c("kms")] for _ in range(30)}))"#,
    );
    assert_eq!(found, json!(["ok", "ThrottlingException", "ok"]));
}

#[test]
fn the_nth_mutating_call_is_acted_on_once_however_many_come_at_once() {
    let sandbox = own();
    sandbox
        .weather([Rule::new(Action::Throttle).mutating().nth(20)])
        .unwrap();
    let found = run(
        &sandbox,
        r#"
from concurrent.futures import ThreadPoolExecutor
kms = c("kms", )
with ThreadPoolExecutor(16) as pool:
    codes = list(pool.map(lambda _: code(kms.create_key), range(60)))
out([codes.count("ok"), codes.count("ThrottlingException")])"#,
    );
    assert_eq!(found, json!([59, 1]));
}

#[test]
fn a_held_call_goes_on_when_it_is_released() {
    for (when, exists) in [(When::Before, false), (When::After, true)] {
        let sandbox = own();
        sandbox
            .weather([Rule::new(Action::Hold(when)).mutating().nth(2)])
            .unwrap();
        std::thread::scope(|scope| {
            let script = scope.spawn(|| run(&sandbox, r#"out([code(c("s3").create_bucket, Bucket=name) for name in ("first", "second")])"#));
            let held = sandbox.wait_held(1, Duration::from_secs(20)).unwrap();
            assert_eq!(
                held.iter()
                    .map(|held| (held.operation.as_str(), held.resource.as_str(), held.when))
                    .collect::<Vec<_>>(),
                [("CreateBucket", "second", when)]
            );
            let buckets = if exists {
                json!(["first", "second"])
            } else {
                json!(["first"])
            };
            assert_eq!(
                sandbox.account().unwrap()["us-east-1"]["buckets"],
                buckets,
                "{when:?}"
            );
            assert_eq!(sandbox.calls().unwrap()[1].status, None);
            assert_eq!(sandbox.release().unwrap(), 1);
            assert_eq!(script.join().unwrap(), json!(["ok", "ok"]), "{when:?}");
        });
    }
}

#[test]
fn a_call_that_is_held_while_its_caller_is_killed_is_given_up() {
    let cases = [
        (When::Before, json!({})),
        (When::After, json!({"us-east-1": {"buckets": ["held"]}})),
    ];
    for (when, expected) in cases {
        let sandbox = own();
        sandbox
            .weather([Rule::new(Action::Hold(when)).operation("CreateBucket")])
            .unwrap();
        let scope = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260102/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let mut caller =
            TcpStream::connect(sandbox.endpoint().trim_start_matches("http://")).unwrap();
        write!(
            caller,
            "PUT /held HTTP/1.1\r\nHost: 127.0.0.1\r\n{scope}\r\nContent-Length: 0\r\n\r\n"
        )
        .unwrap();
        let held = sandbox.wait_held(1, Duration::from_secs(20)).unwrap();
        assert_eq!(held.len(), 1);
        // What the kernel does to the connections of a process that is killed.
        drop(caller);
        let begin = Instant::now();
        while !sandbox.wait_held(1, Duration::ZERO).unwrap().is_empty() {
            assert!(
                begin.elapsed() < Duration::from_secs(5),
                "the call is still held"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        sandbox.clear_weather().unwrap();
        assert_eq!(sandbox.account().unwrap(), expected, "{when:?}");
    }
}

#[test]
fn a_call_that_was_received_takes_effect_although_its_caller_hangs_up() {
    let sandbox = own();
    sandbox
        .weather([Rule::new(Action::LatencyMs(500))])
        .unwrap();
    run(
        &sandbox,
        r#"out(code(boto3.client("s3", config=Config(read_timeout=0.2, retries={"total_max_attempts": 1})).create_bucket, Bucket="impatient"))"#,
    );
    let expected = json!({"us-east-1": {"buckets": ["impatient"]}});
    let begin = Instant::now();
    while sandbox.account().unwrap() != expected {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "the bucket never came"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn nothing_from_before_a_reset_takes_effect_after_it() {
    let sandbox = own();
    sandbox
        .weather([Rule::new(Action::LatencyMs(500))])
        .unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| run(&sandbox, r#"code(c("s3").create_bucket, Bucket="late")"#));
        while sandbox.calls().unwrap().is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
        sandbox.reset().unwrap();
    });
    assert_eq!(sandbox.account().unwrap(), json!({}));
}

#[test]
fn a_rule_that_cannot_be_understood_is_refused_with_the_reason() {
    let refused = own()
        .control::<Value>(
            "POST",
            "weather",
            r#"{"match":{"operations":"CreateKey"},"action":"throttle"}"#,
        )
        .unwrap_err();
    assert!(
        refused.contains("400") && refused.contains("unknown field `operations`"),
        "{refused}"
    );
}
