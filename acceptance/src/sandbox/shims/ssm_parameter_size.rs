//! A standard parameter holds 4 KB and an advanced one 8 KB; more is refused
//! with ValidationException. ministack takes any length.

use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "ssm_parameter_size";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("ssm", &["PutParameter"]) {
        return None;
    }
    let body = call.json();
    let length = body.get("Value").and_then(Value::as_str)?.len();
    if length <= 4096 {
        return None;
    }
    let name = body.get("Name").and_then(Value::as_str).unwrap_or_default();
    let tier = match body.get("Tier").and_then(Value::as_str) {
        Some(tier) => tier.to_owned(),
        // One that is advanced already stays so.
        None => existing_tier(backend, name)
            .await
            .unwrap_or_else(|| "Standard".to_owned()),
    };
    let message = if tier == "Standard" {
        "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier."
    } else if length > 8192 {
        "Advanced tier parameters support a maximum parameter value of 8192 characters."
    } else {
        return None;
    };
    Some(reply::error(call, 400, "ValidationException", message))
}

async fn existing_tier(backend: &Backend<'_>, name: &str) -> Option<String> {
    let filter =
        json!({ "ParameterFilters": [{ "Key": "Name", "Option": "Equals", "Values": [name] }] });
    let reply = backend
        .json("ssm", "AmazonSSM.DescribeParameters", &filter)
        .await;
    Some(
        reply::body_json(&reply)
            .pointer("/Parameters/0/Tier")?
            .as_str()?
            .to_owned(),
    )
}
