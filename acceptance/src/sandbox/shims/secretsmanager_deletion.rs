//! A secret that waits for its deletion keeps its name, and CreateSecret of it
//! says so with InvalidRequestException. ministack says ResourceExistsException,
//! as for a secret that is in use.

use serde_json::json;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "secretsmanager_deletion";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("secretsmanager", &["CreateSecret"]) {
        return None;
    }
    let asked = json!({ "SecretId": call.json().get("Name")? });
    let secret = backend
        .json("secretsmanager", "secretsmanager.DescribeSecret", &asked)
        .await;
    reply::body_json(&secret).get("DeletedDate")?;
    let message = "You can't create this secret because a secret with this name is already scheduled for deletion.";
    Some(reply::error(call, 400, "InvalidRequestException", message))
}
