//! IAM policy documents as values, not strings: a statement is built from
//! named parts, so that no area can misspell `Condition`.

use serde_json::{Map, Value, json};

/// One statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement(Map<String, Value>);

impl Statement {
    pub fn allow(sid: &str) -> Self {
        Self::new("Allow", sid)
    }

    pub fn deny(sid: &str) -> Self {
        Self::new("Deny", sid)
    }

    fn new(effect: &str, sid: &str) -> Self {
        let mut map = Map::new();
        map.insert("Sid".into(), json!(sid));
        map.insert("Effect".into(), json!(effect));
        Self(map)
    }

    /// An AWS service, `logging.s3.amazonaws.com` for example.
    pub fn service(mut self, principal: &str) -> Self {
        self.0
            .insert("Principal".into(), json!({ "Service": principal }));
        self
    }

    /// Several AWS services that act together.
    pub fn services<const N: usize>(mut self, principals: [&str; N]) -> Self {
        self.0.insert(
            "Principal".into(),
            json!({ "Service": one_or_many(principals) }),
        );
        self
    }

    /// An account, role or user, by ARN.
    pub fn aws(mut self, principal: impl Into<Value>) -> Self {
        self.0
            .insert("Principal".into(), json!({ "AWS": principal.into() }));
        self
    }

    /// Everyone. Only for `Deny`, and where a condition names who is meant: no
    /// statement of ours allows everyone.
    pub fn everyone(mut self) -> Self {
        self.0.insert("Principal".into(), json!({ "AWS": "*" }));
        self
    }

    pub fn actions<const N: usize>(mut self, actions: [&str; N]) -> Self {
        self.0.insert("Action".into(), one_or_many(actions));
        self
    }

    /// As [`Self::actions`], for actions that are only known here and now.
    pub fn action_list(mut self, mut actions: Vec<String>) -> Self {
        actions.sort();
        actions.dedup();
        let actions = match actions.as_slice() {
            [one] => json!(one),
            many => json!(many),
        };
        self.0.insert("Action".into(), actions);
        self
    }

    pub fn resource(mut self, resource: impl Into<Value>) -> Self {
        self.0.insert("Resource".into(), resource.into());
        self
    }

    /// One line of the condition block; lines of one operator are merged, and
    /// all lines must hold.
    pub fn when(mut self, operator: &str, key: &str, value: impl Into<Value>) -> Self {
        let conditions = self.0.entry("Condition").or_insert_with(|| json!({}));
        if let Some(lines) = conditions.as_object_mut()
            && let Some(line) = lines
                .entry(operator)
                .or_insert_with(|| json!({}))
                .as_object_mut()
        {
            line.insert(key.to_owned(), value.into());
        }
        self
    }
}

/// A policy document of the current version.
pub fn document(statements: impl IntoIterator<Item = Statement>) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": statements.into_iter().map(|s| Value::Object(s.0)).collect::<Vec<_>>(),
    })
}

fn one_or_many<const N: usize>(items: [&str; N]) -> Value {
    match items.as_slice() {
        [one] => json!(one),
        many => json!(many),
    }
}
