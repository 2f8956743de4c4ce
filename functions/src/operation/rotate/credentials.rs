//! A name and a generated password. What they open is the user's: a hook, a
//! Lambda function of the user's, sets and tests them, invoked with the same
//! event as this function. Without a hook they are rotated all the same.

use super::{CURRENT, PENDING, Rotation, Step, finish, pending, put_pending, random, value};
use crate::error::Failure;
use crate::operation::Call;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::{Value, json};

const PASSWORD: &str = "password";
/// As the requirements ask (R093), and what most databases take.
const LENGTH: i64 = 32;
const EXCLUDED: &str = "/@\"\\";

pub async fn step(call: &Call<'_>, rotation: &Rotation, step: Step) -> Result<(), Failure> {
    match step {
        Step::Create => create(call, rotation).await,
        Step::Set => hook(call, rotation, step).await,
        Step::Test => {
            test(call, rotation).await?;
            hook(call, rotation, step).await
        }
        Step::Finish => finish(call, rotation).await,
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

async fn test(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    let pending = pending(call, rotation).await?;
    let password = pending
        .get(PASSWORD)
        .and_then(Value::as_str)
        .unwrap_or_default();
    let sound = password.len() as i64 == LENGTH && !password.contains(|c| EXCLUDED.contains(c));
    match sound {
        true => Ok(()),
        false => Err(rotation.failure("the pending password is not one that this function makes")),
    }
}

async fn hook(call: &Call<'_>, rotation: &Rotation, step: Step) -> Result<(), Failure> {
    let Some(hook) = call.settings.maybe("TAP_ROTATION_HOOK_ARN") else {
        return Ok(());
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
        .send()
        .await
        .map_err(|error| Failure::aws("lambda:InvokeFunction", hook, error))?;
    match answer.function_error {
        None => Ok(()),
        // Its message may hold anything, a password too.
        Some(kind) => Err(rotation.failure(format!("the hook {hook} failed: {kind}; see its log"))),
    }
}
