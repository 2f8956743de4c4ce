//! What the expansion has to know about the account it expands for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Facts of an AWS account, taken once when the pipeline is created, kept in
/// state and manifest, and never guessed again: plans do not flip-flop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Twelve digits.
    pub account_id: String,
    /// `aws`, `aws-us-gov` or `aws-cn`.
    pub partition: String,
    /// `us-east-1`, for example.
    pub region: String,
    /// The ids of the availability zones that need no opt-in (`use1-az1`), the
    /// best ones first. Ids and not names: names mean another zone in each
    /// account.
    #[serde(default)]
    pub zone_ids: Vec<String>,
    /// The prefix lists of the gateway endpoints, by service (`s3`,
    /// `dynamodb`): what a security group allows instead of an address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prefix_list_ids: BTreeMap<String, String>,
    /// The principal that creates the pipeline, without its session.
    #[serde(default)]
    pub administrator_arn: String,
    /// What the account had when the pipeline was created.
    #[serde(default)]
    pub account: AccountState,
    /// SHA-256 of the functions' zip, by architecture. Not kept: it is this
    /// provider's, not the account's.
    #[serde(skip)]
    pub bundles: BTreeMap<String, String>,
}

/// The account singletons on which the pipeline builds. `None`: not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountState {
    /// Name of the Config recorder, empty when there is none.
    pub recorder: Option<String>,
    /// It does not record.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recorder_is_stopped: bool,
    /// Id of the GuardDuty detector, empty when there is none.
    pub detector: Option<String>,
    /// It is suspended.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub detector_is_stopped: bool,
    /// ARN of a trail that logs management events, empty when there is none.
    pub trail: Option<String>,
    /// ARN of the role with which API Gateway writes logs, empty when there is
    /// none.
    pub api_logging_role: Option<String>,
}

impl Facts {
    /// The facts of the account that AWS uses in its documentation, for
    /// templates rendered without an account.
    pub fn documentation() -> Self {
        Self {
            account_id: "111122223333".into(),
            partition: "aws".into(),
            region: "us-east-1".into(),
            zone_ids: (1..=6).map(|zone| format!("use1-az{zone}")).collect(),
            prefix_list_ids: [("dynamodb", "pl-02cd2c6b"), ("s3", "pl-63a5400a")]
                .map(|(service, list)| (service.into(), list.into()))
                .into(),
            administrator_arn: "arn:aws:iam::111122223333:role/administrator".into(),
            account: AccountState::default(),
            bundles: ["arm64", "x86_64"]
                .map(|architecture| (architecture.into(), "0".repeat(64)))
                .into(),
        }
    }

    /// The partition of a region, by its prefix
    /// (<https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>).
    pub fn partition_of(region: &str) -> &'static str {
        match region {
            r if r.starts_with("cn-") => "aws-cn",
            r if r.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// What names of services end in, where they do not end alike everywhere.
    pub fn dns_suffix(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "amazonaws.com.cn",
            _ => "amazonaws.com",
        }
    }

    /// The host of the region's management console.
    pub fn console_host(&self) -> String {
        match self.partition.as_str() {
            "aws-cn" => format!("{}.console.amazonaws.cn", self.region),
            "aws-us-gov" => format!("{}.console.amazonaws-us-gov.com", self.region),
            _ => format!("{}.console.aws.amazon.com", self.region),
        }
    }

    /// `arn:aws:sns:us-east-1:111122223333:<resource>`
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            self.partition, self.region, self.account_id
        )
    }

    /// `arn:aws:s3:::<bucket>`: bucket ARNs carry neither region nor account.
    pub fn bucket_arn(&self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", self.partition)
    }

    /// `arn:aws:iam::111122223333:root`, which in a policy means the account.
    pub fn root_arn(&self) -> String {
        format!("arn:{}:iam::{}:root", self.partition, self.account_id)
    }
}
