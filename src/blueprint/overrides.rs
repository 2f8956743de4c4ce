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
    #[error(
        "{id} is not a logical id of this pipeline{alike}; the attribute resources lists them all"
    )]
    UnknownId {
        id: String,
        /// `, but LogsBucket, RawBucket are`, or nothing.
        alike: String,
    },
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
        if !template.resources.contains_key(renames::current(id)) {
            return Err(OverrideError::UnknownId {
                id: id.clone(),
                alike: alike(template, id),
            });
        }
        if let Some(resource) = template.resources.get_mut(renames::current(id)) {
            merge(&mut resource.properties, &patch);
        }
    }
    Ok(())
}

/// The ids that hold the wrong one or are held by it, a few of them: there are
/// a hundred and fifty.
fn alike(template: &Template, wrong: &str) -> String {
    const MOST: usize = 8;
    let wrong = wrong.to_ascii_lowercase();
    let alike: Vec<&str> = template
        .resources
        .keys()
        .filter(|id| {
            let id = id.to_ascii_lowercase();
            !wrong.is_empty() && (id.contains(&wrong) || wrong.contains(&id))
        })
        .map(String::as_str)
        .take(MOST)
        .collect();
    match alike.as_slice() {
        [] => String::new(),
        names => format!(", but {} are", names.join(", ")),
    }
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
        "AWS::EC2::FlowLog",
        "TrafficType",
        "the record of all traffic (PCI DSS 10.2.1)",
    ),
    (
        "AWS::EC2::FlowLog",
        "LogDestination",
        "the record of all traffic (PCI DSS 10.2.1)",
    ),
    (
        "AWS::EC2::NetworkAclEntry",
        "CidrBlock",
        "the refusal of ports that nobody needs (PCI DSS 1.3.1)",
    ),
    (
        "AWS::EC2::NetworkAclEntry",
        "PortRange",
        "the refusal of ports that nobody needs (PCI DSS 1.3.1)",
    ),
    (
        "AWS::EC2::NetworkAclEntry",
        "RuleAction",
        "the refusal of ports that nobody needs (PCI DSS 1.3.1)",
    ),
    (
        "AWS::EC2::SecurityGroup",
        "SecurityGroupEgress",
        "ways out to the endpoints only (PCI DSS 1.3.2)",
    ),
    (
        "AWS::EC2::SecurityGroup",
        "SecurityGroupIngress",
        "no way in (PCI DSS 1.3.1)",
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        "SourceSecurityGroupId",
        "endpoints for the functions only (PCI DSS 1.3.1)",
    ),
    (
        "AWS::EC2::Subnet",
        "MapPublicIpOnLaunch",
        "private addresses only (PCI DSS 1.4.4)",
    ),
    (
        "AWS::EC2::VPCEndpoint",
        "PolicyDocument",
        "endpoints for this pipeline only (PCI DSS 7.2.1)",
    ),
    (
        "AWS::EC2::VPCEndpoint",
        "PrivateDnsEnabled",
        "the private way to a service (PCI DSS 1.4.4)",
    ),
    (
        "AWS::ApiGateway::RestApi",
        "Policy",
        "who may call the API (PCI DSS 1.3.1)",
    ),
    (
        "AWS::ApiGateway::RestApi",
        "EndpointConfiguration",
        "from where the API is reached (PCI DSS 1.3.1)",
    ),
    (
        "AWS::ApiGateway::RestApi",
        "DisableExecuteApiEndpoint",
        "mutual TLS that cannot be gone round (PCI DSS 4.2.1)",
    ),
    (
        "AWS::ApiGateway::Method",
        "AuthorizationType",
        "who calls (PCI DSS 8.2.1)",
    ),
    (
        "AWS::ApiGateway::Method",
        "ApiKeyRequired",
        "the API key on every method (PCI DSS 7.2.1)",
    ),
    (
        "AWS::ApiGateway::Method",
        "RequestValidatorId",
        "the check of requests before a function sees them (PCI DSS 6.2.4)",
    ),
    (
        "AWS::ApiGateway::Stage",
        "MethodSettings",
        "logs without payloads, and throttling (PCI DSS 3.3.1, 10.2.1)",
    ),
    (
        "AWS::ApiGateway::Stage",
        "AccessLogSetting",
        "the access log (PCI DSS 10.2.1)",
    ),
    (
        "AWS::ApiGateway::UsagePlan",
        "Throttle",
        "the limit to a key's requests (PCI DSS 6.4.2)",
    ),
    (
        "AWS::ApiGateway::DomainName",
        "MutualTlsAuthentication",
        "mutual TLS (PCI DSS 4.2.1)",
    ),
    (
        "AWS::WAFv2::WebACL",
        "DefaultAction",
        "the firewall before the API (PCI DSS 6.4.2)",
    ),
    (
        "AWS::WAFv2::WebACL",
        "Rules",
        "the firewall before the API (PCI DSS 6.4.2)",
    ),
    (
        "AWS::WAFv2::WebACL",
        "DataProtectionConfig",
        "sampled requests without credentials (PCI DSS 8.3.2)",
    ),
    (
        "AWS::WAFv2::LoggingConfiguration",
        "LogDestinationConfigs",
        "the firewall's log (PCI DSS 10.2.1)",
    ),
    (
        "AWS::WAFv2::LoggingConfiguration",
        "RedactedFields",
        "a firewall log without credentials (PCI DSS 8.3.2)",
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
    (
        "AWS::Logs::LogGroup",
        "KmsKeyId",
        "encryption of logs at rest (PCI DSS 3.5.1)",
    ),
    (
        "AWS::Logs::LogGroup",
        "RetentionInDays",
        "twelve months of logs (PCI DSS 10.5.1)",
    ),
    (
        "AWS::Logs::ResourcePolicy",
        "PolicyDocument",
        "who may write logs (PCI DSS 10.3.2)",
    ),
    (
        "AWS::Events::Rule",
        "EventPattern",
        "which events are acted upon (PCI DSS 10.4.1)",
    ),
    (
        "AWS::Events::Rule",
        "State",
        "which events are acted upon (PCI DSS 10.4.1)",
    ),
    (
        "AWS::Events::Rule",
        "Targets",
        "who is told of events (PCI DSS 10.7.2)",
    ),
    (
        "AWS::CloudWatch::Alarm",
        "ActionsEnabled",
        "who is told of failures (PCI DSS 10.7.2)",
    ),
    (
        "AWS::CloudWatch::Alarm",
        "AlarmActions",
        "who is told of failures (PCI DSS 10.7.2)",
    ),
    (
        "AWS::GuardDuty::Detector",
        "Enable",
        "the detection of intrusions (PCI DSS 11.5.1)",
    ),
    (
        "AWS::CloudTrail::Trail",
        "IsLogging",
        "the log of API calls (PCI DSS 10.2.1)",
    ),
    (
        "AWS::CloudTrail::Trail",
        "EventSelectors",
        "the log of API calls (PCI DSS 10.2.1)",
    ),
    (
        "AWS::CloudTrail::Trail",
        "KMSKeyId",
        "encryption of the log of API calls (PCI DSS 3.5.1)",
    ),
    (
        "AWS::CloudTrail::Trail",
        "EnableLogFileValidation",
        "the proof against tampering (PCI DSS 10.3.4)",
    ),
    (
        "AWS::SecretsManager::Secret",
        "KmsKeyId",
        "encryption at rest under the pipeline's key (PCI DSS 3.5.1)",
    ),
    (
        "AWS::SecretsManager::RotationSchedule",
        "RotationRules",
        "the rotation of secrets (PCI DSS 8.6.3)",
    ),
    (
        "AWS::Config::ConfigRule",
        "Scope",
        "the rules over all that is the pipeline's (PCI DSS 2.2.1)",
    ),
    (
        "AWS::IAM::Role",
        "AssumeRolePolicyDocument",
        "who may assume the role (PCI DSS 7.2.1)",
    ),
    (
        "AWS::IAM::Role",
        "ManagedPolicyArns",
        "the least privilege of the role (PCI DSS 7.2.5)",
    ),
    (
        "AWS::IAM::Role",
        "PermissionsBoundary",
        "the permissions boundary (PCI DSS 7.2.1)",
    ),
    (
        "AWS::IAM::ManagedPolicy",
        "PolicyDocument",
        "the least privilege of the role (PCI DSS 7.2.5)",
    ),
    (
        "AWS::Lambda::Function",
        "Role",
        "a role for each function alone (PCI DSS 7.2.1)",
    ),
    (
        "AWS::Lambda::Function",
        "Environment",
        "what the function is told of limits, keys and tables",
    ),
    (
        "AWS::SSM::Parameter",
        "Value",
        "what remediation puts back (PCI DSS 11.5.2)",
    ),
    (
        "AWS::ApiGateway::DomainName",
        "SecurityPolicy",
        "TLS 1.2 or newer (PCI DSS 4.2.1)",
    ),
    (
        "AWS::ApiGateway::RestApi",
        "SecurityPolicy",
        "TLS 1.2 or newer (PCI DSS 4.2.1)",
    ),
    (
        "AWS::ApiGateway::RestApi",
        "EndpointAccessMode",
        "the refusal of requests that name another host to TLS (PCI DSS 4.2.1)",
    ),
    (
        "AWS::EC2::NetworkAclEntry",
        "Protocol",
        "the refusal of ports that nobody needs (PCI DSS 1.3.1)",
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        "CidrIp",
        "endpoints for the functions only (PCI DSS 1.3.1)",
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        "FromPort",
        "endpoints for the functions only (PCI DSS 1.3.1)",
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        "ToPort",
        "endpoints for the functions only (PCI DSS 1.3.1)",
    ),
    (
        "AWS::Config::ConfigRule",
        "InputParameters",
        "what the rules ask (PCI DSS 2.2.1)",
    ),
    (
        "AWS::Config::ConfigRule",
        "Source",
        "what the rules ask (PCI DSS 2.2.1)",
    ),
    (
        "AWS::SecretsManager::RotationSchedule",
        "RotationLambdaARN",
        "the rotation of secrets (PCI DSS 8.6.3)",
    ),
    (
        "AWS::Lambda::Function",
        "KmsKeyArn",
        "encryption of the function's environment under the pipeline's key (PCI DSS 3.5.1)",
    ),
    (
        "AWS::Lambda::Function",
        "VpcConfig",
        "the network without internet (PCI DSS 1.3.2)",
    ),
    (
        "AWS::Lambda::Function",
        "DeadLetterConfig",
        "the queue of failed events (PCI DSS 10.7.2)",
    ),
    (
        "AWS::Lambda::Permission",
        "SourceArn",
        "who may invoke the function (PCI DSS 7.2.1)",
    ),
    (
        "AWS::Lambda::Permission",
        "SourceAccount",
        "who may invoke the function (PCI DSS 7.2.1)",
    ),
    (
        "AWS::SQS::Queue",
        "KmsMasterKeyId",
        "encryption of failed events at rest (PCI DSS 3.5.1)",
    ),
    (
        "AWS::SQS::QueuePolicy",
        "PolicyDocument",
        "the scoped queue policy (PCI DSS 7.2.1)",
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::blueprint::{Facts, Spec, expand};
    use serde_json::json;

    /// Of all resources, every property: what stands there may be said again,
    /// be something else, and be taken away.
    #[test]
    fn any_property_can_be_overridden() {
        let template = expand(&Spec::new("documents", "dev"), &Facts::documentation()).unwrap();
        let with = |patch: &dyn Fn(&str, &Value) -> Value| {
            let members = template.resources.iter().map(|(id, resource)| {
                let members = resource.properties.as_object().into_iter().flatten();
                let patched: serde_json::Map<_, _> = members
                    .map(|(name, value)| (name.clone(), patch(name, value)))
                    .collect();
                (id.clone(), Value::Object(patched).to_string())
            });
            let mut changed = template.clone();
            apply(&mut changed, &members.collect()).unwrap();
            changed
        };
        assert_eq!(
            with(&|_, value| value.clone()).resources,
            template.resources
        );
        let other = json!("another");
        for (patch, expected) in [(other.clone(), Some(&other)), (Value::Null, None)] {
            for (id, resource) in with(&|_, _| patch.clone()).resources {
                for name in template.resources[&id]
                    .properties
                    .as_object()
                    .unwrap()
                    .keys()
                {
                    assert_eq!(resource.properties.get(name), expected, "{id}.{name}");
                }
            }
        }
    }
}
