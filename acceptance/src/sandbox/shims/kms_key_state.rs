//! A key that is scheduled for deletion can be described and rescued, and
//! little else: AWS answers KMSInvalidStateException ("Key states of AWS KMS
//! keys" lists what is allowed in which state), reports its rotation as off,
//! and refuses to rescue a key that is not pending. A disabled key cannot be
//! told to rotate (DisabledException). ministack minds the state only for
//! cryptography.

use serde_json::Value;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "kms_key_state";

const NOT_WHILE_PENDING: &[&str] = &[
    "CreateAlias",
    "CreateGrant",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
];

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    let rescue = call.is("kms", &["CancelKeyDeletion"]);
    if !(rescue || call.is("kms", NOT_WHILE_PENDING)) {
        return None;
    }
    let body = call.json();
    let id = body
        .get("TargetKeyId")
        .or_else(|| body.get("KeyId"))
        .and_then(Value::as_str)?;
    let key = backend.key(id).await?;
    let arn = key.get("Arn").and_then(Value::as_str).unwrap_or(id);
    let refused =
        |code: &str, what: &str| Some(reply::error(call, 400, code, &format!("{arn} is {what}.")));
    match key.get("KeyState").and_then(Value::as_str) {
        Some("PendingDeletion") if !rescue => {
            refused("KMSInvalidStateException", "pending deletion")
        }
        Some("Enabled" | "Disabled") if rescue => {
            refused("KMSInvalidStateException", "not pending deletion")
        }
        Some("Disabled") if call.operation == "EnableKeyRotation" => {
            refused("DisabledException", "disabled")
        }
        _ => None,
    }
}

/// Rotation reads as off while the key is pending deletion.
pub async fn correct(backend: &Backend<'_>, reply: &Reply) -> Option<Reply> {
    let call = backend.call;
    if !call.is("kms", &["GetKeyRotationStatus"]) {
        return None;
    }
    let mut status = reply::body_json(reply);
    if status.get("KeyRotationEnabled")? != true {
        return None;
    }
    let body = call.json();
    let key = backend
        .key(body.get("KeyId").and_then(Value::as_str)?)
        .await?;
    if key.get("KeyState")? != "PendingDeletion" {
        return None;
    }
    *status.get_mut("KeyRotationEnabled")? = false.into();
    Some(reply::with_body(reply.clone(), status.to_string()))
}
