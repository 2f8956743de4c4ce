//! API (R050-R063): a REST API in front of the functions.
//!
//! ```text
//! RestApi ─► resources ─► methods ─► ApiDeployment ─► ApiStage ─► UsagePlan ─► UsagePlanKey ◄─ ApiKey
//! ```
//!
//! Who calls is known by an IAM signature (an API key tells customers apart
//! and is no authentication), what is sent is checked against a model before a
//! function sees it, and how often is limited twice: for the stage and for the
//! key. What `methods` declares is what a deployment is made of; what `stage`
//! declares is how that is served.

mod domain;
mod logging;
mod methods;
mod stage;

#[cfg(test)]
mod tests;

pub use logging::{ACCESS_LOG_GROUP_ID, access_log_group_name, execution_log_group_name, logs};
pub(super) use methods::seal;

use super::network::EXECUTE_API_ENDPOINT_ID;
use super::policy::{Statement, document};
use super::spec::{Authorization, EndpointType};
use super::{Expansion, Facts, Spec, naming, object};
use crate::engine::template::intrinsics::{reference, sub};
use serde_json::{Value, json};

pub const REST_API_ID: &str = "RestApi";
pub const STAGE_ID: &str = "ApiStage";
pub const API_KEY_ID: &str = "ApiKey";
pub const USAGE_PLAN_ID: &str = "UsagePlan";
pub const STAGE_NAME: &str = "v1";

/// The secret with the API key's value, which the area of secrets declares,
/// and the member that holds it.
const SECRET_ID: &str = "ApiKeySecret";
const SECRET_MEMBER: &str = "api_key";

/// The longest name of an API, a usage plan and a key that is still readable
/// in the console; AWS itself takes 1024 characters.
const LONGEST_NAME: usize = 128;

pub(super) fn expand(x: &mut Expansion<'_>) {
    let (spec, facts) = (x.spec, x.facts);
    let (security_policy, access_mode) = transport(spec);
    let properties = object(json!({
        "Name": name(spec),
        "Description": format!("Documents of {}", naming::pipeline_id(spec, facts)),
        "EndpointConfiguration": endpoint_configuration(spec),
        // Mutual TLS that can be gone round is none (R058).
        "DisableExecuteApiEndpoint": spec.api.mutual_tls.is_some(),
        "ApiKeySourceType": "HEADER",
        "Policy": resource_policy(spec),
        "SecurityPolicy": security_policy,
        "EndpointAccessMode": access_mode,
        "Tags": x.tags(&[]),
    }));
    x.add(REST_API_ID, "AWS::ApiGateway::RestApi", properties);
    methods::expand(x);
    logging::expand(x);
    stage::expand(x);
    domain::expand(x);
}

/// The security policy and the access mode. Left to AWS a regional API takes
/// TLS 1.0, and so does a domain name before it, whose handshake is made by the
/// API's policy. This one takes TLS 1.2 with forward secrecy, TLS 1.3 and key
/// exchanges that a quantum computer does not break; `STRICT` refuses whoever
/// names one host to TLS and another one to HTTP
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html>).
///
/// A domain name with mutual TLS cannot have an enhanced policy, and the API
/// behind it gets the same one as the domain name, as AWS recommends
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html>).
fn transport(spec: &Spec) -> (&'static str, Value) {
    match spec.api.mutual_tls {
        Some(_) => (domain::SECURITY_POLICY, Value::Null),
        None => ("SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09", json!("STRICT")),
    }
}

/// A private API that knows its endpoint has a name there, which leads to it
/// from wherever the endpoint can be reached.
fn endpoint_configuration(spec: &Spec) -> Value {
    let kind = spec.api.endpoint_type;
    let through = match kind {
        EndpointType::Regional => Value::Null,
        EndpointType::Private => json!([reference(EXECUTE_API_ENDPOINT_ID)]),
    };
    object(json!({ "Types": [kind.as_str()], "VpcEndpointIds": through }))
}

/// `api-documents-dev`
pub fn name(spec: &Spec) -> String {
    naming::name("api", spec, LONGEST_NAME)
}

pub fn rest_api_id() -> Value {
    reference(REST_API_ID)
}

/// What a web ACL is associated with.
pub fn stage_arn(_spec: &Spec, facts: &Facts) -> Value {
    sub(format!(
        "arn:{}:apigateway:{}::/restapis/${{{REST_API_ID}}}/stages/${{{STAGE_ID}}}",
        facts.partition, facts.region
    ))
}

/// The resource policy: only where source addresses are said (R060), or the
/// endpoint through which a private API is called (R061), which AWS does not
/// deploy without one.
///
/// With IAM signatures a refusal is all it takes: who may call is for the
/// callers' own policies, and an `Allow` here would open the API to other
/// accounts. Without signatures a request needs the `Allow`, or every one is
/// refused
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>).
fn resource_policy(spec: &Spec) -> Value {
    const INVOKE: [&str; 1] = ["execute-api:Invoke"];
    // API Gateway puts the API's own ARN before it.
    const ALL: &str = "execute-api:/*";
    let all = |statement: Statement| statement.everyone().actions(INVOKE).resource(ALL);
    let cidrs = &spec.api.allowed_cidrs;
    let (outside, inside) = match spec.api.endpoint_type {
        EndpointType::Private => {
            let (key, ours) = ("aws:SourceVpce", reference(EXECUTE_API_ENDPOINT_ID));
            (
                Statement::deny("OnlyOurEndpoint").when("StringNotEquals", key, ours.clone()),
                Statement::allow("OurEndpoint").when("StringEquals", key, ours),
            )
        }
        EndpointType::Regional if cidrs.is_empty() => return Value::Null,
        EndpointType::Regional => {
            let (key, cidrs) = ("aws:SourceIp", json!(cidrs));
            (
                Statement::deny("OnlyAllowedAddresses").when("NotIpAddress", key, cidrs.clone()),
                Statement::allow("AllowedAddresses").when("IpAddress", key, cidrs),
            )
        }
    };
    let (outside, inside) = (all(outside), all(inside));
    match spec.api.authorization {
        Authorization::Iam => document([outside]),
        Authorization::None => document([inside, outside]),
    }
}
