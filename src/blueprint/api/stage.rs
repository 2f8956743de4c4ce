//! How the API is served: the stage with its logs and limits, and the key by
//! which a customer is counted.

use super::methods::DEPLOYMENT_ID;
use super::{
    API_KEY_ID, Expansion, LONGEST_NAME, SECRET_ID, SECRET_MEMBER, STAGE_ID, STAGE_NAME,
    USAGE_PLAN_ID, logging, rest_api_id,
};
use crate::blueprint::spec::Provision;
use crate::blueprint::{naming, object};
use crate::engine::template::intrinsics::{reference, sub};
use serde_json::{Value, json};

const CERTIFICATE_ID: &str = "ApiClientCertificate";

pub(super) fn expand(x: &mut Expansion<'_>) {
    let (spec, facts) = (x.spec, x.facts);
    let pipeline = naming::pipeline_id(spec, facts);
    // Lambda has no use for it; it is what the control asks (R063).
    x.add(
        CERTIFICATE_ID,
        "AWS::ApiGateway::ClientCertificate",
        json!({ "Description": format!("Backends of {pipeline}"), "Tags": x.tags(&[]) }),
    );
    let logs = logging::logs(spec, facts);
    let mut after = Vec::new();
    if logs {
        after.extend([
            logging::ACCESS_LOG_GROUP_ID,
            logging::EXECUTION_LOG_GROUP_ID,
        ]);
    }
    if spec.api.logging_role == Provision::Managed {
        after.push(logging::ACCOUNT_ID);
    }
    x.add_after(
        STAGE_ID,
        "AWS::ApiGateway::Stage",
        object(json!({
            "RestApiId": rest_api_id(),
            "StageName": STAGE_NAME,
            "DeploymentId": reference(DEPLOYMENT_ID),
            "AccessLogSetting": match logs {
                true => logging::access_log_setting(spec, facts),
                false => Value::Null,
            },
            "MethodSettings": [{
                "ResourcePath": "/*",
                "HttpMethod": "*",
                "LoggingLevel": if logs { "INFO" } else { "OFF" },
                // Never: it would write every body to the log, card data with
                // it (R055).
                "DataTraceEnabled": false,
                "MetricsEnabled": true,
                "ThrottlingRateLimit": spec.api.rate_limit,
                "ThrottlingBurstLimit": spec.api.burst_limit,
            }],
            "TracingEnabled": true,
            "ClientCertificateId": reference(CERTIFICATE_ID),
            "Tags": x.tags(&[]),
        })),
        &after,
    );
    usage(x);
}

fn usage(x: &mut Expansion<'_>) {
    let spec = x.spec;
    let pipeline = naming::pipeline_id(spec, x.facts);
    x.add(
        USAGE_PLAN_ID,
        "AWS::ApiGateway::UsagePlan",
        json!({
            "UsagePlanName": naming::name("plan", spec, LONGEST_NAME),
            "Description": format!("Callers of {pipeline}"),
            "ApiStages": [{ "ApiId": rest_api_id(), "Stage": reference(STAGE_ID) }],
            "Throttle": {
                "RateLimit": spec.api.rate_limit,
                "BurstLimit": spec.api.burst_limit,
            },
            "Quota": { "Limit": spec.api.quota_per_day, "Period": "DAY" },
            "Tags": x.tags(&[]),
        }),
    );
    x.add(
        API_KEY_ID,
        "AWS::ApiGateway::ApiKey",
        json!({
            "Name": naming::name("api-key", spec, LONGEST_NAME),
            "Description": format!("Calls {pipeline}"),
            "Enabled": true,
            "Value": sub(format!(
                "{{{{resolve:secretsmanager:${{{SECRET_ID}}}:SecretString:{SECRET_MEMBER}}}}}"
            )),
            "Tags": x.tags(&[]),
        }),
    );
    x.add(
        "UsagePlanKey",
        "AWS::ApiGateway::UsagePlanKey",
        json!({
            "KeyId": reference(API_KEY_ID),
            "KeyType": "API_KEY",
            "UsagePlanId": reference(USAGE_PLAN_ID),
        }),
    );
}
