//! Roles and the policies that say what they may do.

mod managed_policy;
mod role;

use managed_policy::ManagedPolicy;
use role::Role;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found, not_yet};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::{ErrorKind, Handler, HandlerError};
use aws_sdk_iam::types::Tag as SdkTag;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, ManagedPolicy),
        Typed::handler(context, Role),
    ]
}

fn sdk_tags(operation: &str, tags: &TagMap) -> Outcome<Vec<SdkTag>> {
    tags.iter()
        .map(|(key, value)| {
            let tag = SdkTag::builder().key(key).value(value).build();
            tag.map_err(|e| HandlerError::ours(ErrorKind::Invalid, operation, e.to_string()))
        })
        .collect()
}

fn tag_map(tags: Option<Vec<SdkTag>>) -> TagMap {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| (tag.key, tag.value)).collect()
}

/// A policy that was just made is not found everywhere yet.
async fn attach(clients: &Clients, role: &str, arn: &str) -> Outcome<()> {
    let attached = clients
        .iam()
        .attach_role_policy()
        .role_name(role)
        .policy_arn(arn)
        .send()
        .await;
    attached
        .during("iam:AttachRolePolicy")
        .map_err(not_yet)
        .map(drop)
}

async fn detach(clients: &Clients, role: &str, arn: &str) -> Outcome<()> {
    let detached = clients
        .iam()
        .detach_role_policy()
        .role_name(role)
        .policy_arn(arn)
        .send()
        .await;
    found(detached.during("iam:DetachRolePolicy")).map(drop)
}

/// A policy as IAM answers it: JSON, URL-encoded
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html>).
fn document(operation: &str, what: &str, text: &str) -> Outcome<Value> {
    serde_json::from_str(&decoded(text)).map_err(|error| {
        let message = format!("the policy of {what} is no JSON: {error}");
        HandlerError::ours(ErrorKind::Other, operation, message)
    })
}

/// By RFC 3986: a plus sign stands for itself.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut clear = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let pair = tail.get(..2).filter(|_| first == b'%');
        let byte = pair
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match byte {
            Some(byte) => {
                clear.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                clear.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&clear).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_as_it_was_written() {
        for (written, read) in [
            ("%7B%22a%22%3A%22b%20c%22%7D", "{\"a\":\"b c\"}"),
            ("{\"a\":\"x+y\"}", "{\"a\":\"x+y\"}"),
            ("%C3%B6%", "ö%"),
            ("100%zz", "100%zz"),
        ] {
            assert_eq!(decoded(written), read);
        }
    }
}
