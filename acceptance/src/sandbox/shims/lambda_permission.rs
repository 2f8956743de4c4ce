//! Services that invoke a function later ask Lambda when they are told to: one
//! that may not be invoked is refused at once. No shim by itself.

use serde_json::Value;

use super::backend::Backend;
use crate::sandbox::reply;

/// Whether the function is there and its policy lets the service in.
pub async fn may_invoke(backend: &Backend<'_>, arn: &str, service: &str) -> bool {
    let name = arn.rsplit(':').next().unwrap_or_default();
    let target = format!("/2015-03-31/functions/{name}/policy");
    let policy = reply::body_json(&backend.get("lambda", &target).await);
    let text = policy["Policy"].as_str().unwrap_or_default();
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let statements = document["Statement"].as_array();
    statements.is_some_and(|statements| {
        statements
            .iter()
            .any(|statement| statement["Principal"]["Service"] == service)
    })
}
