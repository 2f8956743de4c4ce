//! What the expansion has to know about the account it expands for.

use serde::{Deserialize, Serialize};

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
}

impl Facts {
    /// The facts of the account that AWS uses in its documentation, for
    /// templates rendered without an account.
    pub fn documentation() -> Self {
        Self {
            account_id: "111122223333".into(),
            partition: "aws".into(),
            region: "us-east-1".into(),
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
