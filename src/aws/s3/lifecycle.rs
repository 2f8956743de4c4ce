//! Lifecycle rules: CloudFormation's flat rules here, S3's nested ones in the
//! SDK. What CloudFormation has and this has not (dates, sizes, tag filters)
//! is refused as an unknown property.

use crate::engine::{ErrorKind, HandlerError};
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, NoncurrentVersionExpiration, NoncurrentVersionTransition, Transition,
    TransitionStorageClass,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct LifecycleConfiguration {
    pub rules: Vec<Rule>,
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct Rule {
    pub id: String,
    pub status: String,
    #[serde(default)]
    pub prefix: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_incomplete_multipart_upload: Option<AbortUploads>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_in_days: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_object_delete_marker: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_version_expiration: Option<NoncurrentExpiration>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noncurrent_version_transitions: Vec<NoncurrentTransition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<CurrentTransition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct AbortUploads {
    pub days_after_initiation: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct NoncurrentExpiration {
    pub noncurrent_days: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer_noncurrent_versions: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct NoncurrentTransition {
    pub storage_class: String,
    pub transition_in_days: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer_noncurrent_versions: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct CurrentTransition {
    pub storage_class: String,
    pub transition_in_days: i32,
}

impl LifecycleConfiguration {
    /// Rules are a set by id; transitions follow each other in time.
    pub fn normalise(&mut self) -> Result<(), String> {
        self.rules.sort_by(|a, b| a.id.cmp(&b.id));
        for pair in self.rules.windows(2) {
            if let [a, b] = pair
                && a.id == b.id
            {
                return Err(format!(
                    "LifecycleConfiguration.Rules: the id {:?} stands there twice",
                    a.id
                ));
            }
        }
        for rule in &mut self.rules {
            if !["Enabled", "Disabled"].contains(&rule.status.as_str()) {
                return Err(format!(
                    "LifecycleConfiguration.Rules[{}].Status: {:?} is none of Enabled, Disabled",
                    rule.id, rule.status
                ));
            }
            if rule.expired_object_delete_marker == Some(false) {
                rule.expired_object_delete_marker = None;
            }
            rule.transitions.sort_by_key(|t| t.transition_in_days);
            rule.noncurrent_version_transitions
                .sort_by_key(|t| t.transition_in_days);
        }
        Ok(())
    }

    pub fn to_sdk(&self) -> Result<Vec<LifecycleRule>, HandlerError> {
        let rules: Result<Vec<_>, BuildError> = self.rules.iter().map(Rule::to_sdk).collect();
        rules.map_err(|error| {
            let operation = "s3:PutBucketLifecycleConfiguration";
            HandlerError::ours(ErrorKind::Invalid, operation, error.to_string())
        })
    }

    /// What cannot be said here (someone else's rule with dates or filters)
    /// is left out of a rule, so that the rule shows as drifted.
    pub fn from_sdk(rules: &[LifecycleRule]) -> Option<Self> {
        let rules: Vec<Rule> = rules.iter().map(Rule::from_sdk).collect();
        (!rules.is_empty()).then_some(Self { rules })
    }
}

impl Rule {
    fn to_sdk(&self) -> Result<LifecycleRule, BuildError> {
        let expiration = (self.expiration_in_days.is_some()
            || self.expired_object_delete_marker.is_some())
        .then(|| {
            LifecycleExpiration::builder()
                .set_days(self.expiration_in_days)
                .set_expired_object_delete_marker(self.expired_object_delete_marker)
                .build()
        });
        let abort = self
            .abort_incomplete_multipart_upload
            .as_ref()
            .map(|abort| {
                AbortIncompleteMultipartUpload::builder()
                    .days_after_initiation(abort.days_after_initiation)
                    .build()
            });
        let noncurrent = self
            .noncurrent_version_expiration
            .as_ref()
            .map(|expiration| {
                NoncurrentVersionExpiration::builder()
                    .noncurrent_days(expiration.noncurrent_days)
                    .set_newer_noncurrent_versions(expiration.newer_noncurrent_versions)
                    .build()
            });
        let noncurrent_transitions: Vec<_> = self
            .noncurrent_version_transitions
            .iter()
            .map(|transition| {
                NoncurrentVersionTransition::builder()
                    .noncurrent_days(transition.transition_in_days)
                    .set_newer_noncurrent_versions(transition.newer_noncurrent_versions)
                    .storage_class(TransitionStorageClass::from(
                        transition.storage_class.as_str(),
                    ))
                    .build()
            })
            .collect();
        let transitions: Vec<_> = self
            .transitions
            .iter()
            .map(|transition| {
                Transition::builder()
                    .days(transition.transition_in_days)
                    .storage_class(TransitionStorageClass::from(
                        transition.storage_class.as_str(),
                    ))
                    .build()
            })
            .collect();
        let some = |list: Vec<_>| (!list.is_empty()).then_some(list);
        LifecycleRule::builder()
            .id(&self.id)
            .status(ExpirationStatus::from(self.status.as_str()))
            .filter(LifecycleRuleFilter::builder().prefix(&self.prefix).build())
            .set_expiration(expiration)
            .set_abort_incomplete_multipart_upload(abort)
            .set_noncurrent_version_expiration(noncurrent)
            .set_noncurrent_version_transitions(some(noncurrent_transitions))
            .set_transitions((!transitions.is_empty()).then_some(transitions))
            .build()
    }

    fn from_sdk(rule: &LifecycleRule) -> Self {
        let filter = rule.filter();
        // Rules of the first version of the API have their prefix outside.
        #[allow(deprecated)]
        let old_prefix = rule.prefix();
        let prefix = filter.and_then(LifecycleRuleFilter::prefix).or(old_prefix);
        let expiration = rule.expiration();
        Self {
            id: rule.id().unwrap_or_default().to_owned(),
            status: rule.status().as_str().to_owned(),
            prefix: prefix.unwrap_or_default().to_owned(),
            abort_incomplete_multipart_upload: rule
                .abort_incomplete_multipart_upload()
                .and_then(AbortIncompleteMultipartUpload::days_after_initiation)
                .map(|days_after_initiation| AbortUploads {
                    days_after_initiation,
                }),
            expiration_in_days: expiration.and_then(LifecycleExpiration::days),
            expired_object_delete_marker: expiration
                .and_then(LifecycleExpiration::expired_object_delete_marker)
                .filter(|flag| *flag),
            noncurrent_version_expiration: rule.noncurrent_version_expiration().and_then(|e| {
                Some(NoncurrentExpiration {
                    noncurrent_days: e.noncurrent_days()?,
                    newer_noncurrent_versions: e.newer_noncurrent_versions(),
                })
            }),
            noncurrent_version_transitions: rule
                .noncurrent_version_transitions()
                .iter()
                .map(|t| NoncurrentTransition {
                    storage_class: class(t.storage_class()),
                    transition_in_days: t.noncurrent_days().unwrap_or_default(),
                    newer_noncurrent_versions: t.newer_noncurrent_versions(),
                })
                .collect(),
            transitions: rule
                .transitions()
                .iter()
                .map(|t| CurrentTransition {
                    storage_class: class(t.storage_class()),
                    transition_in_days: t.days().unwrap_or_default(),
                })
                .collect(),
        }
    }
}

fn class(class: Option<&TransitionStorageClass>) -> String {
    class
        .map(TransitionStorageClass::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_part_of_a_rule_survives_the_way_to_the_sdk_and_back() {
        let mut configuration: LifecycleConfiguration = serde_json::from_value(json!({ "Rules": [
            {
                "Id": "b", "Status": "Enabled", "Prefix": "access-logs/",
                "ExpirationInDays": 400,
                "Transitions": [
                    { "StorageClass": "GLACIER", "TransitionInDays": 90 },
                    { "StorageClass": "STANDARD_IA", "TransitionInDays": 30 },
                ],
            },
            {
                "Id": "a", "Status": "Disabled",
                "ExpiredObjectDeleteMarker": true,
                "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 7 },
                "NoncurrentVersionExpiration": { "NoncurrentDays": 365, "NewerNoncurrentVersions": 2 },
                "NoncurrentVersionTransitions": [
                    { "StorageClass": "GLACIER", "TransitionInDays": 30, "NewerNoncurrentVersions": 1 },
                ],
            },
        ] }))
        .expect("valid");
        configuration.normalise().expect("valid");
        assert_eq!(configuration.rules[0].id, "a");
        let back = LifecycleConfiguration::from_sdk(&configuration.to_sdk().expect("sdk"));
        assert_eq!(back, Some(configuration));
    }
}
