//! RotateSecret asks Lambda whether Secrets Manager may invoke the function. With
//! RotateImmediately = false it makes no new version; otherwise it stages one,
//! answers, and takes the four steps with the function, each after the last
//! one's success. CancelRotateSecret takes the schedule away and keeps the
//! function
//! (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html>,
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html>).
//! ministack asks nobody, always makes a version, calls no function, and knows no
//! CancelRotateSecret. Where a step fails AWS takes it again later, and here the
//! version stays pending.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::backend::Backend;
use super::lambda_permission::may_invoke;
use super::lock;
use super::secretsmanager_pending::Pending;
use crate::sandbox::emulators::Emulators;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "secretsmanager_rotation";

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// What DescribeSecret says of a secret's rotation, by the secret's ARN.
#[derive(Default)]
pub struct Schedules(Mutex<BTreeMap<String, Value>>);

impl Schedules {
    pub async fn answer(&self, backend: &Backend<'_>, pending: &Pending) -> Option<Reply> {
        let call = backend.call;
        if !call.is("secretsmanager", &["RotateSecret", "CancelRotateSecret"]) {
            return None;
        }
        let asked = call.json();
        let secret = backend
            .json(
                "secretsmanager",
                "secretsmanager.DescribeSecret",
                &json!({ "SecretId": asked["SecretId"] }),
            )
            .await;
        if !secret.status().is_success() {
            return Some(secret);
        }
        let mut secret = reply::body_json(&secret);
        let arn = secret["ARN"].as_str()?.to_owned();
        if secret.get("DeletedDate").is_some() {
            let message = "You can't perform this operation on the secret because it was marked for deletion.";
            return Some(reply::error(call, 400, "InvalidRequestException", message));
        }
        let mut answer = json!({ "ARN": arn, "Name": secret["Name"] });
        if let Some(known) = lock(&self.0).get(&arn) {
            merge(&mut secret, known);
        }
        if call.operation == "CancelRotateSecret" {
            let function = secret["RotationLambdaARN"].clone();
            let schedule = json!({ "RotationEnabled": false, "RotationLambdaARN": function });
            lock(&self.0).insert(arn, schedule);
            return Some(reply::json(call, &answer));
        }
        let said = |name: &str| asked.get(name).or_else(|| secret.get(name)).cloned();
        let function = said("RotationLambdaARN").unwrap_or_default();
        let name = function.as_str().unwrap_or_default();
        if !may_invoke(backend, name, "secretsmanager.amazonaws.com").await {
            let message = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.";
            return Some(reply::error(call, 400, "AccessDeniedException", message));
        }
        let schedule = json!({
            "RotationEnabled": true,
            "RotationLambdaARN": function,
            "RotationRules": said("RotationRules"),
        });
        lock(&self.0).insert(arn.clone(), schedule);
        if asked.get("RotateImmediately") != Some(&Value::Bool(false)) {
            let Some(version) = asked["ClientRequestToken"].as_str() else {
                let message = "You must provide a ClientRequestToken value.";
                return Some(reply::error(call, 400, "InvalidRequestException", message));
            };
            answer["VersionId"] = json!(version);
            pending.stage(&arn, version);
            let rotation = Rotation {
                emulators: Arc::clone(backend.emulators),
                call: call.clone(),
                function: name.to_owned(),
                secret: arn,
                version: version.to_owned(),
            };
            tokio::spawn(rotation.run());
        }
        Some(reply::json(call, &answer))
    }

    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if !call.is("secretsmanager", &["DescribeSecret"]) {
            return None;
        }
        let mut body = reply::body_json(reply);
        let all = lock(&self.0);
        let known = all.get(body.get("ARN")?.as_str()?)?;
        merge(&mut body, known);
        Some(reply::with_body(reply.clone(), body.to_string()))
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

/// A rotation that is under way.
struct Rotation {
    emulators: Arc<Emulators>,
    /// Whose account and region it is in.
    call: Inbound,
    function: String,
    secret: String,
    version: String,
}

impl Rotation {
    async fn run(self) {
        let backend = Backend {
            emulators: &self.emulators,
            call: &self.call,
        };
        for step in STEPS {
            let event = json!({
                "Step": step, "SecretId": self.secret, "ClientRequestToken": self.version,
            });
            if !backend.invoke(&self.function, &event).await {
                return;
            }
        }
    }
}

/// The schedule of a secret instead of what the emulator thinks of it.
fn merge(secret: &mut Value, schedule: &Value) {
    let (Some(secret), Some(schedule)) = (secret.as_object_mut(), schedule.as_object()) else {
        return;
    };
    for name in ["RotationEnabled", "RotationLambdaARN", "RotationRules"] {
        match schedule.get(name).filter(|value| !value.is_null()) {
            Some(value) => secret.insert(name.to_owned(), value.clone()),
            None => secret.remove(name),
        };
    }
}
