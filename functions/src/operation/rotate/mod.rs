//! Rotates a secret in Secrets Manager's four steps, and retires the API keys
//! that rotation has replaced.
//!
//! Which secret it is says its tag `tap:rotation`: `api-key` or `credentials`.
//! A secret of the user's own kind has a rotation function of the user's own.
//!
//! Source: [Rotation by Lambda function](https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html).
//!
//! Nothing becomes current that has not been tested: the last step tests once
//! more, since it may be sent alone.
//!
//! # Interruption
//!
//! Secrets Manager repeats a step whose answer it did not get. Each looks
//! for what it would make before it makes it: the pending version, the key by
//! the rotation's own name, the place in the usage plan, the stage.

mod api_key;
mod credentials;

use super::{Call, Ending, Origin, Outcome};
use crate::clock;
use crate::error::Failure;
use crate::event::{BusEvent, Incoming};
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

const NAME: &str = "rotate";
const PENDING: &str = "AWSPENDING";
const CURRENT: &str = "AWSCURRENT";
const PIPELINE_TAG: &str = "tap:pipeline";
const KIND_TAG: &str = "tap:rotation";

/// What Secrets Manager invokes a rotation function with.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    step: Step,
    secret_id: String,
    client_request_token: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Step {
    #[serde(rename = "createSecret")]
    Create,
    #[serde(rename = "setSecret")]
    Set,
    #[serde(rename = "testSecret")]
    Test,
    #[serde(rename = "finishSecret")]
    Finish,
}

impl Step {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        }
    }
}

/// A rotation under way.
struct Rotation {
    secret_id: String,
    token: String,
    secret: DescribeSecretOutput,
}

impl Rotation {
    fn failure(&self, problem: impl Into<String>) -> Failure {
        Failure::Integrity {
            operation: "secretsmanager:RotateSecret",
            resource: self.secret_id.clone(),
            problem: problem.into(),
        }
    }

    fn tag(&self, key: &str) -> Option<&str> {
        let tag = self.secret.tags().iter().find(|tag| tag.key() == Some(key));
        tag.and_then(|tag| tag.value())
    }

    fn name(&self) -> &str {
        self.secret.name().unwrap_or(&self.secret_id)
    }

    fn stages(&self, version: &str) -> &[String] {
        let versions = self.secret.version_ids_to_stages();
        versions
            .and_then(|versions| versions.get(version))
            .map_or(&[], Vec::as_slice)
    }

    fn is_current(&self) -> bool {
        self.stages(&self.token)
            .iter()
            .any(|stage| stage == CURRENT)
    }

    /// The version of a rotation that is under way, other than this one.
    fn other_pending(&self) -> Option<&str> {
        let versions = self.secret.version_ids_to_stages()?;
        let pending = |stages: &Vec<String>| stages.iter().any(|stage| stage == PENDING);
        versions.iter().find_map(|(version, stages)| {
            (*version != self.token && pending(stages)).then_some(version.as_str())
        })
    }

    fn current_version(&self) -> Option<&str> {
        let versions = self.secret.version_ids_to_stages()?;
        let current = |stages: &Vec<String>| stages.iter().any(|stage| stage == CURRENT);
        versions
            .iter()
            .find_map(|(version, stages)| current(stages).then_some(version.as_str()))
    }
}

/// Each step of each rotation is one operation.
pub(super) fn origin(event: &Value) -> Option<Origin> {
    let event = Event::deserialize(event).ok()?;
    Some(Origin {
        id: format!("{}/{}", event.client_request_token, event.step.as_str()),
        at: clock::now(),
        principal: "secretsmanager.amazonaws.com".to_owned(),
        source: "service",
    })
}

pub(super) async fn perform(call: &Call<'_>, incoming: &Incoming) -> Result<Ending, Failure> {
    match incoming {
        Incoming::Bus(event) if event.is("aws.events", "Scheduled Event") => {
            retire(call, event).await
        }
        Incoming::Other(event) => match Event::deserialize(event) {
            Ok(event) => step(call, &event).await.map(Ending::Done),
            Err(error) => Err(Failure::Event {
                operation: NAME,
                problem: error.to_string(),
            }),
        },
        other => Err(other.unknown(NAME)),
    }
}

/// On the schedule: predecessors whose time is up.
async fn retire(call: &Call<'_>, event: &BusEvent) -> Result<Ending, Failure> {
    let retired = api_key::retire(call, &event.source).await?;
    if retired.is_empty() {
        return Ok(Ending::Ignored("no API key is to be retired"));
    }
    Ok(Ending::Done(
        Outcome::new("retired").fact("api_key_ids", json!(retired)),
    ))
}

async fn step(call: &Call<'_>, event: &Event) -> Result<Outcome, Failure> {
    let rotation = describe(call, event).await?;
    if rotation.tag(PIPELINE_TAG) != Some(call.settings.pipeline.as_str()) {
        return Err(rotation.failure("the secret is not this pipeline's"));
    }
    let kind = rotation.tag(KIND_TAG).unwrap_or_default().to_owned();
    let at = created(call, &rotation).await?;
    let stages = rotation.stages(&event.client_request_token);
    let known = |stage: &str| stages.iter().any(|name| name == stage);
    if !known(PENDING) && !known(CURRENT) {
        return Err(rotation.failure(format!(
            "the version {} is not staged {PENDING}; start the rotation anew",
            event.client_request_token
        )));
    }
    // A version that is current has gone through the other steps.
    let finished = rotation.is_current() && event.step != Step::Finish;
    if !finished {
        match kind.as_str() {
            "api-key" => api_key::step(call, &rotation, event.step).await?,
            "credentials" => credentials::step(call, &rotation, event.step).await?,
            other => {
                return Err(rotation.failure(format!(
                    "its tag {KIND_TAG} is {other:?}; it must be api-key or credentials"
                )));
            }
        }
    }
    let mut outcome = Outcome::new("rotated")
        .fact("step", event.step.as_str())
        .fact("secret", rotation.name())
        .fact("kind", kind);
    outcome.at = at;
    Ok(outcome)
}

async fn describe(call: &Call<'_>, event: &Event) -> Result<Rotation, Failure> {
    let answer = call
        .clients
        .secretsmanager()
        .describe_secret()
        .secret_id(&event.secret_id)
        .send()
        .await;
    let secret = answer
        .map_err(|error| Failure::aws("secretsmanager:DescribeSecret", &event.secret_id, error))?;
    Ok(Rotation {
        secret_id: event.secret_id.clone(),
        token: event.client_request_token.clone(),
        secret,
    })
}

/// When Secrets Manager made the version: the same at each repetition of a
/// step, so that its row is too.
async fn created(call: &Call<'_>, rotation: &Rotation) -> Result<Option<OffsetDateTime>, Failure> {
    let answer = call
        .clients
        .secretsmanager()
        .list_secret_version_ids()
        .secret_id(&rotation.secret_id)
        .include_deprecated(true)
        .send()
        .await
        .map_err(|error| {
            let secret = &rotation.secret_id;
            Failure::aws("secretsmanager:ListSecretVersionIds", secret, error)
        })?;
    let version = answer
        .versions()
        .iter()
        .find(|version| version.version_id() == Some(&rotation.token));
    let created = version.and_then(|version| version.created_date());
    Ok(created.and_then(|at| OffsetDateTime::from_unix_timestamp(at.secs()).ok()))
}

/// The JSON object of a version; `None` when it has no value yet.
async fn value(
    call: &Call<'_>,
    rotation: &Rotation,
    version: Option<&str>,
    stage: &str,
) -> Result<Option<Map<String, Value>>, Failure> {
    let answer = call
        .clients
        .secretsmanager()
        .get_secret_value()
        .secret_id(&rotation.secret_id)
        .set_version_id(version.map(str::to_owned))
        .version_stage(stage)
        .send()
        .await;
    let text = match answer {
        Ok(answer) => answer.secret_string.unwrap_or_default(),
        Err(error) => {
            let secret = &rotation.secret_id;
            let failure = Failure::aws("secretsmanager:GetSecretValue", secret, error);
            return match failure.code() {
                Some("ResourceNotFoundException") => Ok(None),
                _ => Err(failure),
            };
        }
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        // serde_json's own message would quote the value.
        _ => Err(rotation.failure("its value is not a JSON object")),
    }
}

/// The pending value, which must be there after the first step.
async fn pending(call: &Call<'_>, rotation: &Rotation) -> Result<Map<String, Value>, Failure> {
    value(call, rotation, Some(&rotation.token), PENDING)
        .await?
        .ok_or_else(|| rotation.failure("it has no pending value; createSecret has not run"))
}

async fn put_pending(
    call: &Call<'_>,
    rotation: &Rotation,
    value: Map<String, Value>,
) -> Result<(), Failure> {
    call.clients
        .secretsmanager()
        .put_secret_value()
        .secret_id(&rotation.secret_id)
        .client_request_token(&rotation.token)
        .secret_string(Value::Object(value).to_string())
        .version_stages(PENDING)
        .send()
        .await
        .map_err(|error| {
            let secret = &rotation.secret_id;
            Failure::aws("secretsmanager:PutSecretValue", secret, error)
        })?;
    Ok(())
}

/// Makes the pending version the current one.
async fn finish(call: &Call<'_>, rotation: &Rotation) -> Result<(), Failure> {
    if rotation.is_current() {
        return Ok(());
    }
    call.clients
        .secretsmanager()
        .update_secret_version_stage()
        .secret_id(&rotation.secret_id)
        .version_stage(CURRENT)
        .move_to_version_id(&rotation.token)
        .set_remove_from_version_id(rotation.current_version().map(str::to_owned))
        .send()
        .await
        .map_err(|error| {
            let secret = &rotation.secret_id;
            Failure::aws("secretsmanager:UpdateSecretVersionStage", secret, error)
        })?;
    Ok(())
}

/// A random text, by AWS's own generator.
async fn random(
    call: &Call<'_>,
    length: i64,
    exclude: &str,
    punctuation: bool,
) -> Result<String, Failure> {
    let answer = call
        .clients
        .secretsmanager()
        .get_random_password()
        .password_length(length)
        .exclude_characters(exclude)
        .exclude_punctuation(!punctuation)
        .require_each_included_type(true)
        .send()
        .await
        .map_err(|error| Failure::aws("secretsmanager:GetRandomPassword", "*", error))?;
    answer.random_password.ok_or_else(|| Failure::Integrity {
        operation: "secretsmanager:GetRandomPassword",
        resource: "*".to_owned(),
        problem: "the answer holds no password".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_of_a_rotation_is_an_operation_of_its_own() {
        let event = |step: &str| json!({ "Step": step, "SecretId": "arn", "ClientRequestToken": "t-1", "RotationToken": "r" });
        let ids: Vec<String> = ["createSecret", "setSecret", "testSecret", "finishSecret"]
            .map(|step| origin(&event(step)).unwrap().id)
            .into();
        assert_eq!(
            ids,
            [
                "t-1/createSecret",
                "t-1/setSecret",
                "t-1/testSecret",
                "t-1/finishSecret"
            ]
        );
        assert_eq!(origin(&event("deleteSecret")), None);
    }
}
