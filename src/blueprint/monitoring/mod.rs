//! Monitoring (R078-R085): every API call of the account in a log group, the
//! retention and the key of all log groups, alarms that reach people, and a
//! dashboard.
//!
//! API calls come to EventBridge only where a trail logs them
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>):
//! the account's, or with `api_calls = "managed"` one of ours.

mod alarms;
mod dashboard;
mod trail;

pub use dashboard::{DASHBOARD_ID, dashboard_name};
pub(super) use trail::{trail_bucket_statements, trail_key_grant, trail_lifecycle};

use super::encryption::Purpose;
use super::functions::Function;
use super::policy::{Statement, document};
use super::spec::Provision;
use super::{Expansion, Facts, Spec, api, firewall, functions, naming};
use serde_json::{Value, json};

pub const API_CALLS_LOG_GROUP_ID: &str = "ApiCallsLogGroup";
pub const API_CALLS_RULE_ID: &str = "ApiCallsRule";
/// What KMS refuses mostly changes nothing, and the alarm counts it (R082).
pub const KMS_ERRORS_RULE_ID: &str = "KmsErrorsRule";
/// Whoever has CloudWatch Logs deliver to one of the log groups waits for it.
pub const LOG_POLICY_ID: &str = "EventsLogPolicy";

const EVENTS: &str = "events.amazonaws.com";
const DELIVERY: &str = "delivery.logs.amazonaws.com";

/// EventBridge writes only to groups of this prefix.
pub fn api_calls_log_group_name(spec: &Spec) -> String {
    const PREFIX: &str = "/aws/events/";
    let limit = naming::limit::LOG_GROUP - PREFIX.len();
    format!("{PREFIX}{}", naming::name("api-calls", spec, limit))
}

fn api_calls_rule_name(spec: &Spec) -> String {
    naming::name("api-calls", spec, naming::limit::RULE)
}

fn kms_errors_rule_name(spec: &Spec) -> String {
    naming::name("kms-errors", spec, naming::limit::RULE)
}

/// Of calls that change nothing only what KMS refused is logged.
fn kms_errors_are_logged(spec: &Spec) -> bool {
    api_calls_are_logged(spec) && !spec.monitoring.read_only_api_calls
}

pub fn api_calls_are_logged(spec: &Spec) -> bool {
    spec.monitoring.api_calls != Provision::None
}

/// The names of all log groups of the pipeline, as patterns: who adds one adds
/// it here, or it may not use the key.
pub fn log_groups(spec: &Spec) -> Vec<String> {
    let mut names: Vec<String> = Function::ALL
        .map(|function| function.log_group_name(spec))
        .to_vec();
    names.push(api::access_log_group_name(spec));
    // API Gateway names it after the API's id, which is not known before.
    names.push(format!("API-Gateway-Execution-Logs_*/{}", api::STAGE_NAME));
    names.push(firewall::log_group_name(spec));
    if api_calls_are_logged(spec) {
        names.push(api_calls_log_group_name(spec));
    }
    names
}

/// A log group as all of the pipeline's are (R080, R081).
pub(super) fn log_group(x: &Expansion<'_>, name: &str) -> Value {
    json!({
        "LogGroupName": name,
        "KmsKeyId": Purpose::Logs.arn(x.spec),
        "RetentionInDays": x.spec.monitoring.log_retention_days,
        "Tags": x.tags(&[]),
    })
}

/// CloudWatch Logs uses the key for these groups and no other
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html>).
pub(super) fn log_group_key_grant(spec: &Spec, facts: &Facts) -> Statement {
    let groups: Vec<String> = log_groups(spec)
        .iter()
        .map(|name| group_arn(facts, name))
        .collect();
    Statement::allow("LogGroups")
        .service(&format!("logs.{}.{}", facts.region, facts.dns_suffix()))
        .actions([
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ])
        .resource("*")
        .when("ArnLike", "kms:EncryptionContext:aws:logs:arn", groups)
}

fn group_arn(facts: &Facts, name: &str) -> String {
    facts.arn("logs", &format!("log-group:{name}"))
}

/// What every target of a rule has (R091): a day's worth of attempts would
/// mend a document or a credential long after the fact.
pub(super) fn target(id: &str, arn: impl Into<Value>, spec: &Spec, facts: &Facts) -> Value {
    json!({
        "Id": id,
        "Arn": arn.into(),
        "RetryPolicy": { "MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 8 },
        "DeadLetterConfig": { "Arn": functions::dead_letter_queue_arn(spec, facts) },
    })
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    x.add(
        LOG_POLICY_ID,
        "AWS::Logs::ResourcePolicy",
        json!({
            "PolicyName": naming::name("log-delivery", x.spec, naming::limit::LOG_POLICY),
            // CloudFormation takes it as text.
            "PolicyDocument": log_policy(x.spec, x.facts).to_string(),
        }),
    );
    if api_calls_are_logged(x.spec) {
        api_calls(x);
    }
    trail::expand(x);
    alarms::expand(x);
    dashboard::expand(x);
}

fn api_calls(x: &mut Expansion<'_>) {
    let group = api_calls_log_group_name(x.spec);
    x.add(
        API_CALLS_LOG_GROUP_ID,
        "AWS::Logs::LogGroup",
        log_group(x, &group),
    );
    let state = match x.spec.monitoring.read_only_api_calls {
        true => WITH_READ_ONLY,
        false => "ENABLED",
    };
    let rule = json!({
        "Name": api_calls_rule_name(x.spec),
        "Description": "API calls of the account, as CloudTrail tells them",
        "State": state,
        "EventPattern": api_call_pattern(x.facts),
    });
    into_the_log(x, API_CALLS_RULE_ID, rule);
    if kms_errors_are_logged(x.spec) {
        let rule = json!({
            "Name": kms_errors_rule_name(x.spec),
            "Description": "Calls of KMS that change nothing and failed",
            "State": WITH_READ_ONLY,
            "EventPattern": kms_error_pattern(x.facts),
        });
        into_the_log(x, KMS_ERRORS_RULE_ID, rule);
    }
}

/// A rule whose events go into the log group of API calls.
fn into_the_log(x: &mut Expansion<'_>, id: &str, mut rule: Value) {
    let group = group_arn(x.facts, &api_calls_log_group_name(x.spec));
    rule["Targets"] = json!([target("LogGroup", group, x.spec, x.facts)]);
    rule["Tags"] = json!(x.tags(&[]));
    x.add_after(
        id,
        "AWS::Events::Rule",
        rule,
        &[
            API_CALLS_LOG_GROUP_ID,
            LOG_POLICY_ID,
            functions::DEAD_LETTER_QUEUE_ID,
        ],
    );
}

/// Read-only management events come only to rules in this state
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>).
const WITH_READ_ONLY: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/// What changes something, `ApiCallsRule` logs.
fn kms_error_pattern(facts: &Facts) -> Value {
    json!({
        "source": ["aws.kms"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "account": [facts.account_id],
        "detail": { "readOnly": [true], "errorCode": [{ "exists": true }] },
    })
}

/// All calls (R078), but for those by which AWS's services keep this very
/// log: a new log stream for an event would be the next event
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html>).
fn api_call_pattern(facts: &Facts) -> Value {
    let kept_by = ["CreateLogStream", "Decrypt", "GenerateDataKey"];
    json!({
        "detail-type": ["AWS API Call via CloudTrail"],
        "account": [facts.account_id],
        "detail": { "$or": [
            { "eventName": [{ "anything-but": kept_by }] },
            { "userIdentity": { "type": [{ "anything-but": ["AWSService"] }] } },
        ]},
    })
}

/// Who may write into log groups (R079). EventBridge says which rule it
/// writes for, but need not say so when it makes the stream
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions>).
/// With the statement for WAF there, WAF adds none of its own to the account
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html>).
fn log_policy(spec: &Spec, facts: &Facts) -> Value {
    let firewall = group_arn(facts, &firewall::log_group_name(spec));
    let mut statements = vec![
        Statement::allow("FirewallLogs")
            .service(DELIVERY)
            .actions(["logs:CreateLogStream", "logs:PutLogEvents"])
            .resource(format!("{firewall}:log-stream:*"))
            .when(
                "StringEquals",
                "aws:SourceAccount",
                facts.account_id.clone(),
            )
            .when("ArnLike", "aws:SourceArn", facts.arn("logs", "*")),
    ];
    if api_calls_are_logged(spec) {
        let group = group_arn(facts, &api_calls_log_group_name(spec));
        let mut rules = vec![api_calls_rule_name(spec)];
        rules.extend(kms_errors_are_logged(spec).then(|| kms_errors_rule_name(spec)));
        let rules: Vec<String> = rules
            .iter()
            .map(|name| facts.arn("events", &format!("rule/{name}")))
            .collect();
        let write = |sid: &str, action: &str| {
            Statement::allow(sid)
                .services([EVENTS, DELIVERY])
                .actions([action])
                .resource(format!("{group}:*"))
        };
        statements.push(write("ApiCallStreams", "logs:CreateLogStream").when(
            "StringEqualsIfExists",
            "aws:SourceAccount",
            facts.account_id.clone(),
        ));
        statements.push(write("ApiCalls", "logs:PutLogEvents").when(
            "ArnEquals",
            "aws:SourceArn",
            rules,
        ));
    }
    document(statements)
}

#[cfg(test)]
mod tests;
