//! The statements of a function's policy, each of which a permission is. Those
//! that no permission of the pipeline is are somebody else's.

use super::named;
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::Outcome;
use crate::aws::tags::Tag;
use crate::engine::{ErrorKind, HandlerError};
use serde_json::Value;

pub(super) const REMOVE: &str = "lambda:RemovePermission";

/// Which statements are wanted: their ids, with spaces between them.
const TAG_PERMISSIONS: &str = "tap:permissions";

/// None also when the function is gone, or has no policy.
pub(super) async fn all(clients: &Clients, function: &str) -> Outcome<Vec<Value>> {
    const OPERATION: &str = "lambda:GetPolicy";
    let answer = clients.lambda().get_policy().function_name(function).send();
    let answer = found(answer.await.during(OPERATION))?;
    let Some(text) = answer.and_then(|answer| answer.policy) else {
        return Ok(Vec::new());
    };
    let mut policy: Value = serde_json::from_str(&text).map_err(|error| {
        let message = format!("the policy of {} is no JSON: {error}", named(function));
        HandlerError::ours(ErrorKind::Other, OPERATION, message)
    })?;
    Ok(match policy.get_mut("Statement").map(Value::take) {
        Some(Value::Array(statements)) => statements,
        _ => Vec::new(),
    })
}

pub(super) fn id(statement: &Value) -> &str {
    let id = statement.get("Sid").and_then(Value::as_str);
    id.unwrap_or_default()
}

/// A service, an account or `*`.
pub(super) fn principal(statement: &Value) -> &str {
    let principal = match statement.get("Principal") {
        Some(Value::Object(kinds)) => kinds.values().find_map(Value::as_str),
        other => other.and_then(Value::as_str),
    };
    principal.unwrap_or_default()
}

/// What the tag says; none where it is not there, of a function that somebody
/// else's template made.
pub(super) fn wanted(tags: &[Tag]) -> Option<&str> {
    let tag = tags.iter().find(|tag| tag.key == TAG_PERMISSIONS);
    tag.map(|tag| tag.value.as_str())
}

/// The statements that are not wanted; none where nothing says which are.
pub(super) async fn foreign(
    clients: &Clients,
    function: &str,
    wanted: Option<&str>,
) -> Outcome<Vec<Value>> {
    let Some(wanted) = wanted else {
        return Ok(Vec::new());
    };
    let mut statements = all(clients, function).await?;
    statements.retain(|statement| !wanted.split(' ').any(|one| one == id(statement)));
    Ok(statements)
}

pub(super) async fn remove(clients: &Clients, function: &str, id: &str) -> Outcome<()> {
    let removed = clients
        .lambda()
        .remove_permission()
        .function_name(function)
        .statement_id(id)
        .send()
        .await;
    found(removed.during(REMOVE)).map(drop)
}

/// A statement in one line, as `debug admits * to lambda:InvokeFunction`.
pub(super) fn described(statement: &Value) -> String {
    let action = statement.get("Action").and_then(Value::as_str);
    format!(
        "{} admits {} to {}",
        id(statement),
        principal(statement),
        action.unwrap_or_default()
    )
}
