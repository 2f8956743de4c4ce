#![allow(clippy::expect_used, clippy::unwrap_used)]

use super::*;
use crate::blueprint::{alerts, expand};
use crate::engine::template::Template;

fn template(change: impl FnOnce(&mut Spec)) -> Template {
    let mut spec = Spec::new("documents", "dev");
    change(&mut spec);
    expand(&spec, &Facts::documentation()).expect("the spec is valid")
}

fn of_type<'t>(template: &'t Template, type_name: &str) -> Vec<(&'t String, &'t Value)> {
    template
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_name == type_name)
        .map(|(id, resource)| (id, &resource.properties))
        .collect()
}

fn text(value: &Value) -> Value {
    serde_json::from_str(value.as_str().expect("text")).expect("JSON")
}

fn statement(document: &Value, sid: &str) -> Value {
    let statements = document["Statement"].as_array().expect("statements");
    let found = statements.iter().find(|statement| statement["Sid"] == sid);
    found.unwrap_or_else(|| panic!("no {sid}")).clone()
}

fn alarm<'t>(template: &'t Template, id: &str) -> &'t Value {
    &template.resources[id].properties
}

/// R078
#[test]
fn api_calls_of_every_service_come_into_a_log_group() {
    let template = template(|_| {});
    let rule = &template.resources[API_CALLS_RULE_ID].properties;
    let pattern = &rule["EventPattern"];
    assert_eq!(
        pattern["detail-type"],
        json!(["AWS API Call via CloudTrail"])
    );
    assert_eq!(pattern.get("source"), None, "no service is left out");
    assert_eq!(pattern["account"], json!(["111122223333"]));
    assert_eq!(rule["State"], "ENABLED");
    let group = &template.resources[API_CALLS_LOG_GROUP_ID].properties;
    assert_eq!(group["LogGroupName"], "/aws/events/api-calls-documents-dev");
    // EventBridge wants the group's ARN without the streams.
    assert_eq!(
        rule["Targets"][0]["Arn"],
        "arn:aws:logs:us-east-1:111122223333:log-group:/aws/events/api-calls-documents-dev"
    );
}

/// R078: those that change nothing only on demand; R082: but for what KMS
/// refuses, since the alarm counts it.
#[test]
fn read_only_calls_are_logged_on_demand_and_what_kms_refuses_always() {
    const ALL: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
    let by_default = template(|_| {});
    let errors = &by_default.resources[KMS_ERRORS_RULE_ID].properties;
    assert_eq!(errors["State"], ALL);
    assert_eq!(errors["EventPattern"]["source"], json!(["aws.kms"]));
    let detail = &errors["EventPattern"]["detail"];
    assert_eq!(detail["errorCode"], json!([{ "exists": true }]));
    assert_eq!(detail["readOnly"], json!([true]), "the others come anyway");
    let rule = |template: &Template| template.resources[API_CALLS_RULE_ID].properties.clone();
    assert_eq!(
        errors["Targets"][0]["Arn"],
        rule(&by_default)["Targets"][0]["Arn"]
    );
    let demanded = template(|spec| spec.monitoring.read_only_api_calls = true);
    assert_eq!(rule(&demanded)["State"], ALL);
    assert!(!demanded.resources.contains_key(KMS_ERRORS_RULE_ID));
}

/// R078: an event that makes a log stream, which is an API call, which is an
/// event.
#[test]
fn keeping_the_log_of_api_calls_is_no_event_in_it() {
    let template = template(|_| {});
    let detail = &template.resources[API_CALLS_RULE_ID].properties["EventPattern"]["detail"];
    let alternatives = detail["$or"].as_array().expect("alternatives");
    let names = &alternatives[0]["eventName"][0]["anything-but"];
    assert!(
        names
            .as_array()
            .expect("names")
            .contains(&json!("CreateLogStream"))
    );
    // The same calls by anybody else are told.
    assert_eq!(
        alternatives[1]["userIdentity"]["type"][0]["anything-but"],
        json!(["AWSService"])
    );
}

/// R078
#[test]
fn without_api_calls_there_is_neither_rule_nor_group_nor_what_counts_on_it() {
    let template = template(|spec| spec.monitoring.api_calls = Provision::None);
    for id in [
        API_CALLS_RULE_ID,
        KMS_ERRORS_RULE_ID,
        API_CALLS_LOG_GROUP_ID,
        "KmsAccessDeniedFilter",
        "KmsAccessDeniedAlarm",
    ] {
        assert!(!template.resources.contains_key(id), "{id}");
    }
    let policy = text(&template.resources[LOG_POLICY_ID].properties["PolicyDocument"]);
    assert!(!policy.to_string().contains(EVENTS), "{policy}");
}

/// R078: a trail is the account's, unless it is asked for.
#[test]
fn a_trail_is_made_only_when_told_to() {
    assert!(of_type(&template(|_| {}), "AWS::CloudTrail::Trail").is_empty());
    let template = template(|spec| spec.monitoring.api_calls = Provision::Managed);
    let trail = &template.resources["ManagementTrail"];
    for flag in [
        "IsLogging",
        "IsMultiRegionTrail",
        "IncludeGlobalServiceEvents",
        "EnableLogFileValidation",
    ] {
        assert_eq!(trail.properties[flag], true, "{flag}");
    }
    assert_eq!(
        trail.properties["KMSKeyId"],
        json!({ "Fn::GetAtt": ["LogsKey", "Arn"] })
    );
    assert!(trail.depends_on.iter().any(|id| id == "LogsBucketPolicy"));
    let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/management-documents-dev";
    let bucket = &template.resources["LogsBucketPolicy"].properties["PolicyDocument"];
    let key = &template.resources["LogsKey"].properties["KeyPolicy"];
    for (document, sid) in [
        (bucket, "TrailLooks"),
        (bucket, "TrailWrites"),
        (key, "TrailEncrypts"),
        (key, "TrailDescribes"),
    ] {
        let statement = statement(document, sid);
        assert_eq!(
            statement["Condition"]["StringEquals"]["aws:SourceArn"], arn,
            "{sid}"
        );
    }
    assert_eq!(
        statement(bucket, "TrailWrites")["Resource"],
        "arn:aws:s3:::documents-logs-documents-dev-111122223333-us-east-1/cloudtrail/AWSLogs/111122223333/*"
    );
}

/// R078: what the trail writes is kept as long as other logs.
#[test]
fn a_managed_trails_files_have_a_retention() {
    let template = template(|spec| spec.monitoring.api_calls = Provision::Managed);
    let rules = &template.resources["LogsBucket"].properties["LifecycleConfiguration"]["Rules"];
    let rules = rules.as_array().expect("rules");
    assert!(
        rules
            .iter()
            .any(|rule| rule["Prefix"] == "cloudtrail/" && rule["ExpirationInDays"] == 400),
        "{rules:?}"
    );
}

/// R079
#[test]
fn only_these_rules_may_write_into_the_log_of_api_calls() {
    let template = template(|_| {});
    let policy = text(&template.resources[LOG_POLICY_ID].properties["PolicyDocument"]);
    let write = statement(&policy, "ApiCalls");
    assert_eq!(write["Principal"], json!({ "Service": [EVENTS, DELIVERY] }));
    assert_eq!(
        write["Condition"]["ArnEquals"]["aws:SourceArn"],
        json!([
            "arn:aws:events:us-east-1:111122223333:rule/api-calls-documents-dev",
            "arn:aws:events:us-east-1:111122223333:rule/kms-errors-documents-dev"
        ])
    );
    for statement in policy["Statement"].as_array().expect("statements") {
        let resource = statement["Resource"].as_str().expect("one resource");
        let ours = log_groups(&Spec::new("documents", "dev"));
        assert!(
            ours.iter()
                .any(|name| resource.contains(&format!(":log-group:{name}:"))),
            "{resource} is one log group of the pipeline"
        );
        assert!(statement.get("Condition").is_some(), "{statement}");
    }
    let after = &template.resources[API_CALLS_RULE_ID].depends_on;
    assert!(after.iter().any(|id| id == LOG_POLICY_ID), "{after:?}");
}

/// R080, R081
#[test]
fn every_log_group_has_a_retention_of_a_year_and_the_logs_key() {
    let template = template(|_| {});
    let groups = of_type(&template, "AWS::Logs::LogGroup");
    assert!(!groups.is_empty());
    for (id, group) in groups {
        assert_eq!(group["RetentionInDays"], 365, "{id}");
        assert_eq!(
            group["KmsKeyId"],
            json!({ "Fn::GetAtt": ["LogsKey", "Arn"] }),
            "{id}"
        );
    }
}

/// R081: a group whose name is not in the list cannot be made.
#[test]
fn the_key_admits_every_log_group_of_the_template_and_no_other() {
    let template = template(|_| {});
    let key = &template.resources["LogsKey"].properties["KeyPolicy"];
    let grant = statement(key, "LogGroups");
    assert_eq!(
        grant["Principal"]["Service"],
        "logs.us-east-1.amazonaws.com"
    );
    let arns = &grant["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"];
    let arns: Vec<&str> = arns
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for arn in &arns {
        let open = arn.contains('*');
        // The id of the API is part of the name that AWS gives.
        assert_eq!(open, arn.contains("API-Gateway-Execution-Logs_"), "{arn}");
        assert!(arn.starts_with("arn:aws:logs:us-east-1:111122223333:"));
    }
    for (id, group) in of_type(&template, "AWS::Logs::LogGroup") {
        let name = &group["LogGroupName"];
        let name = match name.get("Fn::Sub") {
            Some(with_id) => with_id.as_str().expect("text").replace("${RestApi}", "*"),
            None => name.as_str().expect("a name").to_owned(),
        };
        let arn = group_arn(&Facts::documentation(), &name);
        assert!(arns.contains(&arn.as_str()), "{id}: {name}");
    }
}

/// R081
#[test]
fn in_china_the_logs_service_has_another_name() {
    let facts = Facts {
        partition: "aws-cn".into(),
        region: "cn-north-1".into(),
        ..Facts::documentation()
    };
    let grant = document([log_group_key_grant(&Spec::new("documents", "dev"), &facts)]);
    assert_eq!(
        grant["Statement"][0]["Principal"]["Service"],
        "logs.cn-north-1.amazonaws.com.cn"
    );
}

/// R082
#[test]
fn every_function_and_the_api_have_alarms_at_these_thresholds() {
    let template = template(|_| {});
    for function in Function::ALL {
        let alarm = alarm(&template, &format!("{}ErrorsAlarm", function.function_id()));
        assert_eq!(alarm["Threshold"], 5);
        assert_eq!(alarm["Period"], 300);
        assert_eq!(alarm["MetricName"], "Errors");
        assert_eq!(
            alarm["Dimensions"][0]["Value"],
            format!("{}-documents-dev", function.as_str())
        );
    }
    for (id, metric, threshold) in [
        ("Api4XXErrorsAlarm", "4XXError", 10),
        ("Api5XXErrorsAlarm", "5XXError", 5),
        ("KmsAccessDeniedAlarm", "KmsAccessDenied", 10),
    ] {
        let alarm = alarm(&template, id);
        assert_eq!(alarm["MetricName"], metric, "{id}");
        assert_eq!(alarm["Threshold"], threshold, "{id}");
        assert_eq!(
            alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold",
            "{id}"
        );
    }
}

/// R082: AWS publishes no such metric; the alarm would have no data for ever.
#[test]
fn no_alarm_counts_on_a_metric_of_kms() {
    let template = template(|_| {});
    for (id, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
        assert_ne!(alarm["Namespace"], "AWS/KMS", "{id}");
    }
    let filter = &template.resources["KmsAccessDeniedFilter"].properties;
    let pattern = filter["FilterPattern"].as_str().expect("a pattern");
    assert!(pattern.contains("kms.amazonaws.com") && pattern.contains("AccessDenied"));
    let (made, watched) = (
        &filter["MetricTransformations"][0],
        alarm(&template, "KmsAccessDeniedAlarm"),
    );
    assert_eq!(made["MetricNamespace"], watched["Namespace"]);
    assert_eq!(made["MetricName"], watched["MetricName"]);
}

/// R082
#[test]
fn every_alarm_reaches_the_topic_and_silence_is_well() {
    let template = template(|_| {});
    for (id, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
        assert_eq!(alarm["ActionsEnabled"], true, "{id}");
        assert_eq!(
            alarm["AlarmActions"],
            json!([{ "Ref": alerts::TOPIC_ID }]),
            "{id}"
        );
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{id}");
    }
}

/// R083
#[test]
fn the_dashboard_shows_functions_api_firewall_table_and_queue() {
    let template = template(|_| {});
    let dashboard = &template.resources[DASHBOARD_ID].properties;
    let body = text(&dashboard["DashboardBody"]);
    let widgets = body["widgets"].as_array().expect("widgets");
    for widget in widgets {
        assert_eq!(widget["properties"]["region"], "us-east-1");
        assert!(widget["properties"]["metrics"].as_array().is_some());
    }
    let all = body.to_string();
    for namespace in [
        "AWS/Lambda",
        "AWS/ApiGateway",
        "AWS/WAFV2",
        "AWS/DynamoDB",
        "AWS/SQS",
    ] {
        assert!(all.contains(namespace), "{namespace}");
    }
}

/// R085
#[test]
fn what_was_given_up_and_alerts_that_did_not_arrive_alert() {
    let template = template(|_| {});
    let letters = alarm(&template, "DeadLettersAlarm");
    assert_eq!(letters["MetricName"], "ApproximateNumberOfMessagesVisible");
    assert_eq!(letters["Threshold"], 1);
    assert_eq!(letters["Statistic"], "Maximum");
    let alerts = alarm(&template, "AlertsUndeliveredAlarm");
    assert_eq!(alerts["MetricName"], "NumberOfNotificationsFailed");
}

/// R090, R116: EventBridge says no account, neither to the topic nor to the
/// key; a condition would refuse every event, silently.
#[test]
fn eventbridge_may_publish_without_saying_for_whom_and_only_to_this_topic() {
    let template = template(|_| {});
    let topic = statement(
        &template.resources["AlertsTopicPolicy"].properties["PolicyDocument"],
        "EventBridgeRules",
    );
    assert_eq!(
        topic["Condition"],
        json!({ "StringEqualsIfExists": { "aws:SourceAccount": "111122223333" } })
    );
    let key = statement(
        &template.resources["LogsKey"].properties["KeyPolicy"],
        "EventBridgeRules",
    );
    assert_eq!(
        key["Condition"],
        json!({ "StringEquals": {
            "kms:EncryptionContext:aws:sns:topicArn":
                "arn:aws:sns:us-east-1:111122223333:alerts-documents-dev",
        }})
    );
}
