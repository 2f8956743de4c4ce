//! An account has one detector in a region; a second is refused
//! (<https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html>).
//! moto makes as many as it is asked for.

use serde_json::Value;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "guardduty_one_detector";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("guardduty", &["CreateDetector"]) {
        return None;
    }
    let reply = backend.get("guardduty", "/detector").await;
    let body = reply::body_json(&reply);
    let there = body.get("detectorIds").and_then(Value::as_array)?;
    let message =
        "The request is rejected because a detector already exists for the current account.";
    (!there.is_empty()).then(|| reply::error(call, 400, "BadRequestException", message))
}
