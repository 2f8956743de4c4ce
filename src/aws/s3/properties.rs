//! What can be said of a bucket, spelled as CloudFormation spells it, and the
//! one form in which it is compared
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>).

use super::lifecycle::LifecycleConfiguration;
use crate::aws::tags::{self, Tag};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct BucketProperties {
    pub bucket_name: String,
    /// S3 encrypts every bucket; saying nothing means S3's own keys.
    #[serde(default)]
    pub bucket_encryption: BucketEncryption,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning_configuration: Option<VersioningConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_configuration: Option<LoggingConfiguration>,
    /// New buckets have ACLs switched off; saying nothing means that.
    #[serde(default)]
    pub ownership_controls: OwnershipControls,
    /// New buckets block all public access; saying nothing means that.
    #[serde(default = "PublicAccessBlock::all")]
    pub public_access_block_configuration: PublicAccessBlock,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle_configuration: Option<LifecycleConfiguration>,
    #[serde(default)]
    pub notification_configuration: NotificationConfiguration,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct BucketEncryption {
    pub server_side_encryption_configuration: Vec<EncryptionRule>,
}

impl Default for BucketEncryption {
    fn default() -> Self {
        Self {
            server_side_encryption_configuration: vec![EncryptionRule {
                bucket_key_enabled: false,
                server_side_encryption_by_default: EncryptionByDefault {
                    sse_algorithm: "AES256".to_owned(),
                    kms_master_key_id: None,
                },
            }],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct EncryptionRule {
    #[serde(default)]
    pub bucket_key_enabled: bool,
    pub server_side_encryption_by_default: EncryptionByDefault,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::aws) struct EncryptionByDefault {
    #[serde(rename = "SSEAlgorithm")]
    pub sse_algorithm: String,
    #[serde(
        rename = "KMSMasterKeyID",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub kms_master_key_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct VersioningConfiguration {
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct LoggingConfiguration {
    pub destination_bucket_name: String,
    #[serde(default)]
    pub log_file_prefix: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct OwnershipControls {
    pub rules: Vec<OwnershipRule>,
}

impl OwnershipControls {
    pub fn of(ownership: Option<&str>) -> Self {
        let rule = |ownership: &str| OwnershipRule {
            object_ownership: ownership.to_owned(),
        };
        Self {
            rules: ownership.map(rule).into_iter().collect(),
        }
    }

    pub fn ownership(&self) -> Option<&str> {
        self.rules
            .first()
            .map(|rule| rule.object_ownership.as_str())
    }
}

impl Default for OwnershipControls {
    fn default() -> Self {
        Self::of(Some("BucketOwnerEnforced"))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct OwnershipRule {
    pub object_ownership: String,
}

/// In a block that is there, CloudFormation takes a missing flag for false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(in crate::aws) struct PublicAccessBlock {
    pub block_public_acls: bool,
    pub block_public_policy: bool,
    pub ignore_public_acls: bool,
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    pub fn all() -> Self {
        Self {
            block_public_acls: true,
            block_public_policy: true,
            ignore_public_acls: true,
            restrict_public_buckets: true,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(in crate::aws) struct NotificationConfiguration {
    pub event_bridge_configuration: EventBridgeConfiguration,
}

impl NotificationConfiguration {
    pub fn to_event_bridge(enabled: bool) -> Self {
        Self {
            event_bridge_configuration: EventBridgeConfiguration {
                event_bridge_enabled: enabled,
            },
        }
    }

    pub fn is_to_event_bridge(&self) -> bool {
        self.event_bridge_configuration.event_bridge_enabled
    }
}

/// Absent means no events; there without a flag means events, as in
/// CloudFormation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct EventBridgeConfiguration {
    #[serde(default = "yes")]
    pub event_bridge_enabled: bool,
}

fn yes() -> bool {
    true
}

impl BucketProperties {
    /// See `ResourceType::normalise`.
    pub fn normalise(&mut self) -> Result<(), String> {
        let one_of = |path: &str, value: &str, allowed: &[&str]| {
            if allowed.contains(&value) {
                Ok(())
            } else {
                Err(format!(
                    "{path}: {value:?} is none of {}",
                    allowed.join(", ")
                ))
            }
        };
        let [rule] = self
            .bucket_encryption
            .server_side_encryption_configuration
            .as_slice()
        else {
            return Err(
                "BucketEncryption.ServerSideEncryptionConfiguration: must hold exactly one rule"
                    .to_owned(),
            );
        };
        one_of(
            "BucketEncryption.SSEAlgorithm",
            &rule.server_side_encryption_by_default.sse_algorithm,
            &["AES256", "aws:kms", "aws:kms:dsse"],
        )?;
        if let Some(versioning) = &self.versioning_configuration {
            one_of(
                "VersioningConfiguration.Status",
                &versioning.status,
                &["Enabled", "Suspended"],
            )?;
        }
        if self.ownership_controls.rules.len() > 1 {
            return Err("OwnershipControls.Rules: must hold at most one rule".to_owned());
        }
        if let Some(ownership) = self.ownership_controls.ownership() {
            one_of(
                "OwnershipControls.ObjectOwnership",
                ownership,
                &[
                    "BucketOwnerEnforced",
                    "BucketOwnerPreferred",
                    "ObjectWriter",
                ],
            )?;
        }
        if let Some(lifecycle) = &mut self.lifecycle_configuration {
            lifecycle.normalise()?;
            if lifecycle.rules.is_empty() {
                self.lifecycle_configuration = None;
            }
        }
        tags::normalise(&mut self.tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn normalised(value: Value) -> Result<Value, String> {
        let mut typed: BucketProperties =
            serde_json::from_value(value).map_err(|error| error.to_string())?;
        typed.normalise()?;
        serde_json::to_value(typed).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_is_what_a_new_bucket_has() {
        let plain = normalised(json!({ "BucketName": "b" })).expect("valid");
        let said = normalised(json!({
            "BucketName": "b",
            "BucketEncryption": { "ServerSideEncryptionConfiguration": [
                { "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }
            ] },
            "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": true, "BlockPublicPolicy": true,
                "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
            },
            "LifecycleConfiguration": { "Rules": [] },
            "NotificationConfiguration": {
                "EventBridgeConfiguration": { "EventBridgeEnabled": false }
            },
            "Tags": [],
        }));
        assert_eq!(Ok(plain), said);
    }

    #[test]
    fn a_block_without_its_flag_follows_cloudformation() {
        let value = normalised(json!({
            "BucketName": "b",
            "PublicAccessBlockConfiguration": { "BlockPublicAcls": true },
            "NotificationConfiguration": { "EventBridgeConfiguration": {} },
        }))
        .expect("valid");
        assert_eq!(
            value["PublicAccessBlockConfiguration"]["BlockPublicPolicy"],
            false
        );
        assert_eq!(
            value["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"],
            true
        );
    }

    #[test]
    fn misspelled_and_impossible_properties_are_refused() {
        for bad in [
            json!({}),
            json!({ "BucketName": "b", "Versioning": {} }),
            json!({ "BucketName": "b", "VersioningConfiguration": { "Status": "On" } }),
            json!({ "BucketName": "b", "OwnershipControls": { "Rules": [{ "ObjectOwnership": "Me" }] } }),
            json!({ "BucketName": "b", "BucketEncryption": { "ServerSideEncryptionConfiguration": [] } }),
            json!({ "BucketName": "b", "LifecycleConfiguration": { "Rules": [{ "Id": "a", "Status": "On" }] } }),
        ] {
            assert!(normalised(bad.clone()).is_err(), "{bad}");
        }
    }
}
