//! API keys as API Gateway keeps them: a value is one key's alone in an
//! account and region, and a key is in a usage plan once, both refused with
//! ConflictException; GetApiKey and GetApiKeys show the value only when asked
//! for it, and the tags that TagResource wrote
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_CreateApiKey.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKeys.html>).
//! ministack takes any value and any repetition, always shows the value, and
//! shows the tags of the creation only.

use hyper::Method;
use serde_json::{Map, Value};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::{Inbound, find};

pub const NAME: &str = "apigateway_api_keys";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if call.service != "apigateway" || call.method != Method::POST {
        return None;
    }
    let conflict = |message: &str| Some(reply::error(call, 409, "ConflictException", message));
    if call.path == "/apikeys" {
        let value = call.json().get("value")?.as_str()?.to_owned();
        let keys = backend.get("apigateway", "/apikeys?limit=500").await;
        let keys = reply::body_json(&keys);
        let taken = items(&keys)
            .iter()
            .any(|key| key["value"] == value.as_str());
        return taken.then(|| conflict("API Key already exists")).flatten();
    }
    let plan = call
        .path
        .strip_prefix("/usageplans/")?
        .strip_suffix("/keys")?;
    let id = call.json().get("keyId")?.as_str()?.to_owned();
    let there = backend
        .get("apigateway", &format!("/usageplans/{plan}/keys/{id}"))
        .await;
    let message = format!("Usage Plan {plan} already contains the key {id}");
    there
        .status()
        .is_success()
        .then(|| conflict(&message))
        .flatten()
}

/// The answer to GetApiKey and GetApiKeys.
pub async fn correct(backend: &Backend<'_>, reply: &Reply) -> Option<Reply> {
    let call = backend.call;
    let is_key = call.path == "/apikeys" || call.path.starts_with("/apikeys/");
    if call.service != "apigateway" || call.method != Method::GET || !is_key {
        return None;
    }
    if !reply.status().is_success() {
        return None;
    }
    let mut body = reply::body_json(reply);
    let list = if body.get("items").is_some() {
        "items"
    } else {
        "item"
    };
    match body.get_mut(list).and_then(Value::as_array_mut) {
        Some(keys) => {
            let shown = shows_values(call, "includeValues");
            for key in keys {
                complete(backend, key, shown).await;
            }
        }
        None => complete(backend, &mut body, shows_values(call, "includeValue")).await,
    }
    Some(reply::with_body(reply.clone(), body.to_string()))
}

fn shows_values(call: &Inbound, parameter: &str) -> bool {
    find(&call.query, parameter) == Some("true")
}

fn items(keys: &Value) -> &[Value] {
    let list = keys.get("items").or_else(|| keys.get("item"));
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

async fn complete(backend: &Backend<'_>, key: &mut Value, shows_value: bool) {
    let Some(id) = key.get("id").and_then(Value::as_str).map(str::to_owned) else {
        return;
    };
    let region = &backend.call.region;
    let arn = format!("arn:aws:apigateway:{region}::/apikeys/{id}");
    let tags = backend.get("apigateway", &format!("/tags/{arn}")).await;
    let Some(key) = key.as_object_mut() else {
        return;
    };
    let tags = reply::body_json(&tags);
    let shown = key
        .entry("tags")
        .or_insert_with(|| Value::Object(Map::new()));
    if let (Some(shown), Some(tags)) = (shown.as_object_mut(), tags["tags"].as_object()) {
        shown.extend(tags.clone());
    }
    if !shows_value {
        key.remove("value");
    }
}
