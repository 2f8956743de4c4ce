//! JSON patches as API Gateway takes them: the parts of a path are escaped
//! (`application~1json`), values are text and become what the member is, a
//! stage enters and leaves a usage plan as `api:stage`, and a member of a list
//! is named by its value
//! (<https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html>).
//! ministack keeps paths as they are written and values as text. And it takes
//! no patch of domain names and base path mappings at all: here the former are
//! remembered, the latter made anew.
//!
//! Patches of stages, accounts and validators it understands.

use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::backend::Backend;
use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "apigateway_patches";

/// Members of domain names that a patch has changed.
#[derive(Default)]
pub struct Patched(Mutex<BTreeMap<Place, Map<String, Value>>>);

/// The call as the emulator must get it: whole members instead of their parts.
pub async fn resolve(backend: &Backend<'_>) -> Option<Inbound> {
    let call = backend.call;
    let parts = parts(call);
    let lost = matches!(
        parts.as_slice(),
        ["restapis" | "usageplans" | "apikeys", _]
            | ["restapis", _, "models", _]
            | ["restapis", _, "resources", _, "methods", _]
    );
    if !is_patch(call) || !lost {
        return None;
    }
    let before = backend.get("apigateway", &call.target).await;
    if !before.status().is_success() {
        return None;
    }
    let changed = changed(&reply::body_json(&before), &call.json());
    let whole: Vec<Value> = changed
        .into_iter()
        .map(|(name, value)| json!({ "op": "replace", "path": format!("/{name}"), "value": value }))
        .collect();
    let mut resolved = call.clone();
    resolved.body = Bytes::from(json!({ "patchOperations": whole }).to_string());
    Some(resolved)
}

impl Patched {
    /// What the emulator has no answer to.
    pub async fn answer(&self, backend: &Backend<'_>) -> Option<Reply> {
        let call = backend.call;
        if !is_patch(call) {
            return None;
        }
        match parts(call).as_slice() {
            ["domainnames", name] => {
                let before = backend.get("apigateway", &call.target).await;
                if !before.status().is_success() {
                    return Some(before);
                }
                let mut body = reply::body_json(&before);
                self.show(call, name, &mut body);
                let changed = changed(&body, &call.json());
                let mut all = lock(&self.0);
                let known = all.entry(place(call, name)).or_default();
                known.extend(changed.clone());
                body.as_object_mut()?.extend(changed);
                Some(reply::with_body(before, body.to_string()))
            }
            ["domainnames", name, "basepathmappings", _] => {
                let before = backend.get("apigateway", &call.target).await;
                if !before.status().is_success() {
                    return Some(before);
                }
                let mut body = reply::body_json(&before);
                let changed = changed(&body, &call.json());
                body.as_object_mut()?.extend(changed);
                if let Some(api) = body.as_object_mut()?.remove("restapiId") {
                    body["restApiId"] = api;
                }
                backend.rest(Method::DELETE, &call.target, "").await;
                let place = format!("/domainnames/{name}/basepathmappings");
                let text = body.to_string();
                Some(backend.rest(Method::POST, &place, &text).await)
            }
            _ => None,
        }
    }

    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        let parts = parts(call);
        let ["domainnames", name] = parts.as_slice() else {
            return None;
        };
        if call.service != "apigateway" || !reply.status().is_success() {
            return None;
        }
        if call.method == Method::DELETE {
            lock(&self.0).remove(&place(call, name));
            return None;
        }
        let mut body = reply::body_json(reply);
        self.show(call, name, &mut body)
            .then(|| reply::with_body(reply.clone(), body.to_string()))
    }

    fn show(&self, call: &Inbound, name: &str, body: &mut Value) -> bool {
        let all = lock(&self.0);
        let known = all.get(&place(call, name));
        match (known, body.as_object_mut()) {
            (Some(known), Some(body)) => {
                body.extend(known.clone());
                true
            }
            _ => false,
        }
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

fn is_patch(call: &Inbound) -> bool {
    call.service == "apigateway" && call.method == Method::PATCH
}

fn parts(call: &Inbound) -> Vec<&str> {
    call.path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect()
}

/// The members that patches change, as they are then.
fn changed(before: &Value, patches: &Value) -> Map<String, Value> {
    let mut after = before.clone();
    let mut touched = Vec::new();
    for patch in patches["patchOperations"].as_array().into_iter().flatten() {
        let path = patch["path"].as_str().unwrap_or_default();
        let names: Vec<String> = path
            .trim_start_matches('/')
            .split('/')
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect();
        let op = patch["op"].as_str().unwrap_or_default();
        let value = patch["value"].as_str().unwrap_or_default();
        apply(&mut after, &names, op, value);
        touched.extend(names.into_iter().next());
    }
    let member = |name: String| {
        let value = after.get(&name).cloned().unwrap_or_default();
        (name, value)
    };
    touched.into_iter().map(member).collect()
}

fn apply(target: &mut Value, names: &[String], op: &str, value: &str) {
    match names {
        [name] if name == "apiStages" => stages(target, op, value),
        [name] if name == "vpcEndpointIds" => listed(target, name, op, value),
        [name] => {
            if let Value::Array(list) = target {
                // A member of a list, by its value.
                list.iter_mut()
                    .filter(|one| *one == name)
                    .for_each(|one| *one = json!(value));
            } else if let Some(members) = target.as_object_mut() {
                let was = members.get(name).cloned().unwrap_or_default();
                match op {
                    "remove" if was.is_object() => {
                        members.insert(name.clone(), json!({}));
                    }
                    "remove" => {
                        members.remove(name);
                    }
                    // Without a version it is the newest, without a place there
                    // is no mutual TLS.
                    _ if value.is_empty() && name.starts_with("truststore") => {
                        members.remove(name);
                    }
                    _ => {
                        members.insert(name.clone(), typed(name, &was, value));
                    }
                }
            }
        }
        [name, rest @ ..] => {
            if let Some(members) = target.as_object_mut() {
                let inner = members.entry(name.clone()).or_insert_with(|| json!({}));
                if inner.is_null() {
                    *inner = json!({});
                }
                apply(inner, rest, op, value);
            }
        }
        [] => {}
    }
}

/// Text as what the member is.
fn typed(name: &str, was: &Value, value: &str) -> Value {
    let number = ["limit", "offset", "burstLimit", "rateLimit"].contains(&name);
    if was.is_boolean() || name.starts_with("method.request.") {
        return json!(value == "true");
    }
    if was.is_number() || number {
        return serde_json::from_str(value).unwrap_or_default();
    }
    if value.is_empty() && name.ends_with("Id") {
        return Value::Null;
    }
    json!(value)
}

fn stages(plan: &mut Value, op: &str, token: &str) {
    let (api, stage) = token.split_once(':').unwrap_or((token, ""));
    let Some(list) = plan.get_mut("apiStages").and_then(Value::as_array_mut) else {
        return;
    };
    list.retain(|one| one["apiId"] != api || one["stage"] != stage);
    if op == "add" {
        list.push(json!({ "apiId": api, "stage": stage }));
    }
}

/// A list whose members are added and removed one by one.
fn listed(target: &mut Value, name: &str, op: &str, value: &str) {
    let Some(members) = target.as_object_mut() else {
        return;
    };
    let mut list = match members.remove(name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    list.retain(|one| one != value);
    if op == "add" {
        list.push(json!(value));
    }
    if !list.is_empty() {
        members.insert(name.to_owned(), Value::Array(list));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_change_what_they_name() {
        let before = json!({
            "name": "a", "apiKeyRequired": false, "requestValidatorId": "v",
            "requestModels": { "application/json": "Old", "text/plain": "Gone" },
            "endpointConfiguration": { "types": ["EDGE"], "vpcEndpointIds": ["vpce-1"] },
            "apiStages": [{ "apiId": "a", "stage": "v1" }], "throttle": {},
            "mutualTlsAuthentication": { "truststoreUri": "s3://a/b", "truststoreVersion": "1" },
        });
        let patch = |op, path, value| json!({ "op": op, "path": path, "value": value });
        let patches = json!({ "patchOperations": [
            patch("replace", "/apiKeyRequired", "true"),
            patch("replace", "/requestValidatorId", ""),
            patch("replace", "/requestModels/application~1json", "New"),
            patch("remove", "/requestModels/text~1plain", ""),
            patch("replace", "/endpointConfiguration/types/EDGE", "PRIVATE"),
            patch("add", "/endpointConfiguration/vpcEndpointIds", "vpce-2"),
            patch("remove", "/endpointConfiguration/vpcEndpointIds", "vpce-1"),
            patch("add", "/apiStages", "b:v1"),
            patch("remove", "/apiStages", "a:v1"),
            patch("replace", "/throttle/rateLimit", "100"),
            patch("replace", "/mutualTlsAuthentication/truststoreVersion", ""),
        ] });
        let after = Value::Object(changed(&before, &patches));
        assert_eq!(
            after,
            json!({
                "apiKeyRequired": true, "requestValidatorId": null,
                "requestModels": { "application/json": "New" },
                "endpointConfiguration": { "types": ["PRIVATE"], "vpcEndpointIds": ["vpce-2"] },
                "apiStages": [{ "apiId": "b", "stage": "v1" }],
                "throttle": { "rateLimit": 100 },
                "mutualTlsAuthentication": { "truststoreUri": "s3://a/b" },
            })
        );
    }
}
