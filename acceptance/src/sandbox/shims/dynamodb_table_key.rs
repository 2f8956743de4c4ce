//! A table is encrypted with a key that exists, is enabled and lives in the
//! table's region; AWS refuses others (ValidationException). However the key was
//! named, by id or by alias, the table is described with its ARN. ministack
//! takes any text for a key and gives it back.

use hyper::body::Bytes;
use serde_json::Value;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "dynamodb_table_key";

const KEY: &str = "/SSESpecification/KMSMasterKeyId";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    let id = key(call)?;
    let state = backend.key(&id).await.and_then(|key| {
        key.get("KeyState")
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    let what = match state.as_deref() {
        Some("Enabled") => return None,
        Some(state) => format!("KMS key {id} is not enabled: it is {state}"),
        None => format!("KMS validation error: key {id} does not exist"),
    };
    Some(reply::error(
        call,
        400,
        "ValidationException",
        &format!("One or more parameter values were invalid: {what}"),
    ))
}

/// The call as the emulator must get it: with the key's ARN.
pub async fn resolve(backend: &Backend<'_>) -> Option<Inbound> {
    let id = key(backend.call).filter(|id| !id.contains(":key/"))?;
    let metadata = backend.key(&id).await?;
    let mut body = backend.call.json();
    *body.pointer_mut(KEY)? = metadata.get("Arn")?.clone();
    let mut call = backend.call.clone();
    call.body = Bytes::from(body.to_string());
    Some(call)
}

/// The customer's key that the call names; AWS' own is always there.
fn key(call: &Inbound) -> Option<String> {
    if !call.is("dynamodb", &["CreateTable", "UpdateTable"]) {
        return None;
    }
    let id = call.json().pointer(KEY)?.as_str()?.to_owned();
    (!id.contains("alias/aws/")).then_some(id)
}
