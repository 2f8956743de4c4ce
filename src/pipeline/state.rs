//! The resource's value as Terraform knows it: one type for configuration,
//! plan and state, since Terraform gives all three the same shape.
//!
//! Numbers are `f64` on purpose: Terraform has one number type, and a user's
//! `7.5` must become our sentence about whole numbers, not a decoder's.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tf_provider::value::Value;

/// A map of strings, any of which may be unknown.
pub type TextMap = Value<BTreeMap<String, Value<String>>>;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub name: Value<String>,
    pub environment_suffix: Value<String>,
    pub encryption: Value<EncryptionBlock>,
    pub storage: Value<StorageBlock>,
    pub audit: Value<AuditBlock>,
    pub alerts: Value<AlertsBlock>,
    pub overrides: TextMap,
    pub tags: TextMap,
    pub deletion_protection: Value<bool>,
    pub allow_data_loss: Value<bool>,
    pub adopt_existing: Value<bool>,
    pub on_create_failure: Value<String>,
    pub timeouts: Value<TimeoutsBlock>,

    pub id: Value<String>,
    pub status: Value<String>,
    pub account_id: Value<String>,
    pub region: Value<String>,
    pub bucket_names: Value<BucketNames>,
    pub audit_table_name: Value<String>,
    pub key_arns: Value<KeyArnsBlock>,
    pub alert_topic_arn: Value<String>,
    pub resources: TextMap,
    pub physical_ids: TextMap,
    pub changes: TextMap,
    pub drifted: TextMap,
    pub ledger: TextMap,
    pub incarnation: Value<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EncryptionBlock {
    pub rotation_period_days: Value<f64>,
    pub deletion_window_days: Value<f64>,
    pub key_arns: Value<KeyArnsBlock>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyArnsBlock {
    pub data: Value<String>,
    pub environment: Value<String>,
    pub logs: Value<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageBlock {
    pub noncurrent_glacier_after_days: Value<f64>,
    pub noncurrent_expire_after_days: Value<f64>,
    pub access_log_retention_days: Value<f64>,
    pub abort_incomplete_uploads_after_days: Value<f64>,
    pub force_destroy: Value<bool>,
    pub access_log_encryption: Value<String>,
    pub log_bucket_name: Value<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditBlock {
    pub point_in_time_recovery: Value<bool>,
    pub recovery_period_days: Value<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertsBlock {
    pub emails: Value<Vec<Value<String>>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeoutsBlock {
    pub create: Value<String>,
    pub update: Value<String>,
    pub delete: Value<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BucketNames {
    pub raw: Value<String>,
    pub processed: Value<String>,
    pub logs: Value<String>,
}

/// A known map of known strings.
pub fn text_map<K: Into<String>, V: Into<String>>(
    entries: impl IntoIterator<Item = (K, V)>,
) -> TextMap {
    Value::Value(
        entries
            .into_iter()
            .map(|(key, value)| (key.into(), Value::Value(value.into())))
            .collect(),
    )
}

/// The known entries of a map; null and unknown ones are left out.
pub fn known_entries(map: &TextMap) -> BTreeMap<String, String> {
    map.iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_ref_option()?.clone())))
        .collect()
}

/// Blocks of optional attributes, each of which may be unknown as a whole.
macro_rules! unknown_blocks {
    ($($block:ident { $($field:ident),+ })+) => {
        $(impl super::values::Unknown for $block {
            fn unknown() -> Self {
                Self { $($field: Value::Unknown),+ }
            }
        })+
    };
}

unknown_blocks! {
    EncryptionBlock { rotation_period_days, deletion_window_days, key_arns }
    KeyArnsBlock { data, environment, logs }
    StorageBlock {
        noncurrent_glacier_after_days, noncurrent_expire_after_days, access_log_retention_days,
        abort_incomplete_uploads_after_days, force_destroy, access_log_encryption, log_bucket_name
    }
    AuditBlock { point_in_time_recovery, recovery_period_days }
    AlertsBlock { emails }
    TimeoutsBlock { create, update, delete }
}
