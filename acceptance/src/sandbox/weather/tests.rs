use super::*;
use crate::sandbox::rest_operation;
use hyper::Request;
use hyper::body::Bytes;

fn call(service: &str, operation: &str) -> Inbound {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=test/20260102/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    let request = Request::post("/")
        .header("authorization", scope)
        .header("x-amz-target", format!("X.{operation}"))
        .body(());
    let (parts, ()) = request.unwrap().into_parts();
    Inbound::new(
        parts,
        Bytes::from_static(b"{}"),
        &rest_operation::tests::some(),
    )
}

fn weather(rules: &[&str]) -> Weather {
    let weather = Weather::default();
    weather.add(
        rules
            .iter()
            .map(|rule| serde_json::from_str::<Rule>(rule).unwrap()),
    );
    weather
}

fn fates(weather: &Weather, calls: &[Inbound]) -> Vec<bool> {
    calls
        .iter()
        .map(|call| weather.judge(call, Instant::now()).fate.is_some())
        .collect()
}

#[test]
fn a_rule_acts_on_the_calls_it_counts_and_on_no_other() {
    let cases = [
        (
            r#"{"match":{"nth":2},"action":"throttle"}"#,
            [false, true, false, false],
        ),
        (
            r#"{"match":{"from":3},"action":"throttle"}"#,
            [false, false, true, true],
        ),
        (
            r#"{"match":{"first":1},"action":"throttle"}"#,
            [true, false, false, false],
        ),
        (
            r#"{"match":{"every":2},"action":"throttle"}"#,
            [false, true, false, true],
        ),
        (
            r#"{"match":{"operation":"Create*","nth":2},"action":"throttle"}"#,
            [false, false, false, true],
        ),
        (
            r#"{"match":{"mutating":false},"action":"access_denied"}"#,
            [false, true, true, false],
        ),
        (
            r#"{"match":{"service":["s3","kms"]},"action":{"error_before":500}}"#,
            [true, true, true, true],
        ),
        (
            r#"{"match":{"service":"s3"},"action":{"error_before":500}}"#,
            [false; 4],
        ),
    ];
    let calls = [
        call("kms", "CreateKey"),
        call("kms", "ListKeys"),
        call("kms", "DescribeKey"),
        call("kms", "CreateAlias"),
    ];
    for (rule, expected) in cases {
        assert_eq!(fates(&weather(&[rule]), &calls), expected, "{rule}");
    }
}

#[test]
fn every_rule_counts_a_call_that_another_has_spoiled() {
    let weather = weather(&[
        r#"{"match":{"first":1},"action":"throttle"}"#,
        r#"{"match":{"nth":2},"action":"drop_before"}"#,
    ]);
    let calls = [call("kms", "CreateKey"), call("kms", "CreateKey")];
    assert_eq!(fates(&weather, &calls), [true, true]);
}

#[test]
fn a_rate_limit_refuses_what_comes_too_fast_and_recovers() {
    let weather = weather(&[r#"{"action":{"rate_limit":{"per_second":2.0,"burst":2.0}}}"#]);
    let begin = Instant::now();
    let refused = |after: u64| {
        weather
            .judge(
                &call("kms", "CreateKey"),
                begin + Duration::from_millis(after),
            )
            .fate
            .is_some()
    };
    assert_eq!(
        [0, 0, 0, 500, 500].map(refused),
        [false, false, true, false, true]
    );
}

#[test]
fn a_rule_with_a_misspelt_field_is_refused() {
    for rule in [
        r#"{"match":{"operations":"x"},"action":"throttle"}"#,
        r#"{"action":"throtle"}"#,
        r#"{"match":{}}"#,
    ] {
        assert!(serde_json::from_str::<Rule>(rule).is_err(), "{rule}");
    }
}

#[test]
fn the_limits_of_aws_are_rules() {
    let weather = Weather::default();
    weather.add(limits::rules());
    let calls: Vec<Inbound> = (0..7).map(|_| call("kms", "CreateKey")).collect();
    assert_eq!(
        fates(&weather, &calls),
        [false, false, false, false, false, true, true]
    );
}

/// A call of API Gateway, by its path.
fn rest(method: &str, path: &str) -> Inbound {
    let scope = "AWS4-HMAC-SHA256 Credential=test/20260102/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", scope).body(());
    let (parts, ()) = request.unwrap().into_parts();
    Inbound::new(
        parts,
        Bytes::from_static(b"{}"),
        &rest_operation::tests::some(),
    )
}

#[test]
fn a_limit_of_a_rest_service_is_by_the_name_of_its_operation() {
    let weather = Weather::default();
    weather.add(limits::rules());
    let begin = Instant::now();
    let refused = |call: &Inbound, seconds: u64| {
        let verdict = weather.judge(call, begin + Duration::from_secs(seconds));
        verdict.fate.is_some()
    };
    let create = rest("POST", "/restapis");
    assert_eq!(
        [0, 1, 3, 4].map(|second| refused(&create, second)),
        [false, true, false, true]
    );
    // Every call of the service counts towards what all of them may do.
    let read = rest("GET", "/restapis/abc");
    let let_through = (0..60).filter(|_| !refused(&read, 100)).count();
    assert_eq!(let_through, 40);
}

#[test]
fn operations_that_are_limited_each_do_not_wait_for_another() {
    let weather = Weather::default();
    weather.add(limits::rules());
    let calls = [
        call("wafv2", "CreateWebACL"),
        call("wafv2", "PutLoggingConfiguration"),
        call("wafv2", "CreateWebACL"),
    ];
    assert_eq!(fates(&weather, &calls), [false, false, true]);
}
