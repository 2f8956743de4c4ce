//! WAF writes its logs to what is called `aws-waf-logs-...` and exists: another
//! name is refused (WAFInvalidParameterException), and a log group that is not
//! there cannot be given the resource policy that delivery needs
//! (WAFLogDestinationPermissionIssueException)
//! (<https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html>).
//! moto takes any ARN; its CloudWatch Logs is not the pipeline's. A logging
//! configuration is one of its ACL's, and of an ACL that is gone AWS has none
//! (WAFNonexistentItemException); moto keeps it.

use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "wafv2_logging";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("wafv2", &["PutLoggingConfiguration"]) {
        return None;
    }
    let body = call.json();
    let destination = body
        .pointer("/LoggingConfiguration/LogDestinationConfigs/0")
        .and_then(Value::as_str)?;
    let group = destination.split(":log-group:").nth(1)?;
    let group = group.strip_suffix(":*").unwrap_or(group);
    if !group.starts_with("aws-waf-logs-") {
        let message = format!(
            "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes., field: LOG_DESTINATION, parameter: {destination}"
        );
        return Some(reply::error(
            call,
            400,
            "WAFInvalidParameterException",
            &message,
        ));
    }
    let asked = json!({ "logGroupNamePrefix": group });
    let groups = backend
        .json("logs", "Logs_20140328.DescribeLogGroups", &asked)
        .await;
    let groups = reply::body_json(&groups);
    let groups = groups["logGroups"].as_array();
    let exists = groups
        .into_iter()
        .flatten()
        .any(|found| found["logGroupName"] == group);
    let message = "Unable to deliver logs to the configured destination. You might need to grant log delivery permissions for the destination. If you're using S3 as your log destination, you might have exceeded your bucket limit.";
    (!exists).then(|| {
        reply::error(
            call,
            400,
            "WAFLogDestinationPermissionIssueException",
            message,
        )
    })
}

/// Deletes the logging configuration of an ACL that was deleted.
pub async fn forget(backend: &Backend<'_>, reply: &Reply) -> bool {
    let call = backend.call;
    if !call.is("wafv2", &["DeleteWebACL"]) || !reply.status().is_success() {
        return false;
    }
    let body = call.json();
    let listed = json!({ "Scope": body["Scope"] });
    let target = "AWSWAF_20190729.ListLoggingConfigurations";
    let listed = reply::body_json(&backend.json("wafv2", target, &listed).await);
    let id = format!("/{}", body["Id"].as_str().unwrap_or_default());
    let arns = listed["LoggingConfigurations"].as_array();
    let arns = arns.into_iter().flatten();
    let mut arns = arns.filter_map(|logging| logging["ResourceArn"].as_str());
    let Some(arn) = arns.find(|arn| arn.ends_with(&id)) else {
        return false;
    };
    let target = "AWSWAF_20190729.DeleteLoggingConfiguration";
    let gone = json!({ "ResourceArn": arn });
    backend.json("wafv2", target, &gone).await;
    true
}
