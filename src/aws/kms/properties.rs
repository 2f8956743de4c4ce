//! What can be said of a key, spelled as CloudFormation spells it, and the one
//! form in which it is compared
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html>).

use crate::aws::policy;
use crate::aws::tags::{self, Tag};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// AWS's own period when nothing is said.
pub(super) const ROTATION_DAYS: i32 = 365;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct KeyProperties {
    #[serde(default)]
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_policy: Option<Value>,
    #[serde(default)]
    pub enable_key_rotation: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation_period_in_days: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_window_in_days: Option<i32>,
    #[serde(default = "symmetric")]
    pub key_spec: String,
    #[serde(default = "encrypt_decrypt")]
    pub key_usage: String,
    #[serde(default)]
    pub multi_region: bool,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

fn symmetric() -> String {
    KeySpec::SymmetricDefault.as_str().to_owned()
}

fn encrypt_decrypt() -> String {
    KeyUsageType::EncryptDecrypt.as_str().to_owned()
}

fn yes() -> bool {
    true
}

impl KeyProperties {
    /// See `ResourceType::normalise`.
    pub fn normalise(&mut self, partition: &str) -> Result<(), String> {
        if let Some(document) = &mut self.key_policy {
            *document = policy::canonical(document, partition)
                .map_err(|problem| format!("KeyPolicy: {problem}"))?;
        }
        if self.enable_key_rotation && self.key_spec != KeySpec::SymmetricDefault.as_str() {
            return Err("EnableKeyRotation: only a SYMMETRIC_DEFAULT key rotates".to_owned());
        }
        let period = self.rotation_period_in_days.unwrap_or(ROTATION_DAYS);
        if !(90..=2560).contains(&period) {
            return Err("RotationPeriodInDays: must be between 90 and 2560".to_owned());
        }
        // Without rotation AWS keeps no period.
        self.rotation_period_in_days = self.enable_key_rotation.then_some(period);
        if let Some(days) = self.pending_window_in_days
            && !(7..=30).contains(&days)
        {
            return Err("PendingWindowInDays: must be between 7 and 30".to_owned());
        }
        tags::normalise(&mut self.tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn normalised(value: Value) -> Result<Value, String> {
        let mut typed: KeyProperties =
            serde_json::from_value(value).map_err(|error| error.to_string())?;
        typed.normalise("aws")?;
        serde_json::to_value(typed).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_is_what_a_new_key_has() {
        let plain = normalised(json!({}));
        let said = normalised(json!({
            "Description": "", "EnableKeyRotation": false, "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": false, "Enabled": true, "Tags": [],
        }));
        assert_eq!(plain, said);
        assert!(plain.is_ok());
    }

    #[test]
    fn a_key_that_rotates_has_a_period_and_one_that_does_not_has_none() {
        for (said, expected) in [
            (json!({ "EnableKeyRotation": true }), json!(365)),
            (
                json!({ "EnableKeyRotation": true, "RotationPeriodInDays": 90 }),
                json!(90),
            ),
            (
                json!({ "EnableKeyRotation": false, "RotationPeriodInDays": 90 }),
                Value::Null,
            ),
        ] {
            let value = normalised(said.clone()).expect("valid");
            assert_eq!(value["RotationPeriodInDays"], expected, "{said}");
        }
    }

    #[test]
    fn what_kms_would_refuse_is_refused_before() {
        for (bad, word) in [
            (
                json!({ "EnableKeyRotation": true, "KeySpec": "RSA_2048" }),
                "EnableKeyRotation",
            ),
            (
                json!({ "RotationPeriodInDays": 89 }),
                "RotationPeriodInDays",
            ),
            (json!({ "PendingWindowInDays": 31 }), "PendingWindowInDays"),
            (json!({ "KeyPolicy": {} }), "KeyPolicy"),
            (json!({ "Policy": {} }), "unknown field"),
        ] {
            let error = normalised(bad.clone()).expect_err("refused");
            assert!(error.contains(word), "{bad}: {error}");
        }
    }
}
