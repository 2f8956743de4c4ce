//! A version of a secret is written once: PutSecretValue with the token of a
//! version that has another value is refused with ResourceExistsException, and
//! GetSecretValue of a version in a stage that it is not in with
//! ResourceNotFoundException
//! (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>).
//! ministack overwrites the one, and ignores the stage of the other.

use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "secretsmanager_versions";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    let body = call.json();
    if call.is("secretsmanager", &["PutSecretValue"]) {
        let version = body.get("ClientRequestToken")?;
        let asked = json!({ "SecretId": body["SecretId"], "VersionId": version });
        let there = ask(backend, "GetSecretValue", &asked).await?;
        let same = ["SecretString", "SecretBinary"]
            .iter()
            .all(|field| there.get(field) == body.get(field));
        let message = "You can't modify an existing version. Create a new version instead.";
        return (!same).then(|| reply::error(call, 400, "ResourceExistsException", message));
    }
    if call.is("secretsmanager", &["GetSecretValue"]) {
        let (version, stage) = (body.get("VersionId")?.as_str()?, body.get("VersionStage")?);
        let secret = json!({ "SecretId": body["SecretId"] });
        let secret = ask(backend, "DescribeSecret", &secret).await?;
        let stages = secret["VersionIdsToStages"][version].as_array();
        let message =
            "Secrets Manager can't find the specified secret value for that staging label.";
        return (!stages.is_some_and(|stages| stages.contains(stage)))
            .then(|| reply::error(call, 400, "ResourceNotFoundException", message));
    }
    None
}

/// The answer, if there is one.
async fn ask(backend: &Backend<'_>, operation: &str, body: &Value) -> Option<Value> {
    let target = format!("secretsmanager.{operation}");
    let reply = backend.json("secretsmanager", &target, body).await;
    reply
        .status()
        .is_success()
        .then(|| reply::body_json(&reply))
}
