//! What GuardDuty and AWS Config say of a resource, as far as it can be mended.
//!
//! Sources: [GuardDuty finding format](https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html),
//! [Config rule compliance events](https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html).

use serde::Deserialize;

/// The detail of `GuardDuty Finding`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub severity: f64,
    #[serde(default)]
    pub title: String,
    pub resource: Resource,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub resource_type: String,
    pub instance_details: Option<InstanceDetails>,
    pub access_key_details: Option<AccessKeyDetails>,
    #[serde(default)]
    pub s3_bucket_details: Vec<BucketDetails>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceDetails {
    pub instance_id: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessKeyDetails {
    pub access_key_id: String,
    /// The user's name, or the role's when it is a role's session.
    #[serde(default)]
    pub user_name: String,
    /// `IAMUser`, `AssumedRole`, `Role`, `Root`, `FederatedUser`, `Account`, ...
    #[serde(default)]
    pub user_type: String,
}

#[derive(Debug, Deserialize)]
pub struct BucketDetails {
    pub name: String,
}

/// What a finding is about.
#[derive(Debug, Clone)]
pub enum Target {
    Instance(String),
    AccessKey(AccessKeyDetails),
    Bucket(String),
}

impl Finding {
    /// GuardDuty names the caller's access key beside a bucket too: that is
    /// whoever touched it, who may be the victim, so only what the finding
    /// itself is about is a target. Empty when nothing can be done about it.
    pub fn targets(&self) -> Vec<Target> {
        let resource = &self.resource;
        match resource.resource_type.as_str() {
            "Instance" => resource
                .instance_details
                .iter()
                .map(|instance| Target::Instance(instance.instance_id.clone()))
                .collect(),
            "AccessKey" => resource
                .access_key_details
                .iter()
                .map(|key| Target::AccessKey(key.clone()))
                .collect(),
            "S3Bucket" => resource
                .s3_bucket_details
                .iter()
                .map(|bucket| Target::Bucket(bucket.name.clone()))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// GuardDuty's own words
    /// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html>).
    pub fn severity_label(&self) -> &'static str {
        match self.severity {
            severity if severity >= 9.0 => "critical",
            severity if severity >= 7.0 => "high",
            severity if severity >= 4.0 => "medium",
            _ => "low",
        }
    }
}

/// The detail of `Config Rules Compliance Change`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComplianceChange {
    pub resource_id: String,
    pub resource_type: String,
    pub config_rule_name: String,
    pub new_evaluation_result: EvaluationResult,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationResult {
    pub compliance_type: String,
}
