//! Each API has a security policy: by default `TLS_1_2` where it is private,
//! otherwise `TLS_1_0`. One that begins with `SecurityPolicy_` takes an access
//! mode, and another type of endpoint has to be told its policy in the same call
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html>;
//! what AWS says to those that do neither:
//! <https://github.com/aws/aws-sam-cli/issues/9007>,
//! <https://github.com/aws/serverless-application-model/issues/3866>).
//! ministack forgets both when an API is created, has no default, and takes
//! every change.

use hyper::Method;
use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "apigateway_security_policy";

const POLICY: &str = "securityPolicy";
const MODE: &str = "endpointAccessMode";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    let before = match (&call.method, api(call)?) {
        (&Method::POST, None) => call.json(),
        (&Method::PATCH, Some(_)) => {
            let before = backend.get("apigateway", &call.path).await;
            reply::body_json(&before)
        }
        _ => return None,
    };
    let message = problem(&before, &call.json())?;
    Some(reply::error(call, 400, "BadRequestException", message))
}

/// `before` is the API before the patches, or the one that shall be.
fn problem(before: &Value, body: &Value) -> Option<&'static str> {
    let patches = body["patchOperations"].as_array();
    let patches = patches.map(Vec::as_slice).unwrap_or_default();
    let patched = |member: &str| {
        let of = |patch: &&Value| patch["path"] == format!("/{member}");
        patches.iter().rfind(of)
    };
    let after = |member| patched(member).map_or(&before[member], |patch| &patch["value"]);
    let is_type = |patch: &Value| {
        let path = patch["path"].as_str().unwrap_or_default();
        path.starts_with("/endpointConfiguration/types/")
    };
    if patches.iter().any(is_type) && patched(POLICY).is_none() {
        return Some(
            "Unable to update EndpointType. SecurityPolicy is required for EndpointType update.",
        );
    }
    let policy = after(POLICY).as_str().unwrap_or_default();
    let mode = after(MODE).as_str().unwrap_or_default();
    (policy.starts_with("SecurityPolicy_") && mode.is_empty())
        .then_some("Endpoint access mode is required for the specified security policy")
}

/// Keeps what a creation says, and shows what stands by default.
pub async fn correct(backend: &Backend<'_>, reply: &Reply) -> Option<Reply> {
    let call = backend.call;
    let place = api(call)?;
    if !reply.status().is_success() || call.method == Method::DELETE {
        return None;
    }
    let mut body = reply::body_json(reply);
    if call.method == Method::POST && place.is_none() {
        let said = call.json();
        let members = [POLICY, MODE]
            .iter()
            .filter(|name| said[**name].is_string());
        let patches: Vec<Value> = members
            .map(
                |name| json!({ "op": "replace", "path": format!("/{name}"), "value": said[*name] }),
            )
            .collect();
        let path = format!("/restapis/{}", body["id"].as_str()?);
        let patches = json!({ "patchOperations": patches }).to_string();
        let kept = backend.rest(Method::PATCH, &path, &patches).await;
        body = reply::body_json(&kept);
    }
    let lists = ["item", "items"];
    let list = lists.iter().find(|name| body[**name].is_array());
    match list.and_then(|name| body[*name].as_array_mut()) {
        Some(apis) => apis.iter_mut().for_each(show),
        None => show(&mut body),
    }
    Some(reply::with_body(reply.clone(), body.to_string()))
}

fn show(api: &mut Value) {
    let private = api["endpointConfiguration"]["types"][0] == "PRIVATE";
    let by_default = if private { "TLS_1_2" } else { "TLS_1_0" };
    if let Some(members) = api.as_object_mut() {
        members.retain(|name, value| {
            ![POLICY, MODE].contains(&name.as_str())
                || value.as_str().is_some_and(|said| !said.is_empty())
        });
        let policy = members.entry(POLICY);
        policy.or_insert_with(|| json!(by_default));
    }
}

/// `Some` for APIs themselves: their list, or one of them.
fn api(call: &Inbound) -> Option<Option<&str>> {
    let parts = call.path.split('/').filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    match parts.as_slice() {
        _ if call.service != "apigateway" => None,
        ["restapis"] => Some(None),
        ["restapis", id] => Some(Some(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_without_its_mode_and_a_type_without_its_policy_are_refused() {
        let strong = json!({ "securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09" });
        assert!(problem(&strong, &strong).is_some_and(|text| text.contains("access mode")));
        let whole =
            json!({ "securityPolicy": strong["securityPolicy"], "endpointAccessMode": "STRICT" });
        assert_eq!(problem(&whole, &whole), None);
        let patches = |pairs: &[(&str, &str)]| {
            let patch = |(path, value): &(&str, &str)| json!({ "op": "replace", "path": path, "value": value });
            json!({ "patchOperations": pairs.iter().map(patch).collect::<Vec<_>>() })
        };
        let kind = ("/endpointConfiguration/types/REGIONAL", "EDGE");
        let legacy = json!({ "securityPolicy": "TLS_1_0" });
        assert!(problem(&legacy, &patches(&[kind])).is_some());
        assert_eq!(
            problem(&legacy, &patches(&[kind, ("/securityPolicy", "TLS_1_0")])),
            None
        );
        let back = [("/endpointAccessMode", ""), ("/securityPolicy", "TLS_1_0")];
        assert_eq!(problem(&whole, &patches(&back)), None);
        assert!(problem(&whole, &patches(&back[..1])).is_some());
    }

    #[test]
    fn what_was_not_said_is_shown_as_it_is_by_default() {
        let mut api =
            json!({ "endpointConfiguration": { "types": ["PRIVATE"] }, "endpointAccessMode": "" });
        show(&mut api);
        assert_eq!(api["securityPolicy"], "TLS_1_2");
        assert_eq!(api.get("endpointAccessMode"), None);
        let mut api = json!({ "endpointConfiguration": { "types": ["REGIONAL"] } });
        show(&mut api);
        assert_eq!(api["securityPolicy"], "TLS_1_0");
    }
}
