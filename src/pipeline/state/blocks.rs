//! The blocks of the resource, one for each area. Every attribute of a block
//! may be missing, and may be unknown, alone or with the whole block.

use super::{TextList, TextMap};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tf_provider::value::Value;

/// A block whose attributes can be filled in.
pub trait Filled: Sized {
    /// What is configured, and the default where nothing is.
    fn or_default(&self, default: Self) -> Self;
}

macro_rules! blocks {
    ($($(#[$doc:meta])* $block:ident { $($field:ident: $of:ty),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
            #[serde(default)]
            pub struct $block {
                $(pub $field: $of),+
            }

            impl crate::pipeline::values::Unknown for $block {
                fn unknown() -> Self {
                    Self { $($field: Value::Unknown),+ }
                }
            }

            impl Filled for $block {
                fn or_default(&self, default: Self) -> Self {
                    Self { $($field: or(&self.$field, default.$field)),+ }
                }
            }
        )+
    };
}

/// What is configured, or else the default.
pub fn or<T: Clone>(config: &Value<T>, default: Value<T>) -> Value<T> {
    match config {
        Value::Null => default,
        other => other.clone(),
    }
}

blocks! {
    EncryptionBlock {
        rotation_period_days: Value<f64>,
        deletion_window_days: Value<f64>,
        key_arns: Value<KeyArnsBlock>,
    }
    KeyArnsBlock {
        data: Value<String>,
        environment: Value<String>,
        logs: Value<String>,
    }
    StorageBlock {
        noncurrent_glacier_after_days: Value<f64>,
        noncurrent_expire_after_days: Value<f64>,
        access_log_retention_days: Value<f64>,
        abort_incomplete_uploads_after_days: Value<f64>,
        force_destroy: Value<bool>,
        access_log_encryption: Value<String>,
        log_bucket_name: Value<String>,
    }
    NetworkBlock {
        cidr_block: Value<String>,
        availability_zones: Value<f64>,
        endpoint_zones: Value<f64>,
        extra_endpoints: TextList,
        vpc_id: Value<String>,
        subnet_ids: TextList,
        route_table_ids: TextList,
        endpoint_security_group_id: Value<String>,
    }
    FunctionsBlock {
        architecture: Value<String>,
        memory_mb: Value<f64>,
        timeout_seconds: Value<f64>,
        per_function: Value<BTreeMap<String, Value<FunctionBlock>>>,
        code: Value<CodeBlock>,
        max_document_mb: Value<f64>,
        document_types: TextList,
        patterns: TextMap,
    }
    /// One element of `functions.per_function`.
    FunctionBlock {
        memory_mb: Value<f64>,
        timeout_seconds: Value<f64>,
        reserved_concurrency: Value<f64>,
    }
    CodeBlock {
        s3_bucket: Value<String>,
        s3_key: Value<String>,
        s3_object_version: Value<String>,
    }
    ApiBlock {
        authorization: Value<String>,
        endpoint_type: Value<String>,
        rate_limit: Value<f64>,
        burst_limit: Value<f64>,
        quota_per_day: Value<f64>,
        allowed_cidrs: TextList,
        logging_role: Value<String>,
        mutual_tls: Value<MutualTlsBlock>,
    }
    MutualTlsBlock {
        domain_name: Value<String>,
        certificate_arn: Value<String>,
        truststore_uri: Value<String>,
        truststore_version: Value<String>,
    }
    FirewallBlock {
        requests_per_5_minutes: Value<f64>,
    }
    AuditBlock {
        point_in_time_recovery: Value<bool>,
        recovery_period_days: Value<f64>,
    }
    MonitoringBlock {
        log_retention_days: Value<f64>,
        api_calls: Value<String>,
        read_only_api_calls: Value<bool>,
    }
    ThreatsBlock {
        minimum_severity: Value<f64>,
        detector: Value<String>,
        remediate_account: Value<bool>,
    }
    SecretsBlock {
        rotation_days: Value<f64>,
        credentials: TextMap,
        rotation_function_arn: Value<String>,
    }
    AccessBlock {
        trusted_account_ids: TextList,
        external_id: Value<String>,
        allowed_cidrs: TextList,
        require_mfa: Value<bool>,
        administrator_arns: TextList,
    }
    ComplianceBlock {
        recorder: Value<String>,
        auto_remediate: Value<bool>,
        custom_policies: TextMap,
    }
    AlertsBlock {
        emails: TextList,
    }
    TimeoutsBlock {
        create: Value<String>,
        update: Value<String>,
        delete: Value<String>,
    }
}
