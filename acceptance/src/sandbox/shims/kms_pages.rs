//! AWS gives lists of keys, aliases and tags in pages and a NextMarker to go
//! on with. ministack obeys Limit, says Truncated and gives no marker, so that
//! a caller either stops too early or asks for the first page for ever.

use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "kms_pages";

/// Operation, the field with the list, AWS's page size when none is asked for.
const LISTS: &[(&str, &str, usize)] = &[
    ("ListKeys", "Keys", 100),
    ("ListAliases", "Aliases", 50),
    ("ListResourceTags", "Tags", 50),
];

pub async fn answer(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    let (operation, field, default) = LISTS
        .iter()
        .find(|(operation, ..)| call.is("kms", &[operation]))?;
    let mut body = call.json();
    let limit = body
        .get("Limit")
        .and_then(Value::as_u64)
        .map_or(*default, |limit| limit.max(1) as usize);
    let from: usize = match body.get("Marker").and_then(Value::as_str) {
        None => 0,
        Some(marker) => match marker.parse() {
            Ok(from) => from,
            Err(_) => {
                return Some(reply::error(
                    call,
                    400,
                    "InvalidMarkerException",
                    "The marker is not one that was given out.",
                ));
            }
        },
    };
    let asked = body.as_object_mut()?;
    asked.remove("Marker");
    asked.insert("Limit".to_owned(), 100_000.into());
    let reply = backend
        .json("kms", &format!("TrentService.{operation}"), &body)
        .await;
    let mut all = reply::body_json(&reply);
    let Some(items) = all.get_mut(*field).and_then(Value::as_array_mut) else {
        return Some(reply);
    };
    let total = items.len();
    let page: Vec<Value> = items.drain(..).skip(from).take(limit).collect();
    let next = from + page.len();
    let mut answer = json!({ *field: page, "Truncated": next < total });
    if next < total {
        answer["NextMarker"] = next.to_string().into();
    }
    Some(reply::json(call, &answer))
}
