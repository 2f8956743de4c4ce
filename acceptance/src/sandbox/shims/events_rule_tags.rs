//! Tags in a PutRule count only for a new rule; those of one that is there
//! already are ignored
//! (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>).
//! ministack replaces the old ones.

use hyper::body::Bytes;
use serde_json::json;

use super::backend::Backend;
use crate::sandbox::request::Inbound;

pub const NAME: &str = "events_rule_tags";

/// The call without its tags, if the rule is there.
pub async fn resolve(backend: &Backend<'_>) -> Option<Inbound> {
    let call = backend.call;
    if !call.is("events", &["PutRule"]) {
        return None;
    }
    let mut body = call.json();
    body.get("Tags")?;
    let bus = body.get("EventBusName").cloned();
    let asked = json!({
        "Name": body.get("Name")?,
        "EventBusName": bus.unwrap_or_else(|| json!("default")),
    });
    let reply = backend
        .json("events", "AWSEvents.DescribeRule", &asked)
        .await;
    if !reply.status().is_success() {
        return None;
    }
    body.as_object_mut()?.remove("Tags");
    let mut resolved = call.clone();
    resolved.body = Bytes::from(body.to_string());
    Some(resolved)
}
