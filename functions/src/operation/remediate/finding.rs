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
    /// Whose resource it is: an administrator account of GuardDuty gets the
    /// findings of its members too.
    #[serde(default)]
    pub account_id: String,
    #[serde(default)]
    pub region: String,
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

    /// Why this function, of `account` and `region`, must not look for the
    /// finding's resource: a name there may be another's name here. IAM alone
    /// is the same in every region.
    pub fn elsewhere(&self, account: &str, region: &str) -> Option<String> {
        if self.account_id != account {
            let theirs = match self.account_id.as_str() {
                "" => "an account that it does not name".to_owned(),
                id => format!("the account {id}"),
            };
            return Some(format!(
                "the finding is about {theirs}, and only this account's resources can be mended; tell its owner"
            ));
        }
        let regional = self.resource.resource_type != "AccessKey";
        if regional && !self.region.is_empty() && self.region != region {
            return Some(format!(
                "the finding is about the region {}, and only {region}'s resources can be mended",
                self.region
            ));
        }
        None
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_finding_is_of_one_account_and_one_region() {
        let finding = |account: &str, region: &str, kind: &str| -> Finding {
            serde_json::from_value(json!({
                "id": "f", "type": "t", "severity": 8.0, "accountId": account, "region": region,
                "resource": { "resourceType": kind },
            }))
            .unwrap()
        };
        for (account, region, kind, mended) in [
            ("123456789012", "us-east-1", "Instance", true),
            ("123456789012", "eu-west-1", "Instance", false),
            ("123456789012", "eu-west-1", "AccessKey", true),
            ("210987654321", "us-east-1", "Instance", false),
            ("210987654321", "us-east-1", "AccessKey", false),
            ("", "us-east-1", "AccessKey", false),
        ] {
            let why = finding(account, region, kind).elsewhere("123456789012", "us-east-1");
            assert_eq!(why.is_none(), mended, "{account} {region} {kind}: {why:?}");
        }
    }
}
