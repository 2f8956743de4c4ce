//! CreateTopic of a topic that exists answers with it, but only if what is asked
//! for does not contradict it: other tags or other attributes are refused with
//! InvalidParameter. ministack answers with the topic and ignores the rest.

use std::collections::BTreeMap;

use serde_json::Value;

use super::backend::Backend;
use super::sns_email_confirmation::entry;
use super::unescape;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "sns_topic_conflict";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("sns", &["CreateTopic"]) {
        return None;
    }
    let account = account_of(backend).await?;
    let arn = format!(
        "arn:aws:sns:{}:{account}:{}",
        call.region,
        call.field("Name")?
    );
    let attributes = backend
        .query(
            "sns",
            &[
                ("Action", "GetTopicAttributes"),
                ("TopicArn", &arn),
                ("Version", "2010-03-31"),
            ],
        )
        .await;
    if !attributes.status().is_success() {
        return None;
    }
    let refused = |what: &str| {
        Some(reply::error(
            call,
            400,
            "InvalidParameter",
            &format!(
                "Invalid parameter: {what} Reason: Topic already exists with different {}",
                what.to_lowercase()
            ),
        ))
    };
    let tags = asked(call, "Tags.member.", "Key", "Value");
    if !tags.is_empty() && tags != existing_tags(backend, &arn).await {
        return refused("Tags");
    }
    let live = String::from_utf8_lossy(attributes.body()).into_owned();
    let differs = |(name, wanted): (&String, &String)| {
        !same(wanted, &unescape(entry(&live, name).unwrap_or_default()))
    };
    if asked(call, "Attributes.entry.", "key", "value")
        .iter()
        .any(differs)
    {
        return refused("Attributes");
    }
    None
}

async fn account_of(backend: &Backend<'_>) -> Option<String> {
    let identity = backend
        .query(
            "sts",
            &[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")],
        )
        .await;
    reply::element(&String::from_utf8_lossy(identity.body()), "Account").map(str::to_owned)
}

async fn existing_tags(backend: &Backend<'_>, arn: &str) -> BTreeMap<String, String> {
    let reply = backend
        .query(
            "sns",
            &[
                ("Action", "ListTagsForResource"),
                ("ResourceArn", arn),
                ("Version", "2010-03-31"),
            ],
        )
        .await;
    let text = String::from_utf8_lossy(reply.body()).into_owned();
    let tag = |part: &str| {
        Some((
            unescape(reply::element(part, "Key")?),
            unescape(reply::element(part, "Value").unwrap_or_default()),
        ))
    };
    text.split("<member>").skip(1).filter_map(tag).collect()
}

/// The map that a query request spells out as numbered members.
fn asked(call: &Inbound, prefix: &str, key: &str, value: &str) -> BTreeMap<String, String> {
    let fields: BTreeMap<String, String> = call.fields().into_iter().collect();
    let keys = fields
        .iter()
        .filter(|(name, _)| name.starts_with(prefix) && name.ends_with(&format!(".{key}")));
    keys.map(|(name, text)| {
        (
            text.clone(),
            fields
                .get(&name.replace(&format!(".{key}"), &format!(".{value}")))
                .cloned()
                .unwrap_or_default(),
        )
    })
    .collect()
}

/// Policies are compared as JSON.
fn same(one: &str, other: &str) -> bool {
    one == other
        || matches!((serde_json::from_str::<Value>(one), serde_json::from_str::<Value>(other)), (Ok(one), Ok(other)) if one == other)
}
