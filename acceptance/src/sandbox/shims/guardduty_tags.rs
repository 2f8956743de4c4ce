//! A detector's tags are changed by its ARN, and read back with it
//! (<https://docs.aws.amazon.com/guardduty/latest/APIReference/API_TagResource.html>).
//! moto keeps those it was made with and has no tag calls.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "guardduty_tags";

/// What was changed, by detector: the new value, or none.
#[derive(Default)]
pub struct Tags(Mutex<BTreeMap<Place, BTreeMap<String, Option<Value>>>>);

impl Tags {
    pub fn answer(&self, call: &Inbound) -> Option<Reply> {
        if call.service != "guardduty" {
            return None;
        }
        let (_, detector) = call.path.strip_prefix("/tags/")?.split_once("detector/")?;
        let mut all = lock(&self.0);
        let changes = all.entry(place(call, detector)).or_default();
        match call.method.as_str() {
            "POST" => {
                let body = call.json();
                let tags = body.get("tags").and_then(Value::as_object)?;
                let set = tags.iter().map(|(key, value)| (key.clone(), value.clone()));
                changes.extend(set.map(|(key, value)| (key, Some(value))));
            }
            "DELETE" => {
                let keys = call.query.iter().filter(|(name, _)| name == "tagKeys");
                changes.extend(keys.map(|(_, key)| (key.clone(), None)));
            }
            _ => return None,
        }
        Some(reply::json(call, &json!({})))
    }

    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if call.service != "guardduty" || call.method != "GET" || !reply.status().is_success() {
            return None;
        }
        let detector = call.path.strip_prefix("/detector/")?;
        let all = lock(&self.0);
        let changes = all.get(&place(call, detector))?;
        let mut body = reply::body_json(reply);
        let tags = body.get_mut("tags")?.as_object_mut()?;
        for (key, value) in changes {
            match value {
                Some(value) => tags.insert(key.clone(), value.clone()),
                None => tags.remove(key),
            };
        }
        Some(reply::with_body(reply.clone(), body.to_string()))
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}
