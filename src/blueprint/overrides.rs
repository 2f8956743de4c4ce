//! The escape hatch: `overrides = { LogicalId = jsonencode({ ... }) }`, a
//! JSON merge patch (RFC 7396) into the properties of one resource, applied
//! after the expansion.
//!
//! A patch may weaken a control that the pipeline exists to keep. That is the
//! user's right, but not silently: [`weakened`] names each, and the plan
//! shows it as a warning.

use super::renames;
use crate::engine::template::Template;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why an override cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    #[error("{id} is not a logical id of this pipeline; the logical ids are {known}")]
    UnknownId { id: String, known: String },
    #[error(
        "the override of {id} is not a JSON object ({cause}); write it with jsonencode({{ Property = value }})"
    )]
    NotAnObject { id: String, cause: String },
}

impl OverrideError {
    /// The key of the `overrides` map that is wrong.
    pub fn id(&self) -> &str {
        match self {
            Self::UnknownId { id, .. } | Self::NotAnObject { id, .. } => id,
        }
    }
}

/// Applies every override to the template.
pub(super) fn apply(
    template: &mut Template,
    overrides: &BTreeMap<String, String>,
) -> Result<(), OverrideError> {
    for (id, text) in overrides {
        let patch: Value =
            serde_json::from_str(text).map_err(|error| OverrideError::NotAnObject {
                id: id.clone(),
                cause: error.to_string(),
            })?;
        if !patch.is_object() {
            return Err(OverrideError::NotAnObject {
                id: id.clone(),
                cause: "it is another kind of value".into(),
            });
        }
        let known = || {
            template
                .resources
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(", ")
        };
        if !template.resources.contains_key(renames::current(id)) {
            return Err(OverrideError::UnknownId {
                id: id.clone(),
                known: known(),
            });
        }
        if let Some(resource) = template.resources.get_mut(renames::current(id)) {
            merge(&mut resource.properties, &patch);
        }
    }
    Ok(())
}

/// RFC 7396: objects merge, null removes, everything else replaces.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(object) = target {
        for (key, value) in members {
            if value.is_null() {
                object.remove(key);
            } else {
                merge(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// A control that an override weakens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakened {
    pub id: String,
    /// The property, in dotted form.
    pub property: String,
    /// What is lost, as a phrase.
    pub control: &'static str,
}

/// Properties that carry a control, by type. Any change to one by an override
/// is reported: whether a hand-written policy is weaker than ours is not for
/// a provider to decide, but that it is no longer ours is.
const CONTROLS: &[(&str, &str, &str)] = &[
    (
        "AWS::KMS::Key",
        "EnableKeyRotation",
        "automatic key rotation (PCI DSS 3.7.4)",
    ),
    (
        "AWS::KMS::Key",
        "KeyPolicy",
        "the scoped key policy (PCI DSS 3.6.1)",
    ),
    ("AWS::KMS::Key", "Enabled", "an enabled key"),
    (
        "AWS::S3::Bucket",
        "BucketEncryption",
        "encryption at rest under the pipeline's key (PCI DSS 3.5.1)",
    ),
    (
        "AWS::S3::Bucket",
        "VersioningConfiguration",
        "versioning (PCI DSS 10.5.1)",
    ),
    (
        "AWS::S3::Bucket",
        "PublicAccessBlockConfiguration",
        "the public access block (PCI DSS 1.3.1)",
    ),
    (
        "AWS::S3::Bucket",
        "OwnershipControls",
        "disabled ACLs (PCI DSS 7.2.1)",
    ),
    (
        "AWS::S3::Bucket",
        "LoggingConfiguration",
        "access logging (PCI DSS 10.2.1)",
    ),
    (
        "AWS::S3::Bucket",
        "LifecycleConfiguration",
        "retention (PCI DSS 3.2.1, 10.5.1)",
    ),
    (
        "AWS::S3::Bucket",
        "NotificationConfiguration",
        "event notifications (PCI DSS 11.5.2)",
    ),
    (
        "AWS::S3::BucketPolicy",
        "PolicyDocument",
        "the TLS-only and right-key-only policy (PCI DSS 4.2.1)",
    ),
    (
        "AWS::DynamoDB::Table",
        "PointInTimeRecoverySpecification",
        "point-in-time recovery (PCI DSS 10.3.3)",
    ),
    (
        "AWS::DynamoDB::Table",
        "SSESpecification",
        "encryption at rest under the pipeline's key (PCI DSS 3.5.1)",
    ),
    (
        "AWS::SNS::Topic",
        "KmsMasterKeyId",
        "encryption of alerts at rest (PCI DSS 3.5.1)",
    ),
    (
        "AWS::SNS::TopicPolicy",
        "PolicyDocument",
        "the scoped topic policy (PCI DSS 7.2.1)",
    ),
];

/// The controls that the overrides touch, by comparison of the template
/// without them and with them.
pub fn weakened(without: &Template, with: &Template) -> Vec<Weakened> {
    let mut found = Vec::new();
    for (id, resource) in &with.resources {
        let Some(before) = without.resources.get(id) else {
            continue;
        };
        for (type_name, property, control) in CONTROLS {
            if resource.type_name == *type_name
                && before.properties.get(property) != resource.properties.get(property)
            {
                found.push(Weakened {
                    id: id.clone(),
                    property: (*property).to_owned(),
                    control,
                });
            }
        }
    }
    found
}
