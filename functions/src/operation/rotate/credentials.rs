//! A name and a generated password. What they open is the user's: a hook, a
//! Lambda function of the user's, sets and tests them, invoked with the same
//! event as this function.
//!
//! A password that is new in the secret and old at what it opens locks out
//! everybody who reads the secret. So without a hook nothing is rotated, unless
//! the secret says by its tag `tap:rotation-hook` = `none` that there is nothing
//! behind it that would have to be told.

use super::{CURRENT, PENDING, Rotation, Step, finish, pending, put_pending, random, value};
use crate::clients::Clients;
use crate::error::Failure;
use crate::operation::Call;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::{Map, Value, json};
use std::time::Duration;

const PASSWORD: &str = "password";
/// As the requirements ask (R093), and what most databases take.
const LENGTH: i64 = 32;
const EXCLUDED: &str = "/@\"\\";
const HOOK_TAG: &str = "tap:rotation-hook";
/// What is kept of the time to say that the hook did not answer.
const MARGIN: Duration = Duration::from_millis(250);

pub async fn step(call: &Call<'_>, rotation: &Rotation, step: Step) -> Result<(), Failure> {
    match step {
        Step::Create => create(call, rotation).await,
        Step::Set => hook(call, rotation, step).await,
        Step::Test => test(call, rotation).await,
        Step::Finish => {
            if !rotation.is_current() {
                test(call, rotation).await?;
            }
            finish(call, rotation).await
        }
    }
}

async fn create(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    if value(call, rotation, Some(&rotation.token), PENDING)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let current = value(call, rotation, None, CURRENT).await?;
    let mut next = current.ok_or_else(|| rotation.failure("it has no current value"))?;
    let password = random(call, LENGTH, EXCLUDED, true).await?;
    next.insert(PASSWORD.to_owned(), json!(password));
    put_pending(call, rotation, next).await
}

/// The shape first, then whether it opens what it is for.
async fn test(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    let pending = pending(call, rotation).await?;
    // RotateSecret without RotateImmediately sends this step alone, on a
    // version that holds the value there is: nobody says who made that up
    // (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html).
    let password = password(&pending);
    let current = value(call, rotation, None, CURRENT).await?;
    let is_ours = current.as_ref().map(self::password) != Some(password);
    let sound = password.len() as i64 == LENGTH && !password.contains(|c| EXCLUDED.contains(c));
    if password.is_empty() {
        return Err(rotation.failure("its pending value has no password"));
    }
    if is_ours && !sound {
        return Err(rotation.failure("the pending password is not one that this function makes"));
    }
    hook(call, rotation, Step::Test).await
}

fn password(secret: &Map<String, Value>) -> &str {
    secret
        .get(PASSWORD)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

async fn hook(call: &Call<'_>, rotation: &Rotation, step: Step) -> Result<(), Failure> {
    let Some(hook) = call.settings.maybe("TAP_ROTATION_HOOK_ARN") else {
        if rotation.tag(HOOK_TAG) == Some("none") {
            return Ok(());
        }
        return Err(rotation.failure(format!(
            "there is no hook to set and test the password where it is used, so rotating it would lock its readers out; configure a hook, or tag the secret {HOOK_TAG}=none if it opens nothing"
        )));
    };
    let payload = json!({
        "Step": step.as_str(),
        "SecretId": rotation.secret_id,
        "ClientRequestToken": rotation.token,
    });
    let answer = call
        .clients
        .lambda()
        .invoke()
        .function_name(hook)
        .invocation_type(InvocationType::RequestResponse)
        .payload(Blob::new(payload.to_string()))
        .customize()
        .config_override(Clients::patient(call.left().saturating_sub(MARGIN)))
        .send()
        .await
        .map_err(|error| Failure::aws("lambda:InvokeFunction", hook, error))?;
    match answer.function_error {
        None => Ok(()),
        // Its message may hold anything, a password too.
        Some(kind) => Err(rotation.failure(format!("the hook {hook} failed: {kind}; see its log"))),
    }
}
