//! What the API logs, and whether it can: API Gateway writes logs with a role
//! of the account, of which there is one, and which belongs to nobody.

use super::{Expansion, Facts, REST_API_ID, Spec, name};
use crate::blueprint::encryption::Purpose;
use crate::blueprint::naming;
use crate::blueprint::policy::{Statement, document};
use crate::blueprint::spec::Provision;
use crate::engine::template::intrinsics::{get_att, reference, sub};
use serde_json::{Value, json};

pub const ACCESS_LOG_GROUP_ID: &str = "ApiAccessLogGroup";
pub(super) const EXECUTION_LOG_GROUP_ID: &str = "ApiExecutionLogGroup";
pub(super) const ACCOUNT_ID: &str = "ApiLoggingAccount";
const ROLE_ID: &str = "ApiLoggingRole";

/// What every line of the access log says. Not `identity.apiKey`: that is the
/// key itself. No body, no query and no header: nothing that a caller chooses
/// freely.
const FIELDS: [(&str, &str); 18] = [
    ("requestId", "$context.requestId"),
    ("extendedRequestId", "$context.extendedRequestId"),
    ("requestTime", "$context.requestTime"),
    ("sourceIp", "$context.identity.sourceIp"),
    ("caller", "$context.identity.caller"),
    ("userArn", "$context.identity.userArn"),
    ("accountId", "$context.identity.accountId"),
    ("apiKeyId", "$context.identity.apiKeyId"),
    ("httpMethod", "$context.httpMethod"),
    ("resourcePath", "$context.resourcePath"),
    ("stage", "$context.stage"),
    ("protocol", "$context.protocol"),
    ("status", "$context.status"),
    ("responseLength", "$context.responseLength"),
    ("responseLatency", "$context.responseLatency"),
    ("integrationStatus", "$context.integrationStatus"),
    ("wafStatus", "$context.wafResponseCode"),
    ("error", "$context.error.message"),
];

/// Whether the stage logs. Without a role in the account AWS refuses both
/// kinds of logs ("CloudWatch Logs role ARN must be set in account settings to
/// enable logging"), so an account that has none gets a stage without them and
/// a warning in the plan; a role that is not asked for is never set (R062).
pub fn logs(spec: &Spec, facts: &Facts) -> bool {
    match spec.api.logging_role {
        Provision::Managed => true,
        Provision::Existing => facts.account.api_logging_role.as_deref() != Some(""),
        Provision::None => false,
    }
}

/// `/aws/apigateway/api-documents-dev`
pub fn access_log_group_name(spec: &Spec) -> String {
    format!("/aws/apigateway/{}", name(spec))
}

/// API Gateway writes execution logs to the group of this name, and would
/// make one without a key that keeps everything for ever.
pub fn execution_log_group_name() -> Value {
    let stage = super::STAGE_NAME;
    sub(format!(
        "API-Gateway-Execution-Logs_${{{REST_API_ID}}}/{stage}"
    ))
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    if x.spec.api.logging_role == Provision::Managed {
        account_role(x);
    }
    if !logs(x.spec, x.facts) {
        return;
    }
    let groups = [
        (ACCESS_LOG_GROUP_ID, json!(access_log_group_name(x.spec))),
        (EXECUTION_LOG_GROUP_ID, execution_log_group_name()),
    ];
    for (id, name) in groups {
        x.add(
            id,
            "AWS::Logs::LogGroup",
            json!({
                "LogGroupName": name,
                "KmsKeyId": Purpose::Logs.arn(x.spec),
                "RetentionInDays": x.spec.monitoring.log_retention_days,
                "Tags": x.tags(&[]),
            }),
        );
    }
}

/// One line of JSON a request.
pub(super) fn access_log_setting(spec: &Spec, facts: &Facts) -> Value {
    let members = FIELDS.map(|(name, variable)| format!("\"{name}\":\"{variable}\""));
    let group = format!("log-group:{}", access_log_group_name(spec));
    json!({
        "DestinationArn": facts.arn("logs", &group),
        "Format": format!("{{{}}}", members.join(",")),
    })
}

/// The role of the account, only where the user asks for it. What it may do is
/// what AWS checks when it is set, and for every API of the account
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>).
fn account_role(x: &mut Expansion<'_>) {
    let spec = x.spec;
    let base = naming::of_all_regions("api-logging", spec, x.facts, naming::limit::ROLE);
    let trust = Statement::allow("ApiGateway")
        .service("apigateway.amazonaws.com")
        .actions(["sts:AssumeRole"]);
    let write = Statement::allow("WriteLogs")
        .actions([
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:FilterLogEvents",
            "logs:GetLogEvents",
            "logs:PutLogEvents",
        ])
        .resource("*");
    let description = "Lets API Gateway write the logs of this account's APIs";
    x.add(
        "ApiLoggingPolicy",
        "AWS::IAM::ManagedPolicy",
        json!({
            "ManagedPolicyName": base,
            "Description": description,
            "PolicyDocument": document([write]),
        }),
    );
    x.add(
        ROLE_ID,
        "AWS::IAM::Role",
        json!({
            "RoleName": base,
            "Description": description,
            "AssumeRolePolicyDocument": document([trust]),
            "ManagedPolicyArns": [reference("ApiLoggingPolicy")],
            "Tags": x.tags(&[]),
        }),
    );
    x.add(
        ACCOUNT_ID,
        "AWS::ApiGateway::Account",
        json!({ "CloudWatchRoleArn": get_att(ROLE_ID, "Arn") }),
    );
}
