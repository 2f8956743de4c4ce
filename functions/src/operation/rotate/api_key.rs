//! The API key of API Gateway. A rotation makes a new key in the same usage
//! plan; the predecessor stays usable for a while, then the schedule deletes
//! it. Both carry the predecessor's tags; `tap:retire-after` tells them apart.

use super::{
    CURRENT, PENDING, PIPELINE_TAG, Rotation, Step, finish, pending, put_pending, random, value,
};
use crate::clock;
use crate::error::Failure;
use crate::operation::Call;
use aws_sdk_apigateway::types::ApiKey;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

const KEY: &str = "api_key";
const KEY_ID: &str = "api_key_id";
/// When a predecessor may be deleted, as RFC 3339.
pub const RETIRE_AFTER_TAG: &str = "tap:retire-after";
const LOGICAL_ID_TAG: &str = "tap:logical-id";
const LOGICAL_ID: &str = "ApiKey";
/// API Gateway takes 20 to 128 characters
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html>).
const LENGTH: i64 = 40;
/// The largest page of GetApiKeys.
const PAGE: i32 = 500;

pub async fn step(call: &Call<'_>, rotation: &Rotation, step: Step) -> Result<(), Failure> {
    match step {
        Step::Create => create(call, rotation).await,
        Step::Set => set(call, rotation).await,
        Step::Test => test(call, rotation).await,
        Step::Finish => {
            finish(call, rotation).await?;
            retire_predecessors(call, rotation).await
        }
    }
}

/// Makes the key first and remembers it then: a key that was made by an
/// attempt whose answer was lost is found by the rotation's name.
async fn create(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    if value(call, rotation, Some(&rotation.token), PENDING)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let name = format!("{}-{}", rotation.name(), rotation.token);
    let keys = list(call).await?;
    let made = keys.iter().find(|key| key.name() == Some(&name));
    let (id, secret) = match made.and_then(|key| key.id()) {
        Some(id) => (id.to_owned(), key_value(call, id).await?),
        None => {
            let secret = random(call, LENGTH, "", false).await?;
            let predecessor = keys.iter().find(|key| is_ours(call, key) && is_live(key));
            (make(call, &name, &secret, predecessor).await?, secret)
        }
    };
    let next = Map::from_iter([
        (KEY.to_owned(), json!(secret)),
        (KEY_ID.to_owned(), json!(id)),
    ]);
    put_pending(call, rotation, next).await
}

async fn make(
    call: &Call<'_>,
    name: &str,
    secret: &str,
    predecessor: Option<&ApiKey>,
) -> Result<String, Failure> {
    let mut tags = predecessor
        .and_then(|key| key.tags().cloned())
        .unwrap_or_default();
    tags.remove(RETIRE_AFTER_TAG);
    tags.insert(PIPELINE_TAG.to_owned(), call.settings.pipeline.clone());
    tags.insert(LOGICAL_ID_TAG.to_owned(), LOGICAL_ID.to_owned());
    let answer = call
        .clients
        .apigateway()
        .create_api_key()
        .name(name)
        .set_description(predecessor.and_then(|key| key.description().map(str::to_owned)))
        .value(secret)
        .enabled(true)
        .set_tags(Some(tags))
        .send()
        .await
        .map_err(|error| Failure::aws("apigateway:CreateApiKey", name, error))?;
    answer.id.ok_or_else(|| Failure::Integrity {
        operation: "apigateway:CreateApiKey",
        resource: name.to_owned(),
        problem: "the answer holds no id".to_owned(),
    })
}

async fn set(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    let plan = call.settings.need("TAP_USAGE_PLAN_ID")?;
    let id = pending_id(call, rotation).await?.1;
    let answer = call
        .clients
        .apigateway()
        .create_usage_plan_key()
        .usage_plan_id(plan)
        .key_id(&id)
        .key_type("API_KEY")
        .send()
        .await;
    match answer.map_err(|error| Failure::aws("apigateway:CreateUsagePlanKey", plan, error)) {
        Ok(_) => Ok(()),
        // It is in the plan already.
        Err(failure) if failure.code() == Some("ConflictException") => Ok(()),
        Err(failure) => Err(failure),
    }
}

async fn test(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    let plan = call.settings.need("TAP_USAGE_PLAN_ID")?;
    let (secret, id) = pending_id(call, rotation).await?;
    if key_value(call, &id).await? != secret {
        return Err(rotation.failure(format!("the API key {id} has another value")));
    }
    call.clients
        .apigateway()
        .get_usage_plan_key()
        .usage_plan_id(plan)
        .key_id(&id)
        .send()
        .await
        .map_err(|error| Failure::aws("apigateway:GetUsagePlanKey", &id, error))?;
    Ok(())
}

async fn pending_id(call: &Call<'_>, rotation: &Rotation) -> Result<(String, String), Failure> {
    let pending = pending(call, rotation).await?;
    both(&pending).ok_or_else(|| rotation.failure("its pending value lacks the key or its id"))
}

fn both(secret: &Map<String, Value>) -> Option<(String, String)> {
    let text = |name: &str| Some(secret.get(name)?.as_str()?.to_owned());
    Some((text(KEY)?, text(KEY_ID)?))
}

/// Every other key of the pipeline is a predecessor of the one that is now
/// current: each may be used for the overlap from now on, no longer.
async fn retire_predecessors(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    let current = value(call, rotation, None, CURRENT).await?;
    let (_, current) = current
        .as_ref()
        .and_then(both)
        .ok_or_else(|| rotation.failure("its current value lacks the key or its id"))?;
    let after = clock::text(clock::now() + call.settings.rotation_overlap);
    for key in list(call).await? {
        let Some(id) = key.id().filter(|id| *id != current) else {
            continue;
        };
        if is_ours(call, &key) && is_live(&key) {
            let arn = arn(call, id);
            call.clients
                .apigateway()
                .tag_resource()
                .resource_arn(&arn)
                .tags(RETIRE_AFTER_TAG, &after)
                .send()
                .await
                .map_err(|error| Failure::aws("apigateway:TagResource", arn, error))?;
        }
    }
    Ok(())
}

/// Deletes the predecessors whose time is up; returns their ids.
pub async fn retire(call: &Call<'_>) -> Result<Vec<String>, Failure> {
    let secret = call.settings.need("TAP_API_KEY_SECRET_ARN")?;
    let now = clock::text(clock::now());
    let mut due = Vec::new();
    for key in list(call).await? {
        let after = key.tags().and_then(|tags| tags.get(RETIRE_AFTER_TAG));
        let is_due = after.is_some_and(|after| after.as_str() <= now.as_str());
        if let Some(id) = key.id().filter(|_| is_due && is_ours(call, &key)) {
            due.push(id.to_owned());
        }
    }
    if due.is_empty() {
        return Ok(due);
    }
    // Somebody may have gone back to an earlier version of the secret.
    let current = current_key_id(call, secret).await?;
    due.retain(|id| Some(id) != current.as_ref());
    for id in &due {
        let answer = call
            .clients
            .apigateway()
            .delete_api_key()
            .api_key(id)
            .send()
            .await;
        match answer.map_err(|error| Failure::aws("apigateway:DeleteApiKey", id, error)) {
            Err(failure) if failure.code() != Some("NotFoundException") => return Err(failure),
            _ => {}
        }
    }
    Ok(due)
}

async fn current_key_id(call: &Call<'_>, secret: &str) -> Result<Option<String>, Failure> {
    let answer = call
        .clients
        .secretsmanager()
        .get_secret_value()
        .secret_id(secret)
        .send()
        .await
        .map_err(|error| Failure::aws("secretsmanager:GetSecretValue", secret, error))?;
    let value: Value =
        serde_json::from_str(answer.secret_string().unwrap_or_default()).unwrap_or_default();
    Ok(value[KEY_ID].as_str().map(str::to_owned))
}

async fn list(call: &Call<'_>) -> Result<Vec<ApiKey>, Failure> {
    let mut keys = Vec::new();
    let mut position = None;
    loop {
        let answer = call
            .clients
            .apigateway()
            .get_api_keys()
            .limit(PAGE)
            .set_position(position)
            .send()
            .await
            .map_err(|error| Failure::aws("apigateway:GetApiKeys", "*", error))?;
        keys.extend(answer.items.unwrap_or_default());
        position = answer.position;
        if position.is_none() {
            return Ok(keys);
        }
    }
}

async fn key_value(call: &Call<'_>, id: &str) -> Result<String, Failure> {
    let answer = call
        .clients
        .apigateway()
        .get_api_key()
        .api_key(id)
        .include_value(true)
        .send()
        .await
        .map_err(|error| Failure::aws("apigateway:GetApiKey", id, error))?;
    Ok(answer.value.unwrap_or_default())
}

fn is_ours(call: &Call<'_>, key: &ApiKey) -> bool {
    let tag = |tags: &HashMap<String, String>, name: &str, value: &str| {
        tags.get(name).is_some_and(|found| found == value)
    };
    key.tags().is_some_and(|tags| {
        tag(tags, PIPELINE_TAG, &call.settings.pipeline) && tag(tags, LOGICAL_ID_TAG, LOGICAL_ID)
    })
}

/// Nobody has said yet when it ends.
fn is_live(key: &ApiKey) -> bool {
    !key.tags()
        .is_some_and(|tags| tags.contains_key(RETIRE_AFTER_TAG))
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>
fn arn(call: &Call<'_>, id: &str) -> String {
    let region = &call.settings.region;
    let partition = call.settings.partition();
    format!("arn:{partition}:apigateway:{region}::/apikeys/{id}")
}
