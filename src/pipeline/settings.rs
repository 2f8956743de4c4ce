//! Spec to state: the settings as the plan shows them, with every default
//! written out, so that a plan never hides what a line left out means.
//!
//! Planned values come from the configuration and the defaults, never from
//! Terraform's proposed state: that one keeps the value of a deleted line.

use super::inputs::{DEFAULT_CREATE, DEFAULT_DELETE, DEFAULT_UPDATE};
use super::state::{
    AlertsBlock, AuditBlock, EncryptionBlock, KeyArnsBlock, State, StorageBlock, TimeoutsBlock,
    text_map,
};
use crate::blueprint::Spec;
use tf_provider::value::Value;

/// The settings of a plan: what the configuration says, defaults where it
/// says nothing, unknown where it is unknown.
pub fn planned(config: &State, spec: &Spec) -> State {
    let defaults = of_spec(spec);
    State {
        name: config.name.clone(),
        environment_suffix: config.environment_suffix.clone(),
        encryption: block(
            &config.encryption,
            defaults.encryption,
            |config, default| {
                EncryptionBlock {
                    rotation_period_days: or(
                        &config.rotation_period_days,
                        default.rotation_period_days,
                    ),
                    deletion_window_days: or(
                        &config.deletion_window_days,
                        default.deletion_window_days,
                    ),
                    // Has no default, so it is what is written.
                    key_arns: config.key_arns.clone(),
                }
            },
        ),
        storage: block(&config.storage, defaults.storage, |config, default| {
            StorageBlock {
                noncurrent_glacier_after_days: or(
                    &config.noncurrent_glacier_after_days,
                    default.noncurrent_glacier_after_days,
                ),
                noncurrent_expire_after_days: or(
                    &config.noncurrent_expire_after_days,
                    default.noncurrent_expire_after_days,
                ),
                access_log_retention_days: or(
                    &config.access_log_retention_days,
                    default.access_log_retention_days,
                ),
                abort_incomplete_uploads_after_days: or(
                    &config.abort_incomplete_uploads_after_days,
                    default.abort_incomplete_uploads_after_days,
                ),
                force_destroy: or(&config.force_destroy, default.force_destroy),
                access_log_encryption: or(
                    &config.access_log_encryption,
                    default.access_log_encryption,
                ),
                log_bucket_name: config.log_bucket_name.clone(),
            }
        }),
        audit: block(&config.audit, defaults.audit, |config, default| {
            AuditBlock {
                point_in_time_recovery: or(
                    &config.point_in_time_recovery,
                    default.point_in_time_recovery,
                ),
                recovery_period_days: or(
                    &config.recovery_period_days,
                    default.recovery_period_days,
                ),
            }
        }),
        alerts: block(&config.alerts, defaults.alerts, |config, default| {
            AlertsBlock {
                emails: or(&config.emails, default.emails),
            }
        }),
        overrides: config.overrides.clone(),
        tags: config.tags.clone(),
        deletion_protection: or(&config.deletion_protection, Value::Value(false)),
        allow_data_loss: or(&config.allow_data_loss, Value::Value(false)),
        adopt_existing: or(&config.adopt_existing, Value::Value(false)),
        on_create_failure: or(&config.on_create_failure, Value::Value("keep".into())),
        timeouts: block(
            &config.timeouts,
            Value::Value(default_timeouts()),
            |config, default| TimeoutsBlock {
                create: or(&config.create, default.create),
                update: or(&config.update, default.update),
                delete: or(&config.delete, default.delete),
            },
        ),
        ..State::default()
    }
}

/// The settings that a spec stands for, every one of them written out; what
/// an import starts from.
pub fn of_spec(spec: &Spec) -> State {
    let days = |days: u32| Value::Value(f64::from(days));
    let text = |text: &Option<String>| Value::from(text.clone());
    let keys = &spec.encryption.key_arns;
    let brought = keys.data.is_some() || keys.environment.is_some() || keys.logs.is_some();
    State {
        name: Value::Value(spec.name.clone()),
        environment_suffix: Value::Value(spec.environment_suffix.clone()),
        encryption: Value::Value(EncryptionBlock {
            rotation_period_days: days(spec.encryption.rotation_period_days),
            deletion_window_days: days(spec.encryption.deletion_window_days),
            key_arns: match brought {
                true => Value::Value(KeyArnsBlock {
                    data: text(&keys.data),
                    environment: text(&keys.environment),
                    logs: text(&keys.logs),
                }),
                false => Value::Null,
            },
        }),
        storage: Value::Value(StorageBlock {
            noncurrent_glacier_after_days: days(spec.storage.noncurrent_glacier_after_days),
            noncurrent_expire_after_days: days(spec.storage.noncurrent_expire_after_days),
            access_log_retention_days: days(spec.storage.access_log_retention_days),
            abort_incomplete_uploads_after_days: days(
                spec.storage.abort_incomplete_uploads_after_days,
            ),
            force_destroy: Value::Value(spec.storage.force_destroy),
            access_log_encryption: Value::Value(
                spec.storage.access_log_encryption.as_str().to_owned(),
            ),
            log_bucket_name: text(&spec.storage.log_bucket_name),
        }),
        audit: Value::Value(AuditBlock {
            point_in_time_recovery: Value::Value(spec.audit.point_in_time_recovery),
            recovery_period_days: days(spec.audit.recovery_period_days),
        }),
        alerts: Value::Value(AlertsBlock {
            emails: Value::Value(
                spec.alerts
                    .emails
                    .iter()
                    .map(|email| Value::Value(email.clone()))
                    .collect(),
            ),
        }),
        overrides: none_if_empty(&spec.overrides),
        tags: none_if_empty(&spec.tags),
        deletion_protection: Value::Value(false),
        allow_data_loss: Value::Value(false),
        adopt_existing: Value::Value(false),
        on_create_failure: Value::Value("keep".into()),
        timeouts: Value::Value(default_timeouts()),
        ..State::default()
    }
}

fn none_if_empty(map: &std::collections::BTreeMap<String, String>) -> super::state::TextMap {
    if map.is_empty() {
        Value::Null
    } else {
        text_map(map.iter().map(|(key, value)| (key.clone(), value.clone())))
    }
}

fn default_timeouts() -> TimeoutsBlock {
    TimeoutsBlock {
        create: Value::Value(DEFAULT_CREATE.into()),
        update: Value::Value(DEFAULT_UPDATE.into()),
        delete: Value::Value(DEFAULT_DELETE.into()),
    }
}

/// What is configured, or else the default.
fn or<T: Clone>(config: &Value<T>, default: Value<T>) -> Value<T> {
    match config {
        Value::Null => default,
        other => other.clone(),
    }
}

fn block<T: Clone>(
    config: &Value<T>,
    defaults: Value<T>,
    merge: impl FnOnce(&T, T) -> T,
) -> Value<T> {
    match (config, defaults) {
        (Value::Value(config), Value::Value(defaults)) => Value::Value(merge(config, defaults)),
        (Value::Unknown, _) => Value::Unknown,
        (_, defaults) => defaults,
    }
}
