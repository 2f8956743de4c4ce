//! What API Gateway shows of a thing has its tags as TagResource and
//! UntagResource left them
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_GetStage.html>).
//! ministack shows those of the creation for ever.

use hyper::Method;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "apigateway_tags";

/// Lists of what carries tags, and the member that names one of them.
const TAGGED: [(&str, &str); 4] = [
    ("restapis", "id"),
    ("apikeys", "id"),
    ("usageplans", "id"),
    ("domainnames", "domainName"),
];

/// By path: `/restapis/a1b2c3/stages/v1`.
#[derive(Default)]
pub struct Tags(Mutex<BTreeMap<Place, Map<String, Value>>>);

impl Tags {
    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if call.service != "apigateway" || !reply.status().is_success() {
            return None;
        }
        if call.path.starts_with("/tags/") {
            self.learn(call);
            return None;
        }
        let mut body = reply::body_json(reply);
        if call.method == Method::DELETE {
            lock(&self.0).remove(&place(call, &call.path));
            return None;
        }
        let shown = match list_of(&call.path) {
            Some((list, name)) if call.method == Method::POST => {
                let path = format!("{list}/{}", body.get(name)?.as_str()?);
                let tags = call.json().get("tags")?.as_object()?.clone();
                lock(&self.0).insert(place(call, &path), tags);
                return None;
            }
            Some((list, name)) => {
                let kind = if body.get("item").is_some() {
                    "item"
                } else {
                    "items"
                };
                let all = body.get_mut(kind)?.as_array_mut()?;
                let shown = all.iter_mut().map(|one| {
                    let path = one.get(name).and_then(Value::as_str);
                    let path = format!("{list}/{}", path.unwrap_or_default());
                    self.show(call, &path, one)
                });
                shown.fold(false, |any, one| any | one)
            }
            None => self.show(call, &call.path, &mut body),
        };
        shown.then(|| reply::with_body(reply.clone(), body.to_string()))
    }

    fn learn(&self, call: &Inbound) {
        // `/tags/arn:aws:apigateway:us-east-1::/restapis/...`
        let Some((_, path)) = call.path.split_once("::") else {
            return;
        };
        let mut all = lock(&self.0);
        let known = all.entry(place(call, path)).or_default();
        match call.method {
            Method::PUT => {
                let body = call.json();
                let new = body.get("tags").and_then(Value::as_object);
                known.extend(new.cloned().unwrap_or_default());
            }
            Method::DELETE => {
                let gone = call.query.iter().filter(|(name, _)| name == "tagKeys");
                for (_, key) in gone {
                    known.remove(key);
                }
            }
            _ => {}
        }
    }

    fn show(&self, call: &Inbound, path: &str, body: &mut Value) -> bool {
        let all = lock(&self.0);
        match (all.get(&place(call, path)), body.as_object_mut()) {
            (Some(tags), Some(body)) => {
                body.insert("tags".to_owned(), Value::Object(tags.clone()));
                true
            }
            _ => false,
        }
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

/// The list that a path is, and the member that names one of it.
fn list_of(path: &str) -> Option<(&str, &'static str)> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        [list] => {
            let known = TAGGED.iter().find(|(name, _)| name == list)?;
            Some((path, known.1))
        }
        ["restapis", _, "stages"] => Some((path, "stageName")),
        _ => None,
    }
}
