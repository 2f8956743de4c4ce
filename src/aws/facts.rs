//! What the expansion must know of the account, as plain values that can be
//! kept in state: the blueprint never sees a client.

use serde::{Deserialize, Serialize};

/// Facts of the account and region that the provider is pointed at, as they are
/// now. What a pipeline keeps of them is the blueprint's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// Twelve digits.
    pub account_id: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: String,
    pub region: String,
    /// The principal behind it, fit for a policy: the session stripped.
    pub administrator_arn: String,
}

/// The partition of a region, by its prefix
/// (<https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>).
pub fn partition_of(region: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 6] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    let found = PREFIXES
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix));
    found.map_or("aws", |(_, partition)| partition)
}

/// What AWS host names of a region end in.
pub(super) fn dns_suffix_of(region: &str) -> &'static str {
    match partition_of(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-f" => "csp.hci.ic.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

/// The role behind an assumed-role session; anything else is itself.
///
/// STS does not say the path of a role, and a policy that names a role
/// without its path names no one: a caller whose role has a path (roles of
/// IAM Identity Center have) must name `access.administrator_arns`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
pub fn administrator_arn(caller_arn: &str) -> String {
    let parts: Vec<&str> = caller_arn.splitn(6, ':').collect();
    if let ["arn", partition, "sts", _, account, resource] = parts.as_slice()
        && let Some(session) = resource.strip_prefix("assumed-role/")
        && let Some((role, _session)) = session.split_once('/')
    {
        return format!("arn:{partition}:iam::{account}:role/{role}");
    }
    caller_arn.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_of_an_assumed_role_is_stripped() {
        for (caller, administrator) in [
            (
                "arn:aws:sts::111122223333:assumed-role/deployer/alice@example.com",
                "arn:aws:iam::111122223333:role/deployer",
            ),
            (
                "arn:aws-us-gov:sts::111122223333:assumed-role/ci/run-1",
                "arn:aws-us-gov:iam::111122223333:role/ci",
            ),
            (
                "arn:aws:iam::111122223333:user/ops/bob",
                "arn:aws:iam::111122223333:user/ops/bob",
            ),
            (
                "arn:aws:iam::111122223333:root",
                "arn:aws:iam::111122223333:root",
            ),
        ] {
            assert_eq!(administrator_arn(caller), administrator);
        }
    }

    #[test]
    fn a_region_has_the_partition_of_its_prefix() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("eu-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition_of(region), partition);
        }
    }
}
