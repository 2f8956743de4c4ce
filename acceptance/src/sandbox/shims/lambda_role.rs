//! Lambda looks up a function's role and refuses one that it cannot assume,
//! first of all one that is not there ("The role defined for the function
//! cannot be assumed by Lambda"). ministack takes any ARN, which would hide a
//! function that is made before its role.

use serde_json::Value;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "lambda_role";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("lambda", &["CreateFunction", "UpdateFunctionConfiguration"]) {
        return None;
    }
    let body = call.json();
    let role = body.get("Role").and_then(Value::as_str)?;
    let message = "The role defined for the function cannot be assumed by Lambda.";
    (!exists(backend, role).await)
        .then(|| reply::error(call, 400, "InvalidParameterValueException", message))
}

/// Whether IAM has the role of that ARN.
pub async fn exists(backend: &Backend<'_>, arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let fields = [
        ("Action", "GetRole"),
        ("Version", "2010-05-08"),
        ("RoleName", name),
    ];
    backend.query("iam", &fields).await.status().is_success()
}
