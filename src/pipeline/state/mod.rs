//! The resource's value as Terraform knows it: one type for configuration,
//! plan and state, since Terraform gives all three the same shape.
//!
//! Numbers are `f64` on purpose: Terraform has one number type, and a user's
//! `7.5` must become our sentence about whole numbers, not a decoder's.

mod blocks;

pub use blocks::*;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tf_provider::value::Value;

/// A map of strings, any of which may be unknown.
pub type TextMap = Value<BTreeMap<String, Value<String>>>;

/// A list or set of strings, any of which may be unknown.
pub type TextList = Value<Vec<Value<String>>>;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub name: Value<String>,
    pub environment_suffix: Value<String>,
    pub encryption: Value<EncryptionBlock>,
    pub storage: Value<StorageBlock>,
    pub network: Value<NetworkBlock>,
    pub functions: Value<FunctionsBlock>,
    pub api: Value<ApiBlock>,
    pub firewall: Value<FirewallBlock>,
    pub audit: Value<AuditBlock>,
    pub monitoring: Value<MonitoringBlock>,
    pub threats: Value<ThreatsBlock>,
    pub secrets: Value<SecretsBlock>,
    pub access: Value<AccessBlock>,
    pub compliance: Value<ComplianceBlock>,
    pub alerts: Value<AlertsBlock>,
    /// Only ever in a configuration.
    pub credential_passwords_wo: TextMap,
    pub credential_passwords_wo_version: Value<f64>,
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
    pub api_endpoint: Value<String>,
    pub api_key_id: Value<String>,
    pub api_key_secret_arn: Value<String>,
    pub bucket_names: Value<BucketNames>,
    pub audit_table_name: Value<String>,
    pub dashboard_url: Value<String>,
    pub key_arns: Value<KeyArnsBlock>,
    pub alert_topic_arn: Value<String>,
    pub alert_subscriptions: TextMap,
    pub web_acl_arn: Value<String>,
    pub vpc_id: Value<String>,
    pub subnet_ids: TextList,
    pub vpc_endpoint_ids: TextMap,
    pub function_names: TextMap,
    pub role_arns: TextMap,
    pub session_policy: Value<String>,
    pub resources: TextMap,
    pub physical_ids: TextMap,
    pub changes: TextMap,
    pub drifted: TextMap,
    pub ledger: TextMap,
    pub incarnation: Value<String>,
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

/// A known list of known strings.
pub fn text_list(items: &[String]) -> TextList {
    Value::Value(items.iter().cloned().map(Value::Value).collect())
}

/// The known entries of a map; null and unknown ones are left out.
pub fn known_entries(map: &TextMap) -> BTreeMap<String, String> {
    map.iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_ref_option()?.clone())))
        .collect()
}
