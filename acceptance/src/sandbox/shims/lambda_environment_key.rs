//! Whoever looks at a function whose environment's key cannot be used, for it
//! is disabled, pending deletion or gone, sees `Environment.Error` in place of
//! the variables ("EnvironmentResponse"). ministack shows the variables.

use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "lambda_environment_key";

pub async fn correct(backend: &Backend<'_>, reply: &Reply) -> Option<Reply> {
    let call = backend.call;
    if !reply.status().is_success()
        || !call.is("lambda", &["GetFunction", "GetFunctionConfiguration"])
    {
        return None;
    }
    let mut shown = reply::body_json(reply);
    let configuration = match call.operation.as_str() {
        "GetFunction" => shown.get_mut("Configuration")?,
        _ => &mut shown,
    };
    let id = configuration["KMSKeyArn"].as_str()?.to_owned();
    let variables = configuration["Environment"]["Variables"].as_object();
    if id.is_empty() || variables.is_none_or(serde_json::Map::is_empty) {
        return None;
    }
    let key = backend.key(&id).await;
    let state = key.as_ref().and_then(|key| key["KeyState"].as_str());
    let (code, why) = match state {
        Some("Enabled") => return None,
        Some("Disabled") => ("DisabledException", "is disabled"),
        Some(_) => ("KMSInvalidStateException", "is pending deletion"),
        None => ("NotFoundException", "does not exist"),
    };
    let message = format!(
        "Lambda was unable to decrypt the environment variables because the KMS key used is in an \
         invalid state for Decrypt. Please check the function's KMS key settings. KMS Exception: \
         {code} KMS Message: {id} {why}."
    );
    configuration["Environment"] = json!({
        "Error": { "ErrorCode": code, "Message": Value::from(message) },
    });
    Some(reply::with_body(reply.clone(), shown.to_string()))
}
