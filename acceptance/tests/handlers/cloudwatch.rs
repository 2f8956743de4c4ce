//! Log groups and what hangs on them, rules, alarms, dashboards and the
//! detector, against the contract.

use crate::contract::{Bench, Case, OWNER, hold};
use crate::story;
use serde_json::{Value, json};
use terraform_provider_tap::blueprint::{Facts, Spec, expand};
use terraform_provider_tap::engine::{ErrorKind, Found};

fn tags(team: &str) -> Value {
    json!([{ "Key": "team", "Value": team }])
}

/// A key whose policy admits Logs for groups whose names begin so.
fn log_key(bench: &Bench<'_>, prefix: &str) -> String {
    let script = format!(
        r#"
account = boto3.client("sts").get_caller_identity()["Account"]
policy = {{"Version": "2012-10-17", "Statement": [
    {{"Effect": "Allow", "Principal": {{"AWS": f"arn:aws:iam::{{account}}:root"}}, "Action": "kms:*", "Resource": "*"}},
    {{"Effect": "Allow", "Principal": {{"Service": "logs.us-east-1.amazonaws.com"}}, "Action": "kms:*", "Resource": "*",
      "Condition": {{"ArnLike": {{"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:{{account}}:log-group:{prefix}*"}}}}}},
]}}
print(json.dumps(boto3.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]))
"#
    );
    let arn = bench.sandbox.boto3(&script).expect("a key");
    arn.as_str().expect("an ARN").to_owned()
}

fn asked(bench: &Bench<'_>, service: &str, expression: &str) -> Value {
    let script =
        format!("client = boto3.client({service:?})\nprint(json.dumps({expression}, default=str))");
    bench.sandbox.boto3(&script).expect("an answer")
}

async fn log_group(bench: &Bench<'_>, name: &str) {
    let properties = json!({ "LogGroupName": name });
    bench
        .made("ApiCallsLogGroup", "AWS::Logs::LogGroup", &properties)
        .await;
}

#[test]
fn a_log_group_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let (first, second) = (log_key(&bench, "/aws/events/"), log_key(&bench, "/aws/"));
        let name = "/aws/events/api-calls";
        // Another of a longer name does not stand in for it.
        log_group(&bench, "/aws/events/api-calls-2").await;
        hold(
            &bench,
            Case {
                id: "Calls",
                type_name: "AWS::Logs::LogGroup",
                first: json!({
                    "LogGroupName": name, "KmsKeyId": first, "RetentionInDays": 365,
                    "Tags": tags("blue"),
                }),
                then: vec![
                    json!({
                        "LogGroupName": name, "KmsKeyId": second, "RetentionInDays": 400,
                        "Tags": tags("red"),
                    }),
                    json!({ "LogGroupName": name }),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_log_group_is_encrypted_and_ours_from_its_first_call_on() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let key = log_key(&bench, "/aws/events/");
        let wanted = |name: &str| {
            json!({
                "LogGroupName": name, "KmsKeyId": key, "RetentionInDays": 365,
                "Tags": tags("blue"),
            })
        };
        let handler = bench.handler("AWS::Logs::LogGroup");
        handler
            .create(&bench.cx("Calls"), &wanted("/aws/events/calls"))
            .await
            .expect("made");
        let group = asked(
            &bench,
            "logs",
            "client.describe_log_groups()['logGroups'][0]",
        );
        assert_eq!(group["kmsKeyId"], key);
        let arn = group["logGroupArn"].as_str().expect("an ARN");
        let live = asked(
            &bench,
            "logs",
            &format!("client.list_tags_for_resource(resourceArn={arn:?})['tags']"),
        );
        assert_eq!(live["tap:pipeline"], OWNER);
        assert_eq!(live["tap:logical-id"], "Calls");
        assert_eq!(live["team"], "blue");

        // A key that does not admit Logs for this group may yet be told to.
        let refused = handler
            .create(&bench.cx("Other"), &wanted("/aws/lambda/other"))
            .await
            .expect_err("the key's policy does not admit it");
        assert_eq!(refused.kind, ErrorKind::Transient, "{refused}");
    });
}

#[test]
fn a_metric_filter_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        log_group(&bench, "/aws/events/calls").await;
        let filter = |value: &str, default: Value| {
            json!({
                "FilterName": "denied", "LogGroupName": "/aws/events/calls",
                "FilterPattern": "{ $.detail.errorCode = \"AccessDenied\" }",
                "MetricTransformations": [{
                    "MetricName": "Denied", "MetricNamespace": "tap/dev", "MetricValue": value,
                    "DefaultValue": default,
                }],
            })
        };
        hold(
            &bench,
            Case {
                id: "DeniedFilter",
                type_name: "AWS::Logs::MetricFilter",
                first: filter("1", json!(0)),
                then: vec![filter("2", json!(0.5))],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_log_resource_policy_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        log_group(&bench, "/aws/events/calls").await;
        let policy = |actions: Value| {
            json!({
                "PolicyName": "events",
                "PolicyDocument": { "Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": ["events.amazonaws.com"] },
                    "Action": actions,
                    "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/calls:*",
                }] },
            })
        };
        hold(
            &bench,
            Case {
                id: "EventsLogPolicy",
                type_name: "AWS::Logs::ResourcePolicy",
                first: policy(json!("logs:PutLogEvents")),
                then: vec![policy(json!(["logs:PutLogEvents", "logs:CreateLogStream"]))],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn an_eleventh_log_resource_policy_is_refused_with_the_names_of_the_ten() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let script = r#"
logs = boto3.client("logs")
for n in range(10):
    logs.put_resource_policy(policyName=f"theirs-{n}", policyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
"#;
        bench.sandbox.boto3(script).expect("ten policies");
        let wanted = json!({
            "PolicyName": "events",
            "PolicyDocument": { "Version": "2012-10-17", "Statement": [] },
        });
        let error = bench
            .handler("AWS::Logs::ResourcePolicy")
            .create(&bench.cx("EventsLogPolicy"), &wanted)
            .await
            .expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.message.contains("theirs-0"), "{error}");
        assert!(error.message.contains("merge or delete one"), "{error}");
    });
}

#[test]
fn a_rule_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let queue = "arn:aws:sqs:us-east-1:123456789012:dead-letters";
        let function =
            |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}");
        let rule = |least: f64, state: &str, targets: Value, team: &str| {
            json!({
                "Name": "findings", "Description": "findings", "State": state,
                "EventPattern": {
                    "source": ["aws.guardduty"],
                    "detail": { "severity": [{ "numeric": [">=", least] }] },
                },
                "Targets": targets, "Tags": tags(team),
            })
        };
        let remediate = |attempts: u32| {
            json!({
                "Id": "Remediate", "Arn": function("remediate"),
                "RetryPolicy": { "MaximumRetryAttempts": attempts },
                "DeadLetterConfig": { "Arn": queue },
            })
        };
        let alert = json!({
            "Id": "Alert", "Arn": "arn:aws:sns:us-east-1:123456789012:alerts",
            "InputTransformer": {
                "InputPathsMap": { "title": "$.detail.title" },
                "InputTemplate": "\"<title>\"",
            },
        });
        hold(
            &bench,
            Case {
                id: "FindingsRule",
                type_name: "AWS::Events::Rule",
                first: rule(7.0, "ENABLED", json!([remediate(3), alert]), "blue"),
                then: vec![
                    rule(8.5, "DISABLED", json!([remediate(5)]), "blue"),
                    rule(
                        8.5,
                        "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
                        json!([alert, remediate(5)]),
                        "red",
                    ),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_rules_targets_have_the_retries_and_dead_letters_that_were_wanted() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let queue = "arn:aws:sqs:us-east-1:123456789012:dead-letters";
        let wanted = json!({
            "Name": "findings",
            "EventPattern": { "source": ["aws.guardduty"] },
            "Targets": [{
                "Id": "Remediate",
                "Arn": "arn:aws:lambda:us-east-1:123456789012:function:remediate",
                "RetryPolicy": { "MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600 },
                "DeadLetterConfig": { "Arn": queue },
            }],
        });
        bench
            .made("FindingsRule", "AWS::Events::Rule", &wanted)
            .await;
        let target = asked(
            &bench,
            "events",
            "client.list_targets_by_rule(Rule='findings')['Targets'][0]",
        );
        assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 3);
        assert_eq!(target["RetryPolicy"]["MaximumEventAgeInSeconds"], 3600);
        assert_eq!(target["DeadLetterConfig"]["Arn"], queue);
        let live = asked(
            &bench,
            "events",
            "client.list_tags_for_resource(ResourceARN=client.describe_rule(Name='findings')['Arn'])['Tags']",
        );
        assert!(
            live.as_array()
                .expect("tags")
                .contains(&json!({ "Key": "tap:pipeline", "Value": OWNER })),
            "{live}"
        );
    });
}

#[test]
fn an_alarm_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let alarm = |threshold: f64, actions: Value, team: &str| {
            json!({
                "AlarmName": "errors", "AlarmDescription": "The function fails",
                "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum",
                "Dimensions": [{ "Name": "FunctionName", "Value": "scan" }],
                "Period": 300, "EvaluationPeriods": 1, "DatapointsToAlarm": 1,
                "Threshold": threshold,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": actions, "OKActions": actions, "Tags": tags(team),
            })
        };
        let topic = "arn:aws:sns:us-east-1:123456789012:alerts";
        hold(
            &bench,
            Case {
                id: "ScanErrorsAlarm",
                type_name: "AWS::CloudWatch::Alarm",
                first: alarm(5.0, json!([topic]), "blue"),
                then: vec![alarm(7.5, json!([]), "red")],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_dashboard_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let dashboard = |text: &str, team: &str| {
            let body = json!({ "widgets": [{
                "type": "text", "x": 0, "y": 0, "width": 6, "height": 2,
                "properties": { "markdown": text },
            }]});
            json!({
                "DashboardName": "documents-dev", "DashboardBody": body.to_string(),
                "Tags": tags(team),
            })
        };
        hold(
            &bench,
            Case {
                id: "Dashboard",
                type_name: "AWS::CloudWatch::Dashboard",
                first: dashboard("one", "blue"),
                then: vec![dashboard("one", "red"), dashboard("two <&>", "red")],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_dashboards_body_is_compared_as_json() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let handler = bench.handler("AWS::CloudWatch::Dashboard");
        let normal = |body: &str| {
            handler
                .normalise(&json!({ "DashboardName": "d", "DashboardBody": body }))
                .expect("valid")
        };
        assert_eq!(
            normal(r#"{ "b": 1, "a": [] }"#),
            normal("{\"a\":[],\n\"b\":1}")
        );
        let problem = handler.normalise(&json!({ "DashboardName": "d", "DashboardBody": "{" }));
        assert!(problem.expect_err("refused").starts_with("DashboardBody"));
    });
}

#[test]
fn a_detector_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let detector = |enable: bool, frequency: &str, team: &str| {
            json!({
                "Enable": enable, "FindingPublishingFrequency": frequency, "Tags": tags(team),
            })
        };
        hold(
            &bench,
            Case {
                id: "Detector",
                type_name: "AWS::GuardDuty::Detector",
                first: detector(true, "FIFTEEN_MINUTES", "blue"),
                then: vec![
                    detector(false, "ONE_HOUR", "blue"),
                    detector(true, "ONE_HOUR", "red"),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_detector_of_the_accounts_own_is_a_stranger_and_is_left_alone() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        asked(&bench, "guardduty", "client.create_detector(Enable=True)");
        let wanted = json!({ "Enable": true });
        let found = bench
            .handler("AWS::GuardDuty::Detector")
            .find(&bench.cx("Detector"), &wanted)
            .await
            .expect("an answer");
        assert!(matches!(found, Found::Stranger(_)), "{found:?}");
    });
}

/// What the pipeline's rules match, asked of EventBridge: severity, numeric
/// comparison and alternatives are its language, not ours.
#[test]
fn the_pipelines_rules_match_what_they_are_for_and_nothing_else() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let template =
            expand(&Spec::new("documents", "dev"), &Facts::documentation()).expect("a valid spec");
        let pattern = |id: &str| template.resources[id].properties["EventPattern"].clone();
        let matches = |pattern: &Value, source: &str, kind: &str, details: Value| {
            let event = json!({
                "id": "1", "detail-type": kind, "source": source, "account": "111122223333",
                "time": "2026-01-02T03:04:05Z", "region": "us-east-1", "resources": [],
            });
            let script = format!(
                r#"
events = boto3.client("events")
pattern, event, details = [json.loads(text) for text in {:?}]
print(json.dumps([
    events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event | {{"detail": detail}}))["Result"]
    for detail in details
]))
"#,
                [pattern.to_string(), event.to_string(), details.to_string()]
            );
            bench.sandbox.boto3(&script).expect("an answer")
        };

        let findings = pattern("FindingsRule");
        let severities = json!([7, 7.0, 8.95, 9.5, 10, 5, 6.9, 1]);
        let details: Vec<Value> = severities
            .as_array()
            .expect("a list")
            .iter()
            .map(|severity| json!({ "severity": severity }))
            .collect();
        assert_eq!(
            matches(
                &findings,
                "aws.guardduty",
                "GuardDuty Finding",
                json!(details)
            ),
            json!([true, true, true, true, true, false, false, false])
        );

        let calls = pattern("ApiCallsRule");
        let call =
            |name: &str, kind: &str| json!({ "eventName": name, "userIdentity": { "type": kind } });
        assert_eq!(
            matches(
                &calls,
                "aws.kms",
                "AWS API Call via CloudTrail",
                json!([
                    call("Decrypt", "AssumedRole"),
                    call("CreateLogStream", "AssumedRole"),
                    call("PutObject", "AWSService"),
                    call("Decrypt", "AWSService"),
                    call("CreateLogStream", "AWSService"),
                ]),
            ),
            json!([true, true, true, false, false])
        );
        assert_eq!(
            matches(
                &calls,
                "aws.ec2",
                "EC2 Instance State-change Notification",
                json!([call("RunInstances", "IAMUser")]),
            ),
            json!([false])
        );
    });
}
