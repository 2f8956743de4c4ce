//! Alarms (R082, R085): each reaches the alert topic, and none rests on a
//! metric that AWS does not publish. Where nothing happens there is no data,
//! and that is well.

use super::super::functions::Function;
use super::super::{Expansion, Spec, alerts, api, functions, naming};
use super::{API_CALLS_LOG_GROUP_ID, api_calls_are_logged};
use crate::engine::template::intrinsics::reference;
use serde_json::{Value, json};

/// The metric of [`kms_filter`].
const KMS_DENIED: &str = "KmsAccessDenied";

/// Fires when a metric reaches a number within five minutes.
struct Watch {
    id: String,
    /// Of its name.
    base: String,
    description: String,
    namespace: String,
    metric: &'static str,
    dimensions: Vec<(&'static str, String)>,
    statistic: &'static str,
    at_least: u32,
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    if api_calls_are_logged(x.spec) {
        kms_filter(x);
    }
    for watch in watches(x.spec) {
        let properties = alarm(x, &watch);
        x.add(watch.id, "AWS::CloudWatch::Alarm", properties);
    }
}

/// Where the pipeline's own metrics are.
fn namespace(spec: &Spec) -> String {
    format!("tap/{}-{}", spec.name, spec.environment_suffix)
}

/// `AWS/KMS` has no metric of refused calls, so they are counted in what
/// CloudTrail tells (R082).
fn kms_filter(x: &mut Expansion<'_>) {
    x.add(
        "KmsAccessDeniedFilter",
        "AWS::Logs::MetricFilter",
        json!({
            "FilterName": naming::name("kms-access-denied", x.spec, naming::limit::METRIC_FILTER),
            "LogGroupName": reference(API_CALLS_LOG_GROUP_ID),
            "FilterPattern": "{ ($.detail.eventSource = \"kms.amazonaws.com\") && \
                              ($.detail.errorCode = \"AccessDenied*\") }",
            "MetricTransformations": [{
                "MetricNamespace": namespace(x.spec),
                "MetricName": KMS_DENIED,
                "MetricValue": "1",
                "DefaultValue": 0,
            }],
        }),
    );
}

fn watches(spec: &Spec) -> Vec<Watch> {
    let mut watches: Vec<Watch> = Function::ALL
        .iter()
        .map(|function| function_errors(*function, spec))
        .collect();
    watches.push(api_errors("4XX", "4XXError", 10, spec));
    watches.push(api_errors("5XX", "5XXError", 5, spec));
    if api_calls_are_logged(spec) {
        watches.push(Watch {
            id: "KmsAccessDeniedAlarm".to_owned(),
            base: "kms-access-denied".to_owned(),
            description: "Calls of KMS are refused".to_owned(),
            namespace: namespace(spec),
            metric: KMS_DENIED,
            dimensions: Vec::new(),
            statistic: "Sum",
            at_least: 10,
        });
    }
    watches.push(Watch {
        id: "DeadLettersAlarm".to_owned(),
        base: "dead-letters".to_owned(),
        description: "Events were given up: they wait in the dead-letter queue".to_owned(),
        namespace: "AWS/SQS".to_owned(),
        metric: "ApproximateNumberOfMessagesVisible",
        dimensions: vec![("QueueName", functions::dead_letter_queue_name(spec))],
        statistic: "Maximum",
        at_least: 1,
    });
    watches.push(Watch {
        id: "AlertsUndeliveredAlarm".to_owned(),
        base: "alerts-undelivered".to_owned(),
        description: "Alerts do not reach a subscriber".to_owned(),
        namespace: "AWS/SNS".to_owned(),
        metric: "NumberOfNotificationsFailed",
        dimensions: vec![("TopicName", alerts::topic_name(spec))],
        statistic: "Sum",
        at_least: 1,
    });
    watches
}

fn function_errors(function: Function, spec: &Spec) -> Watch {
    Watch {
        id: format!("{}ErrorsAlarm", function.function_id()),
        base: format!("{}-errors", function.as_str()),
        description: format!("The function {} fails", function.as_str()),
        namespace: "AWS/Lambda".to_owned(),
        metric: "Errors",
        dimensions: vec![("FunctionName", function.name(spec))],
        statistic: "Sum",
        at_least: 5,
    }
}

fn api_errors(class: &str, metric: &'static str, at_least: u32, spec: &Spec) -> Watch {
    Watch {
        id: format!("Api{class}ErrorsAlarm"),
        base: format!("api-{}-errors", class.to_lowercase()),
        description: format!("The API answers {class}"),
        namespace: "AWS/ApiGateway".to_owned(),
        metric,
        dimensions: vec![
            ("ApiName", api::name(spec)),
            ("Stage", api::STAGE_NAME.to_owned()),
        ],
        statistic: "Sum",
        at_least,
    }
}

fn alarm(x: &Expansion<'_>, watch: &Watch) -> Value {
    let dimensions: Vec<Value> = watch
        .dimensions
        .iter()
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    json!({
        "AlarmName": naming::name(&watch.base, x.spec, naming::limit::ALARM),
        "AlarmDescription": watch.description,
        "Namespace": watch.namespace,
        "MetricName": watch.metric,
        "Dimensions": dimensions,
        "Statistic": watch.statistic,
        "Period": 300,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": watch.at_least,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": true,
        "AlarmActions": [reference(alerts::TOPIC_ID)],
        "InsufficientDataActions": [reference(alerts::TOPIC_ID)],
        "Tags": x.tags(&[]),
    })
}
