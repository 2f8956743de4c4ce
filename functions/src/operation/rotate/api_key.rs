//! The API key of API Gateway. A rotation makes a new key in the same usage
//! plan; the predecessor stays usable for a while, then the schedule deletes
//! it. Both carry the predecessor's tags; `tap:retire-after` tells them apart.
//!
//! A secret whose first value is the user's may lack the key's id; then the key
//! is known by its value.

use super::{
    CURRENT, PENDING, PIPELINE_TAG, Rotation, Step, finish, pending, put_pending, random, value,
};
use crate::audit::{self, Intent};
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
const DELETE: &str = "apigateway:DeleteApiKey";
/// The largest page of GetApiKeys.
const PAGE: i32 = 500;

pub async fn step(call: &Call<'_>, rotation: &Rotation, step: Step) -> Result<(), Failure> {
    match step {
        Step::Create => create(call, rotation).await,
        Step::Set => set(call, rotation).await,
        Step::Test => test(call, rotation).await,
        Step::Finish => {
            if !rotation.is_current() {
                test(call, rotation).await?;
            }
            finish(call, rotation).await?;
            retire_predecessors(call, rotation).await
        }
    }
}

/// Makes the key first and remembers it then: a key that was made by an
/// attempt whose answer was lost is found by the rotation's name.
async fn create(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    if let Some(pending) = value(call, rotation, Some(&rotation.token), PENDING).await? {
        // A version's value cannot be changed, so a new key is no way out.
        return match meant(call, &pending).await? {
            Some(_) => Ok(()),
            None => Err(rotation.failure(format!(
                "the API key of its pending version {} is gone; remove the stage {PENDING} from that version (secretsmanager:UpdateSecretVersionStage) and start the rotation anew",
                rotation.token
            ))),
        };
    }
    let name = key_name(rotation, &rotation.token);
    let keys = list(call, false).await?;
    let made = keys.iter().find(|key| key.name() == Some(&name));
    let made = match made.and_then(|key| key.id()) {
        Some(id) => key_value(call, id)
            .await?
            .map(|value| (id.to_owned(), value)),
        None => None,
    };
    let (id, secret) = match made {
        Some(made) => made,
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

/// By this a key is known that an attempt made whose answer was lost.
fn key_name(rotation: &Rotation, version: &str) -> String {
    format!("{}-{version}", rotation.name())
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
    if key_value(call, &id).await? != Some(secret) {
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

/// The pending API key, and its id.
async fn pending_id(call: &Call<'_>, rotation: &Rotation) -> Result<(String, String), Failure> {
    let pending = pending(call, rotation).await?;
    let key = text(&pending, KEY)
        .ok_or_else(|| rotation.failure(format!("its pending value lacks the member {KEY}")))?;
    let id = meant(call, &pending).await?;
    let id = id.ok_or_else(|| rotation.failure("no API key is the one of its pending value"))?;
    Ok((key.to_owned(), id))
}

fn text<'a>(secret: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let value = secret.get(name).and_then(Value::as_str);
    value.filter(|value| !value.is_empty())
}

/// The id of the API key that a value of the secret means; `None` when there
/// is no such key.
async fn meant(call: &Call<'_>, secret: &Map<String, Value>) -> Result<Option<String>, Failure> {
    if let Some(id) = text(secret, KEY_ID) {
        return Ok(key_value(call, id).await?.map(|_| id.to_owned()));
    }
    let Some(value) = text(secret, KEY) else {
        return Ok(None);
    };
    let keys = list(call, true).await?;
    let key = keys
        .iter()
        .find(|key| key.value() == Some(value) && is_ours(call, key));
    Ok(key.and_then(|key| key.id()).map(str::to_owned))
}

/// Every other key of the pipeline is a predecessor of the one that is now
/// current: each may be used for the overlap from now on, no longer. But not
/// one that a rotation under way has made: this step may come late.
async fn retire_predecessors(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    let current = value(call, rotation, None, CURRENT).await?;
    let current = match &current {
        Some(current) => meant(call, current).await?,
        None => None,
    };
    let current =
        current.ok_or_else(|| rotation.failure("no API key is the one of its current value"))?;
    let successor = rotation
        .other_pending()
        .map(|version| key_name(rotation, version));
    let after = clock::text(clock::now() + call.settings.rotation_overlap);
    for key in list(call, false).await? {
        let Some(id) = key.id().filter(|_| is_ours(call, &key)) else {
            continue;
        };
        if id == current {
            keep(call, &key, id).await?;
        } else if is_live(&key) && (successor.is_none() || key.name() != successor.as_deref()) {
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

/// The current key does not end: somebody went back to an earlier version of
/// the secret after its key had been given a time.
async fn keep(call: &Call<'_>, key: &ApiKey, id: &str) -> Result<(), Failure> {
    if is_live(key) {
        return Ok(());
    }
    let arn = arn(call, id);
    call.clients
        .apigateway()
        .untag_resource()
        .resource_arn(&arn)
        .tag_keys(RETIRE_AFTER_TAG)
        .send()
        .await
        .map_err(|error| Failure::aws("apigateway:UntagResource", arn, error))?;
    Ok(())
}

/// Deletes the predecessors whose time is up; returns their ids.
pub async fn retire(call: &Call<'_>, principal: &str) -> Result<Vec<String>, Failure> {
    let secret = call.settings.need("TAP_API_KEY_SECRET_ARN")?;
    let now = clock::text(clock::now());
    let mut due = list(call, false).await?;
    due.retain(|key| {
        let after = key.tags().and_then(|tags| tags.get(RETIRE_AFTER_TAG));
        after.is_some_and(|after| after.as_str() <= now.as_str()) && is_ours(call, key)
    });
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let current = current(call, secret).await?;
    let mut deleted = Vec::new();
    for key in &due {
        match retire_one(call, principal, &current, key).await {
            Ok(Some(id)) => deleted.push(id),
            Ok(None) => {}
            Err(cause) if deleted.is_empty() => return Err(cause),
            Err(cause) => {
                return Err(Failure::Partly {
                    done: deleted
                        .iter()
                        .map(|id| json!({ "call": DELETE, "target": id, "state": "done" }))
                        .collect(),
                    cause: Box::new(cause),
                });
            }
        }
    }
    Ok(deleted)
}

/// Deletes one key, unless it is the current one, whatever its tags say: by
/// its id, or by its value, since a first value may lack the id. Returns its id
/// when it has been deleted.
async fn retire_one(
    call: &Call<'_>,
    principal: &str,
    current: &Map<String, Value>,
    key: &ApiKey,
) -> Result<Option<String>, Failure> {
    let Some(id) = key.id() else {
        return Ok(None);
    };
    let Some(value) = key_value(call, id).await? else {
        return Ok(None);
    };
    if text(current, KEY_ID) == Some(id) || text(current, KEY) == Some(value.as_str()) {
        keep(call, key, id).await?;
        return Ok(None);
    }
    let intent = Intent {
        action: DELETE,
        target: id,
        principal,
        source: "event",
        // Its value is in the secret's earlier version, and in no row.
        detail: Map::from_iter([("name".to_owned(), json!(key.name()))]),
    };
    audit::intend(call, intent).await?;
    let answer = call
        .clients
        .apigateway()
        .delete_api_key()
        .api_key(id)
        .send()
        .await;
    match answer.map_err(|error| Failure::aws(DELETE, id, error)) {
        Ok(_) => Ok(Some(id.to_owned())),
        Err(failure) if is_gone(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The current value of the secret. One that cannot be read is no leave to
/// delete: the key that is in use may be among those that are due.
async fn current(call: &Call<'_>, secret: &str) -> Result<Map<String, Value>, Failure> {
    let answer = call
        .clients
        .secretsmanager()
        .get_secret_value()
        .secret_id(secret)
        .send()
        .await
        .map_err(|error| Failure::aws("secretsmanager:GetSecretValue", secret, error))?;
    match serde_json::from_str(answer.secret_string().unwrap_or_default()) {
        Ok(Value::Object(value)) if text(&value, KEY).is_some() => Ok(value),
        // serde_json's own message would quote the value.
        _ => Err(Failure::Integrity {
            operation: "secretsmanager:GetSecretValue",
            resource: secret.to_owned(),
            problem: format!(
                "its current value is no JSON object with the member {KEY}, so no API key is deleted"
            ),
        }),
    }
}

async fn list(call: &Call<'_>, values: bool) -> Result<Vec<ApiKey>, Failure> {
    let mut keys = Vec::new();
    let mut position = None;
    loop {
        let answer = call
            .clients
            .apigateway()
            .get_api_keys()
            .limit(PAGE)
            .include_values(values)
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

/// The value of a key; `None` when there is no such key.
async fn key_value(call: &Call<'_>, id: &str) -> Result<Option<String>, Failure> {
    let answer = call
        .clients
        .apigateway()
        .get_api_key()
        .api_key(id)
        .include_value(true)
        .send()
        .await;
    match answer.map_err(|error| Failure::aws("apigateway:GetApiKey", id, error)) {
        Ok(answer) => Ok(Some(answer.value.unwrap_or_default())),
        Err(failure) if is_gone(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn is_gone(failure: &Failure) -> bool {
    failure.code() == Some("NotFoundException")
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
