//! Spec to state: the settings as the plan shows them, with every default
//! written out, so that a plan never hides what a line left out means.
//!
//! Planned values come from the configuration and the defaults, never from
//! Terraform's proposed state: that one keeps the value of a deleted line.

use super::inputs::{DEFAULT_CREATE, DEFAULT_DELETE, DEFAULT_UPDATE};
use super::state::*;
use crate::blueprint::Spec;
use crate::blueprint::spec;
use std::collections::BTreeMap;
use tf_provider::value::Value;

/// The settings of a plan: what the configuration says, defaults where it
/// says nothing, unknown where it is unknown.
pub fn planned(config: &State, spec: &Spec) -> State {
    let defaults = of_spec(spec);
    State {
        name: config.name.clone(),
        environment_suffix: config.environment_suffix.clone(),
        encryption: block(&config.encryption, defaults.encryption),
        storage: block(&config.storage, defaults.storage),
        network: block(&config.network, defaults.network),
        functions: block(&config.functions, defaults.functions),
        api: block(&config.api, defaults.api),
        firewall: block(&config.firewall, defaults.firewall),
        audit: block(&config.audit, defaults.audit),
        monitoring: block(&config.monitoring, defaults.monitoring),
        threats: block(&config.threats, defaults.threats),
        secrets: block(&config.secrets, defaults.secrets),
        access: block(&config.access, defaults.access),
        compliance: block(&config.compliance, defaults.compliance),
        alerts: block(&config.alerts, defaults.alerts),
        credential_passwords_wo: Value::Null,
        credential_passwords_wo_version: config.credential_passwords_wo_version,
        overrides: config.overrides.clone(),
        tags: config.tags.clone(),
        deletion_protection: or(&config.deletion_protection, defaults.deletion_protection),
        allow_data_loss: or(&config.allow_data_loss, defaults.allow_data_loss),
        adopt_existing: or(&config.adopt_existing, defaults.adopt_existing),
        on_create_failure: or(&config.on_create_failure, defaults.on_create_failure),
        timeouts: block(&config.timeouts, defaults.timeouts),
        ..State::default()
    }
}

/// The settings that a spec stands for, every one of them written out; what
/// an import starts from.
pub fn of_spec(spec: &Spec) -> State {
    State {
        name: Value::Value(spec.name.clone()),
        environment_suffix: Value::Value(spec.environment_suffix.clone()),
        encryption: Value::Value(encryption(&spec.encryption)),
        storage: Value::Value(storage(&spec.storage)),
        network: Value::Value(network(&spec.network)),
        functions: Value::Value(functions(&spec.functions)),
        api: Value::Value(api(&spec.api)),
        firewall: Value::Value(FirewallBlock {
            requests_per_5_minutes: number(spec.firewall.requests_per_5_minutes),
        }),
        audit: Value::Value(AuditBlock {
            point_in_time_recovery: Value::Value(spec.audit.point_in_time_recovery),
            recovery_period_days: number(spec.audit.recovery_period_days),
        }),
        monitoring: Value::Value(MonitoringBlock {
            log_retention_days: number(spec.monitoring.log_retention_days),
            api_calls: word(spec.monitoring.api_calls.as_str()),
            read_only_api_calls: Value::Value(spec.monitoring.read_only_api_calls),
        }),
        threats: Value::Value(ThreatsBlock {
            minimum_severity: Value::Value(spec.threats.minimum_severity),
            detector: word(spec.threats.detector.as_str()),
            remediate_account: Value::Value(spec.threats.remediate_account),
        }),
        secrets: Value::Value(SecretsBlock {
            rotation_days: number(spec.secrets.rotation_days),
            credentials: text_map(spec.secrets.credentials.clone()),
            rotation_function_arn: text(&spec.secrets.rotation_function_arn),
        }),
        access: Value::Value(access(&spec.access)),
        compliance: Value::Value(ComplianceBlock {
            recorder: word(spec.compliance.recorder.as_str()),
            auto_remediate: Value::Value(spec.compliance.auto_remediate),
            custom_policies: none_if_empty(&spec.compliance.custom_policies),
        }),
        alerts: Value::Value(AlertsBlock {
            emails: text_list(&spec.alerts.emails),
        }),
        credential_passwords_wo: Value::Null,
        credential_passwords_wo_version: maybe(spec.secrets.credential_passwords_version),
        overrides: none_if_empty(&spec.overrides),
        tags: none_if_empty(&spec.tags),
        deletion_protection: Value::Value(false),
        allow_data_loss: Value::Value(false),
        adopt_existing: Value::Value(false),
        on_create_failure: word("keep"),
        timeouts: Value::Value(TimeoutsBlock {
            create: word(DEFAULT_CREATE),
            update: word(DEFAULT_UPDATE),
            delete: word(DEFAULT_DELETE),
        }),
        ..State::default()
    }
}

fn encryption(spec: &spec::Encryption) -> EncryptionBlock {
    let keys = &spec.key_arns;
    EncryptionBlock {
        rotation_period_days: number(spec.rotation_period_days),
        deletion_window_days: number(spec.deletion_window_days),
        key_arns: match *keys == spec::KeyArns::default() {
            true => Value::Null,
            false => Value::Value(KeyArnsBlock {
                data: text(&keys.data),
                environment: text(&keys.environment),
                logs: text(&keys.logs),
            }),
        },
    }
}

fn storage(spec: &spec::Storage) -> StorageBlock {
    StorageBlock {
        noncurrent_glacier_after_days: number(spec.noncurrent_glacier_after_days),
        noncurrent_expire_after_days: number(spec.noncurrent_expire_after_days),
        access_log_retention_days: number(spec.access_log_retention_days),
        abort_incomplete_uploads_after_days: number(spec.abort_incomplete_uploads_after_days),
        force_destroy: Value::Value(spec.force_destroy),
        access_log_encryption: word(spec.access_log_encryption.as_str()),
        log_bucket_name: text(&spec.log_bucket_name),
    }
}

/// A network that is brought has no address range and no number of zones that
/// would be ours to say.
fn network(spec: &spec::Network) -> NetworkBlock {
    let ours = spec.vpc_id.is_none();
    let list = |items: &[String]| match ours {
        true => Value::Null,
        false => text_list(items),
    };
    NetworkBlock {
        cidr_block: match ours {
            true => Value::Value(spec.cidr_block.clone()),
            false => Value::Null,
        },
        availability_zones: match ours {
            true => number(spec.availability_zones),
            false => Value::Null,
        },
        endpoint_zones: maybe(spec.endpoint_zones),
        extra_endpoints: text_list(&spec.extra_endpoints),
        vpc_id: text(&spec.vpc_id),
        subnet_ids: list(&spec.subnet_ids),
        route_table_ids: match spec.route_table_ids.is_empty() {
            true => Value::Null,
            false => list(&spec.route_table_ids),
        },
        endpoint_security_group_id: text(&spec.endpoint_security_group_id),
    }
}

fn functions(spec: &spec::Functions) -> FunctionsBlock {
    let function = |settings: &spec::FunctionSettings| {
        Value::Value(FunctionBlock {
            memory_mb: maybe(settings.memory_mb),
            timeout_seconds: maybe(settings.timeout_seconds),
            reserved_concurrency: maybe(settings.reserved_concurrency),
        })
    };
    FunctionsBlock {
        architecture: word(spec.architecture.as_str()),
        memory_mb: number(spec.memory_mb),
        timeout_seconds: number(spec.timeout_seconds),
        per_function: match spec.per_function.is_empty() {
            true => Value::Null,
            false => Value::Value(
                spec.per_function
                    .iter()
                    .map(|(name, settings)| (name.clone(), function(settings)))
                    .collect(),
            ),
        },
        code: match &spec.code {
            None => Value::Null,
            Some(code) => Value::Value(CodeBlock {
                s3_bucket: word(&code.s3_bucket),
                s3_key: word(&code.s3_key),
                s3_object_version: text(&code.s3_object_version),
            }),
        },
        max_document_mb: number(spec.max_document_mb),
        document_types: text_list(&spec.document_types),
        patterns: none_if_empty(&spec.patterns),
    }
}

fn api(spec: &spec::Api) -> ApiBlock {
    ApiBlock {
        authorization: word(spec.authorization.as_str()),
        endpoint_type: word(spec.endpoint_type.as_str()),
        rate_limit: Value::Value(spec.rate_limit),
        burst_limit: number(spec.burst_limit),
        quota_per_day: number(spec.quota_per_day),
        allowed_cidrs: text_list(&spec.allowed_cidrs),
        logging_role: word(spec.logging_role.as_str()),
        mutual_tls: match &spec.mutual_tls {
            None => Value::Null,
            Some(tls) => Value::Value(MutualTlsBlock {
                domain_name: word(&tls.domain_name),
                certificate_arn: word(&tls.certificate_arn),
                truststore_uri: word(&tls.truststore_uri),
                truststore_version: text(&tls.truststore_version),
            }),
        },
    }
}

fn access(spec: &spec::Access) -> AccessBlock {
    AccessBlock {
        trusted_account_ids: text_list(&spec.trusted_account_ids),
        external_id: text(&spec.external_id),
        allowed_cidrs: text_list(&spec.allowed_cidrs),
        require_mfa: Value::Value(spec.require_mfa),
        administrator_arns: match &spec.administrator_arns {
            None => Value::Null,
            Some(arns) => text_list(arns),
        },
    }
}

fn number(number: u32) -> Value<f64> {
    Value::Value(f64::from(number))
}

fn maybe(given: Option<u32>) -> Value<f64> {
    given.map_or(Value::Null, number)
}

fn word(text: &str) -> Value<String> {
    Value::Value(text.to_owned())
}

fn text(text: &Option<String>) -> Value<String> {
    Value::from(text.clone())
}

fn none_if_empty(map: &BTreeMap<String, String>) -> TextMap {
    match map.is_empty() {
        true => Value::Null,
        false => text_map(map.clone()),
    }
}

fn block<T: Filled>(config: &Value<T>, defaults: Value<T>) -> Value<T> {
    match (config, defaults) {
        (Value::Value(config), Value::Value(defaults)) => Value::Value(config.or_default(defaults)),
        (Value::Unknown, _) => Value::Unknown,
        (_, defaults) => defaults,
    }
}
