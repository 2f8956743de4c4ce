//! The dashboard (R083): functions, API, firewall, audit table and what went
//! wrong, on one page.

use super::super::functions::Function;
use super::super::{Expansion, Facts, Spec, api, audit, firewall, functions, naming};
use serde_json::{Value, json};

pub const DASHBOARD_ID: &str = "Dashboard";

pub fn dashboard_name(spec: &Spec, facts: &Facts) -> String {
    naming::of_all_regions("pipeline", spec, facts, naming::limit::DASHBOARD)
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    let body = json!({ "widgets": widgets(x.spec, x.facts) });
    x.add(
        DASHBOARD_ID,
        "AWS::CloudWatch::Dashboard",
        json!({
            "DashboardName": dashboard_name(x.spec, x.facts),
            // CloudFormation takes it as text.
            "DashboardBody": body.to_string(),
            "Tags": x.tags(&[]),
        }),
    );
}

fn widgets(spec: &Spec, facts: &Facts) -> Vec<Value> {
    let graphs = [
        ("Function calls", "Sum", of_functions("Invocations", spec)),
        ("Function errors", "Sum", of_functions("Errors", spec)),
        ("Function throttles", "Sum", of_functions("Throttles", spec)),
        (
            "Function duration, ms",
            "p99",
            of_functions("Duration", spec),
        ),
        ("API requests and errors", "Sum", api_counts(spec)),
        ("API latency, ms", "p99", vec![api_metric("Latency", spec)]),
        ("Firewall", "Sum", firewall_counts(spec, facts)),
        ("Audit table", "Sum", table(spec)),
        (
            "Dead letters",
            "Maximum",
            vec![json!([
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                "QueueName",
                functions::dead_letter_queue_name(spec),
            ])],
        ),
    ];
    graphs
        .into_iter()
        .enumerate()
        .map(|(index, (title, statistic, metrics))| {
            json!({
                "type": "metric",
                "x": (index % 3) * 8,
                "y": (index / 3) * 6,
                "width": 8,
                "height": 6,
                "properties": {
                    "title": title,
                    "region": facts.region,
                    "stat": statistic,
                    "period": 300,
                    "view": "timeSeries",
                    "stacked": false,
                    "metrics": metrics,
                },
            })
        })
        .collect()
}

fn of_functions(metric: &str, spec: &Spec) -> Vec<Value> {
    Function::ALL
        .iter()
        .map(|function| json!(["AWS/Lambda", metric, "FunctionName", function.name(spec)]))
        .collect()
}

fn api_metric(metric: &str, spec: &Spec) -> Value {
    json!([
        "AWS/ApiGateway",
        metric,
        "ApiName",
        api::name(spec),
        "Stage",
        api::STAGE_NAME,
    ])
}

fn api_counts(spec: &Spec) -> Vec<Value> {
    ["Count", "4XXError", "5XXError"]
        .map(|metric| api_metric(metric, spec))
        .to_vec()
}

fn firewall_counts(spec: &Spec, facts: &Facts) -> Vec<Value> {
    ["AllowedRequests", "BlockedRequests"]
        .map(|metric| {
            json!([
                "AWS/WAFV2",
                metric,
                "WebACL",
                firewall::web_acl_name(spec),
                "Region",
                facts.region,
                "Rule",
                "ALL",
            ])
        })
        .to_vec()
}

fn table(spec: &Spec) -> Vec<Value> {
    let name = audit::table_name(spec);
    [
        "ConsumedWriteCapacityUnits",
        "ConsumedReadCapacityUnits",
        "WriteThrottleEvents",
    ]
    .map(|metric| json!(["AWS/DynamoDB", metric, "TableName", name]))
    .to_vec()
}
