//! The parts of a key that are not in its metadata: one call each to read or
//! to change, and each may be made again.

use super::properties::{KeyProperties, ROTATION_DAYS};
use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use serde_json::Value;

/// The only name that a key policy can have.
const POLICY_NAME: &str = "default";

pub(super) async fn policy(clients: &Clients, key: &str) -> Outcome<Value> {
    let answer = clients
        .kms()
        .get_key_policy()
        .key_id(key)
        .policy_name(POLICY_NAME)
        .send()
        .await
        .during("kms:GetKeyPolicy")?;
    Ok(Value::String(answer.policy.unwrap_or_default()))
}

/// The period in days, or `None` where the key does not rotate.
pub(super) async fn rotation(clients: &Clients, key: &str, rotates: bool) -> Outcome<Option<i32>> {
    if !rotates {
        return Ok(None);
    }
    let answer = clients
        .kms()
        .get_key_rotation_status()
        .key_id(key)
        .send()
        .await
        .during("kms:GetKeyRotationStatus")?;
    let period = answer.rotation_period_in_days.unwrap_or(ROTATION_DAYS);
    Ok(answer.key_rotation_enabled.then_some(period))
}

pub(super) async fn set_rotation(
    clients: &Clients,
    key: &str,
    desired: &KeyProperties,
) -> Outcome<()> {
    if desired.enable_key_rotation {
        clients
            .kms()
            .enable_key_rotation()
            .key_id(key)
            .set_rotation_period_in_days(desired.rotation_period_in_days)
            .send()
            .await
            .during("kms:EnableKeyRotation")?;
    } else {
        clients
            .kms()
            .disable_key_rotation()
            .key_id(key)
            .send()
            .await
            .during("kms:DisableKeyRotation")?;
    }
    Ok(())
}

pub(super) async fn set_enabled(clients: &Clients, key: &str, enabled: bool) -> Outcome<()> {
    let kms = clients.kms();
    if enabled {
        kms.enable_key()
            .key_id(key)
            .send()
            .await
            .during("kms:EnableKey")?;
    } else {
        kms.disable_key()
            .key_id(key)
            .send()
            .await
            .during("kms:DisableKey")?;
    }
    Ok(())
}

pub(super) async fn put_policy(clients: &Clients, key: &str, document: &Value) -> Outcome<()> {
    clients
        .kms()
        .put_key_policy()
        .key_id(key)
        .policy_name(POLICY_NAME)
        .policy(document.to_string())
        .send()
        .await
        .during("kms:PutKeyPolicy")
        .map(drop)
}
