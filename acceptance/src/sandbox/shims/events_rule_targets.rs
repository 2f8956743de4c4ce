//! A rule that has targets cannot be deleted (ValidationException), and the
//! targets of a rule that is not there cannot be listed
//! (ResourceNotFoundException). ministack deletes and lists none.

use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "events_rule_targets";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    let body = call.json();
    let bus = body.get("EventBusName").cloned();
    let bus = bus.unwrap_or_else(|| json!("default"));
    if call.is("events", &["DeleteRule"]) {
        let asked = json!({ "Rule": body.get("Name")?, "EventBusName": bus });
        let reply = backend
            .json("events", "AWSEvents.ListTargetsByRule", &asked)
            .await;
        let targets = reply::body_json(&reply);
        let targets = targets.get("Targets").and_then(Value::as_array)?;
        let message = "Rule can't be deleted since it has targets.";
        return (!targets.is_empty())
            .then(|| reply::error(call, 400, "ValidationException", message));
    }
    if call.is("events", &["ListTargetsByRule"]) {
        let name = body.get("Rule")?;
        let asked = json!({ "Name": name, "EventBusName": bus });
        let reply = backend
            .json("events", "AWSEvents.DescribeRule", &asked)
            .await;
        let message = format!(
            "Rule {} does not exist on EventBus default.",
            name.as_str().unwrap_or_default()
        );
        return (reply::error_code(&reply)? == "ResourceNotFoundException")
            .then(|| reply::error(call, 400, "ResourceNotFoundException", &message));
    }
    None
}
