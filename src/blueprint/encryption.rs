//! Encryption (R001-R007): one customer-managed key per purpose, an alias for
//! each, and a key policy that admits the account and the services that
//! really use the key, each bound to this account and to what it may touch.

use super::policy::{Statement, document};
use super::{
    Expansion, Facts, Spec, access, alerts, functions, monitoring, naming, network, storage,
};
use crate::engine::template::intrinsics::{get_att, reference};
use serde_json::{Value, json};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Documents, scan results and the audit table.
    Data,
    /// The functions' environment variables.
    Environment,
    /// Access logs, log groups and notifications.
    Logs,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::Data, Self::Environment, Self::Logs];

    pub fn base(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Environment => "environment",
            Self::Logs => "logs",
        }
    }

    pub fn key_id(self) -> &'static str {
        match self {
            Self::Data => "DataKey",
            Self::Environment => "EnvironmentKey",
            Self::Logs => "LogsKey",
        }
    }

    pub fn alias_id(self) -> &'static str {
        match self {
            Self::Data => "DataKeyAlias",
            Self::Environment => "EnvironmentKeyAlias",
            Self::Logs => "LogsKeyAlias",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Data => "documents, scan results and the audit table",
            Self::Environment => "function environment variables",
            Self::Logs => "access logs, log groups and notifications",
        }
    }

    /// The key that the user brought for this purpose.
    pub fn brought(self, spec: &Spec) -> Option<&str> {
        let arns = &spec.encryption.key_arns;
        match self {
            Self::Data => arns.data.as_deref(),
            Self::Environment => arns.environment.as_deref(),
            Self::Logs => arns.logs.as_deref(),
        }
    }

    /// The ARN of the key, ours or brought.
    pub fn arn(self, spec: &Spec) -> Value {
        match self.brought(spec) {
            Some(arn) => json!(arn),
            None => get_att(self.key_id(), "Arn"),
        }
    }

    /// `alias/data-documents-dev`
    pub fn alias_name(self, spec: &Spec) -> String {
        let name = naming::name(self.base(), spec, naming::limit::KMS_ALIAS - "alias/".len());
        format!("alias/{name}")
    }
}

/// The tag that tells a destroy, which sees no configuration, how long AWS
/// shall keep a key before it is gone for good.
pub const DELETION_WINDOW_TAG: &str = "tap:deletion-window-days";

pub(super) fn expand(x: &mut Expansion<'_>) {
    for purpose in Purpose::ALL {
        if purpose.brought(x.spec).is_some() {
            continue;
        }
        let window = x.spec.encryption.deletion_window_days;
        let properties = json!({
            "Description": format!(
                "{} of {}",
                purpose.description(),
                naming::pipeline_id(x.spec, x.facts)
            ),
            "EnableKeyRotation": true,
            "RotationPeriodInDays": x.spec.encryption.rotation_period_days,
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "PendingWindowInDays": window,
            "KeyPolicy": key_policy(purpose, x.spec, x.facts),
            "Tags": x.tags(&[(DELETION_WINDOW_TAG, window.to_string())]),
        });
        x.add(purpose.key_id(), "AWS::KMS::Key", properties);
        x.add(
            purpose.alias_id(),
            "AWS::KMS::Alias",
            json!({
                "AliasName": purpose.alias_name(x.spec),
                "TargetKeyId": reference(purpose.key_id()),
            }),
        );
    }
}

/// The account's own IAM policies decide who of it may use the key; beyond
/// that only the services named here, each bound to this account.
fn key_policy(purpose: Purpose, spec: &Spec, facts: &Facts) -> Value {
    let account = Statement::allow("Account")
        .aws(facts.root_arn())
        .actions(["kms:*"])
        .resource("*");
    let mut statements = vec![account];
    statements.extend(access::guard::of_key(spec, facts));
    if purpose == Purpose::Logs {
        statements.extend(storage::access_log_key_grant(spec, facts));
        statements.extend(network::log_delivery_key_grant(spec, facts));
        statements.push(functions::dead_letter_key_grant(spec, facts));
        statements.extend(alerts::publisher_key_grants(spec, facts));
        statements.push(monitoring::log_group_key_grant(spec, facts));
        statements.extend(monitoring::trail_key_grant(spec, facts));
    }
    document(statements)
}
