//! What the pipeline is, becomes, and is replaced by.

use crate::live::{self, Settings};
use serde_json::{Value, json};

pub fn before() -> Settings {
    Settings::new("documents")
        .with("alerts.emails", json!(["a@example.com"]))
        .with("tags", json!({ "cost-center": "42", "team": "scan" }))
}

/// Changes in every area, a tag fewer and a tag more, one more address, a role
/// for auditors, a domain name, and of what an account has once all that it has
/// not.
pub fn after() -> Settings {
    Settings::new("documents")
        .with("alerts.emails", json!(["a@example.com", "b@example.com"]))
        .with("tags", json!({ "team": "payments", "owner-of": "data" }))
        .with("encryption.rotation_period_days", 180)
        .with("encryption.deletion_window_days", 10)
        .with("storage.access_log_encryption", "AES256")
        .with("storage.access_log_retention_days", 500)
        .with("storage.noncurrent_expire_after_days", 450)
        .with("audit.recovery_period_days", 20)
        .with("network.endpoint_zones", 2)
        .with("functions.memory_mb", 768)
        .with("functions.architecture", "x86_64")
        .with(
            "functions.per_function",
            json!({ "scan": { "reserved_concurrency": 5 } }),
        )
        .with("api.rate_limit", 50)
        .with("api.quota_per_day", 5000)
        .with("api.allowed_cidrs", json!(["198.51.100.0/24"]))
        .with("api.logging_role", "managed")
        .with("api.mutual_tls", live::mutual_tls())
        .with("firewall.requests_per_5_minutes", 1000)
        .with("monitoring.log_retention_days", 400)
        .with("monitoring.read_only_api_calls", true)
        .with("monitoring.api_calls", "managed")
        .with("threats.minimum_severity", 8)
        .with("threats.detector", "managed")
        .with("secrets.rotation_days", 60)
        .with("access.trusted_account_ids", json!(["210987654321"]))
        .with("access.external_id", "b8f3d1c2-audit")
        .with("compliance.auto_remediate", false)
        .with("compliance.recorder", "managed")
        .with(
            "overrides",
            json!({
                "AlertsTopic": json!({ "DisplayName": "Alerts" }).to_string(),
                "EnvironmentKey": json!({ "Description": "of the functions" }).to_string(),
            }),
        )
}

/// Replacements in both orders (a key and a group are made first, a table is
/// deleted first), with all that refers to them; an address fewer and another
/// one.
pub fn replaced() -> Settings {
    before()
        .with("alerts.emails", json!(["c@example.com"]))
        .with(
            "overrides",
            json!({
                "EnvironmentKey": json!({ "MultiRegion": true }).to_string(),
                "DataKeyAlias": json!({ "AliasName": "alias/documents-of-dev" }).to_string(),
                "QuarantineSecurityGroup": json!({ "GroupName": "apart-documents-dev" }).to_string(),
                "AuditTable": json!({
                    "KeySchema": [{ "AttributeName": "requestId", "KeyType": "HASH" }],
                    "GlobalSecondaryIndexes": null,
                    "AttributeDefinitions": [{ "AttributeName": "requestId", "AttributeType": "S" }],
                }).to_string(),
            }),
        )
}

/// A configuration for the client, in which data is nobody's.
pub fn config(settings: &Settings) -> Value {
    let mut config = settings.spec();
    config["allow_data_loss"] = json!(true);
    config
}
