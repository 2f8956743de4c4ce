//! The text that stands in a member of a secret, for what cannot do without it.

use super::{living, named, tags_in};
use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use crate::engine::{ErrorKind, HandlerError, TAG_PIPELINE};
use serde_json::Value;

const OPERATION: &str = "secretsmanager:GetSecretValue";

/// A member of a secret's current version. It has no `Debug`: that would print
/// the value.
pub struct SecretMember {
    pub value: String,
    /// Of the secret.
    pub arn: String,
    pub version: String,
}

/// As it is now. No error holds any of it.
pub(in crate::aws) async fn current(
    clients: &Clients,
    secret: &str,
    member: &str,
) -> Outcome<SecretMember> {
    let answer = clients
        .secretsmanager()
        .get_secret_value()
        .secret_id(secret)
        .send()
        .await
        .during(OPERATION)?;
    let text = answer.secret_string.unwrap_or_default();
    let members: Option<Value> = serde_json::from_str(&text).ok();
    let value = members
        .as_ref()
        .and_then(|members| members.get(member))
        .and_then(Value::as_str);
    let Some(value) = value else {
        let message = format!(
            "{} holds no JSON object with the text {member}",
            named(secret)
        );
        return Err(HandlerError::ours(ErrorKind::Invalid, OPERATION, message));
    };
    Ok(SecretMember {
        value: value.to_owned(),
        arn: answer.arn.unwrap_or_default(),
        version: answer.version_id.unwrap_or_default(),
    })
}

/// Of a secret that carries the pipeline's tag. Errors: `NotFound`, `Stranger`.
pub async fn secret_member(
    clients: &Clients,
    pipeline: &str,
    secret: &str,
    member: &str,
) -> Outcome<SecretMember> {
    let refused = |kind, message| HandlerError::ours(kind, OPERATION, message);
    let Some(there) = living(clients, secret).await? else {
        let message = format!("{} is not there", named(secret));
        return Err(refused(ErrorKind::NotFound, message));
    };
    if tags_in(&there).get(TAG_PIPELINE).map(String::as_str) != Some(pipeline) {
        let message = format!("{} is not of the pipeline {pipeline}", named(secret));
        return Err(refused(ErrorKind::Stranger, message));
    }
    current(clients, secret, member).await
}
