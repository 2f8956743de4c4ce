//! Before Secrets Manager calls a rotation function it stages a version
//! AWSPENDING that has no value yet: DescribeSecret and ListSecretVersionIds
//! show it, GetSecretValue does not find it
//! (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html>).
//! ministack has no versions without values. Here one is staged by RotateSecret,
//! and by `POST /_sandbox/stage-pending` for tests that are Secrets Manager
//! themselves and call the function.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use super::lock;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "secretsmanager_pending";

/// By the secret's ARN: version to when it was staged, in seconds since 1970.
#[derive(Default)]
pub struct Pending(Mutex<BTreeMap<String, BTreeMap<String, u64>>>);

impl Pending {
    pub fn stage(&self, arn: &str, version: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        let mut all = lock(&self.0);
        all.entry(arn.to_owned())
            .or_default()
            .insert(version.to_owned(), now);
    }

    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if !call.is(
            "secretsmanager",
            &["DescribeSecret", "ListSecretVersionIds"],
        ) {
            return None;
        }
        let mut body = reply::body_json(reply);
        let all = lock(&self.0);
        let staged = all.get(body.get("ARN")?.as_str()?)?;
        for (version, at) in staged {
            if call.operation == "DescribeSecret" {
                let versions = body.get_mut("VersionIdsToStages")?.as_object_mut()?;
                versions
                    .entry(version.clone())
                    .or_insert_with(|| json!(["AWSPENDING"]));
                continue;
            }
            let versions = body.get_mut("Versions")?.as_array_mut()?;
            let known = versions
                .iter_mut()
                .find(|known| known["VersionId"] == version.as_str());
            match known {
                // It was created when it was staged, not when it got its value.
                Some(known) => known["CreatedDate"] = json!(at),
                None => versions.push(json!({
                    "VersionId": version, "VersionStages": ["AWSPENDING"], "CreatedDate": at,
                })),
            }
        }
        Some(reply::with_body(reply.clone(), Value::to_string(&body)))
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}
