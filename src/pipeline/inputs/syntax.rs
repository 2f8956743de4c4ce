//! What names, addresses and ARNs look like.

use crate::pipeline::state::TextList;
use crate::pipeline::values::{Place, Reader};
use std::net::IpAddr;

pub(super) fn valid_bucket(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&text.len())
        && text.starts_with(edge)
        && text.ends_with(edge)
        && !text.contains("..")
        && text.chars().all(|c| edge(c) || c == '-' || c == '.')
}

pub(super) fn valid_key_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts.as_slice(),
        ["arn", partition, "kms", region, account, resource]
            if partition.starts_with("aws")
                && !region.is_empty()
                && account.len() == 12
                && account.chars().all(|c| c.is_ascii_digit())
                && resource.strip_prefix("key/").is_some_and(|id| !id.is_empty() && !id.contains('/')))
}

/// Not the whole of RFC 5322: what a mailbox that receives alerts looks like.
pub(super) fn valid_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let word = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(word)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.len() <= 253
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
}

/// The ARN of a resource of one service, in an account and region.
pub(super) fn valid_arn(service: &str, prefix: &str, text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(),
    ["arn", partition, of, region, account, resource]
        if partition.starts_with("aws")
            && *of == service
            && !region.is_empty()
            && valid_account(account)
            && resource.strip_prefix(prefix).is_some_and(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_:/".contains(c))
            }))
}

/// A role, a user or an account's root: who can stand in a policy for good. A
/// session cannot.
pub(super) fn valid_principal(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let named = |resource: &str, kind: &str| {
        resource.strip_prefix(kind).is_some_and(|name| {
            !name.is_empty()
                && !name.ends_with('/')
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+=,.@-_/".contains(c))
        })
    };
    matches!(parts.as_slice(),
        ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws")
                && valid_account(account)
                && (*resource == "root" || named(resource, "role/") || named(resource, "user/")))
}

pub(super) fn valid_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

/// `vpc-0123456789abcdef0`, or the eight digits of older ones.
pub(super) fn aws_id(kind: &str, text: &str) -> bool {
    text.strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|id| {
            [8, 17].contains(&id.len())
                && id
                    .chars()
                    .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        })
}

pub(super) fn valid_domain(text: &str) -> bool {
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}

/// `s3://bucket/key`
pub(super) fn valid_s3_uri(text: &str) -> bool {
    text.strip_prefix("s3://")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(bucket, key)| valid_bucket(bucket) && !key.is_empty())
}

/// A range of addresses in CIDR notation.
pub(super) struct Range {
    pub address: IpAddr,
    pub prefix: u8,
}

impl Range {
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let canonical = |c: char| c.is_ascii_digit();
        if !prefix.chars().all(canonical) || (prefix.len() > 1 && prefix.starts_with('0')) {
            return None;
        }
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        let most = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// AWS refuses or silently changes what does not.
    pub fn begins_at_its_first_address(&self) -> bool {
        let (bits, width) = match self.address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let host = width - u32::from(self.prefix);
        bits.trailing_zeros() >= host || bits == 0
    }
}

/// Ranges from which something is allowed. One that admits everybody is no
/// list of who is admitted.
pub(super) fn check_ranges(r: &mut Reader, place: &Place, value: Option<&TextList>) -> Vec<String> {
    let list = r.texts(place, value, "a range of addresses", 0, |n| {
        format!("203.0.113.{}/32", n % 256)
    });
    let list = words(list);
    for text in &list {
        let range = Range::parse(text);
        let shaped = range
            .as_ref()
            .is_some_and(Range::begins_at_its_first_address);
        r.check(
            place,
            text,
            shaped,
            "is not a range of addresses",
            "Write an IPv4 or IPv6 range that begins at its first address, for example \"203.0.113.0/24\", or \"203.0.113.7/32\" for one address.",
        );
        r.check(
            place,
            text,
            range.is_none_or(|range| range.prefix > 0),
            "admits every address, so it limits nothing",
            "Write the ranges that shall be admitted, or remove it.",
        );
    }
    list
}

/// A list as a set: sorted, each once.
pub(super) fn words(list: Option<Vec<String>>) -> Vec<String> {
    let mut list = list.unwrap_or_default();
    list.sort();
    list.dedup();
    list
}
