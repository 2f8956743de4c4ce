//! A log group takes a key only when it is there and its policy admits Logs of
//! that region for that group (by the encryption context `aws:logs:arn`), and
//! the key can be changed afterwards
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html>).
//! ministack takes any text for a key and knows no AssociateKmsKey.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::backend::Backend;
use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "logs_group_key";

/// Keys put and taken after the group was made, by group.
#[derive(Default)]
pub struct Keys(Mutex<BTreeMap<Place, Option<String>>>);

impl Keys {
    pub async fn answer(&self, backend: &Backend<'_>) -> Option<Reply> {
        let call = backend.call;
        if !call.is(
            "logs",
            &["CreateLogGroup", "AssociateKmsKey", "DisassociateKmsKey"],
        ) {
            return None;
        }
        let body = call.json();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let group = text("logGroupName")?;
        let key = text("kmsKeyId");
        if let Some(key) = key
            && !admits_logs(backend, key, group).await
        {
            let message = format!(
                "The specified KMS key does not exist or is not allowed to be used with LogGroup '{group}'"
            );
            return Some(reply::error(
                call,
                400,
                "InvalidParameterException",
                &message,
            ));
        }
        if call.operation == "CreateLogGroup" {
            return None;
        }
        if !exists(backend, group).await {
            let message = "The specified log group does not exist.";
            return Some(reply::error(
                call,
                400,
                "ResourceNotFoundException",
                message,
            ));
        }
        lock(&self.0).insert(place(call, group), key.map(str::to_owned));
        Some(reply::json(call, &json!({})))
    }

    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if !call.is("logs", &["DescribeLogGroups", "DeleteLogGroup"])
            || !reply.status().is_success()
        {
            return None;
        }
        let mut keys = lock(&self.0);
        if let Some(deleted) = call.json().get("logGroupName").and_then(Value::as_str) {
            keys.remove(&place(call, deleted));
            return None;
        }
        let mut body = reply::body_json(reply);
        let mut changed = false;
        for group in body.get_mut("logGroups")?.as_array_mut()? {
            let name = group["logGroupName"].as_str().unwrap_or_default();
            let Some(key) = keys.get(&place(call, name)) else {
                continue;
            };
            let fields = group.as_object_mut()?;
            match key {
                Some(key) => fields.insert("kmsKeyId".to_owned(), json!(key)),
                None => fields.remove("kmsKeyId"),
            };
            changed = true;
        }
        changed.then(|| reply::with_body(reply.clone(), body.to_string()))
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

async fn exists(backend: &Backend<'_>, group: &str) -> bool {
    let reply = backend
        .json(
            "logs",
            "Logs_20140328.DescribeLogGroups",
            &json!({ "logGroupNamePrefix": group }),
        )
        .await;
    let body = reply::body_json(&reply);
    let groups = body.get("logGroups").and_then(Value::as_array);
    groups
        .into_iter()
        .flatten()
        .any(|known| known["logGroupName"] == group)
}

async fn admits_logs(backend: &Backend<'_>, key: &str, group: &str) -> bool {
    let Some(metadata) = backend.key(key).await else {
        return false;
    };
    let asked = json!({ "KeyId": key, "PolicyName": "default" });
    let reply = backend
        .json("kms", "TrentService.GetKeyPolicy", &asked)
        .await;
    let body = reply::body_json(&reply);
    let policy = body["Policy"].as_str().unwrap_or_default();
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let region = &backend.call.region;
    let account = metadata["Arn"]
        .as_str()
        .and_then(|arn| arn.split(':').nth(4));
    let arn = format!(
        "arn:aws:logs:{region}:{}:log-group:{group}",
        account.unwrap_or_default()
    );
    let service = format!("logs.{region}.amazonaws.com");
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    metadata["KeyState"] == "Enabled"
        && statements.iter().any(|statement| {
            statement["Effect"] == "Allow"
                && texts(&statement["Principal"]["Service"]).contains(&service.as_str())
                && context_fits(&statement["Condition"], &arn)
        })
}

/// Whether the conditions on the group's ARN, if there are any, hold.
fn context_fits(condition: &Value, arn: &str) -> bool {
    let lines = condition.as_object().into_iter().flatten();
    lines
        .filter_map(|(_, line)| line.get("kms:EncryptionContext:aws:logs:arn"))
        .all(|patterns| texts(patterns).iter().any(|pattern| like(pattern, arn)))
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// `*` stands for anything.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            starts.any(|at| like(tail, &rest[at..]))
        }),
    }
}
