//! What a pipeline shall be: the `tap_secure_pipeline` block with every
//! default filled in and every value checked.
//!
//! This is also what the manifest keeps of a pipeline, so that an import, an
//! adoption and the recovery of an interrupted apply can expand it again: new
//! fields need a serde default, and no field is renamed without a new
//! [`FORMAT`].

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of this layout, kept in the manifest.
pub const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub name: String,
    pub environment_suffix: String,
    #[serde(default)]
    pub encryption: Encryption,
    #[serde(default)]
    pub storage: Storage,
    #[serde(default)]
    pub audit: Audit,
    #[serde(default)]
    pub alerts: Alerts,
    /// Logical id to JSON merge patch (RFC 7396), as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The provider block's `default_tags`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub default_tags: BTreeMap<String, String>,
}

impl Spec {
    /// A pipeline with every default.
    pub fn new(name: &str, environment_suffix: &str) -> Self {
        Self {
            name: name.into(),
            environment_suffix: environment_suffix.into(),
            encryption: Encryption::default(),
            storage: Storage::default(),
            audit: Audit::default(),
            alerts: Alerts::default(),
            overrides: BTreeMap::new(),
            tags: BTreeMap::new(),
            default_tags: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Encryption {
    /// 90 to 2560 days.
    pub rotation_period_days: u32,
    /// 7 to 30 days.
    pub deletion_window_days: u32,
    /// Keys of the user's own, by ARN, instead of ours.
    pub key_arns: KeyArns,
}

impl Default for Encryption {
    fn default() -> Self {
        Self {
            rotation_period_days: 365,
            deletion_window_days: 7,
            key_arns: KeyArns::default(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyArns {
    pub data: Option<String>,
    pub environment: Option<String>,
    pub logs: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    pub noncurrent_glacier_after_days: u32,
    pub noncurrent_expire_after_days: u32,
    pub access_log_retention_days: u32,
    pub abort_incomplete_uploads_after_days: u32,
    pub force_destroy: bool,
    pub access_log_encryption: AccessLogEncryption,
    /// A bucket of the user's own for access logs, instead of ours.
    pub log_bucket_name: Option<String>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            noncurrent_glacier_after_days: 30,
            noncurrent_expire_after_days: 400,
            access_log_retention_days: 400,
            abort_incomplete_uploads_after_days: 7,
            force_destroy: true,
            access_log_encryption: AccessLogEncryption::Kms,
            log_bucket_name: None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessLogEncryption {
    #[default]
    #[serde(rename = "aws:kms")]
    Kms,
    #[serde(rename = "AES256")]
    Aes256,
}

impl AccessLogEncryption {
    pub const ALL: [&'static str; 2] = ["aws:kms", "AES256"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kms => "aws:kms",
            Self::Aes256 => "AES256",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "aws:kms" => Some(Self::Kms),
            "AES256" => Some(Self::Aes256),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    pub point_in_time_recovery: bool,
    /// 1 to 35 days.
    pub recovery_period_days: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            point_in_time_recovery: true,
            recovery_period_days: 35,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// Sorted, without duplicates.
    pub emails: Vec<String>,
}
