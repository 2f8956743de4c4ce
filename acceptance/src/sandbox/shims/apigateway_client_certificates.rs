//! Client certificates
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_GenerateClientCertificate.html>).
//! ministack has none. The certificate itself is not made: nothing behind the
//! sandbox asks for it.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "apigateway_client_certificates";

/// Each as API Gateway shows it, and how many were ever made: an id does not
/// come back.
#[derive(Default)]
pub struct Certificates(Mutex<BTreeMap<Place, Value>>, AtomicUsize);

impl Certificates {
    pub fn answer(&self, call: &Inbound) -> Option<Reply> {
        if call.service != "apigateway" {
            return None;
        }
        if let Some((_, id)) = call.path.split_once("::/clientcertificates/")
            && call.path.starts_with("/tags/")
        {
            return Some(self.tag(call, id));
        }
        let path = call.path.strip_prefix("/clientcertificates")?;
        Some(match path.strip_prefix('/') {
            None if call.method == Method::POST => self.generate(call),
            None => self.list(call),
            Some(id) => self.one(call, id),
        })
    }

    fn generate(&self, call: &Inbound) -> Reply {
        let mut all = lock(&self.0);
        let id = format!("cert{:06}", self.1.fetch_add(1, Ordering::Relaxed) + 1);
        let body = call.json();
        let certificate = json!({
            "clientCertificateId": id,
            "description": body["description"],
            "createdDate": 1_767_225_600,
            "expirationDate": 1_798_761_600,
            "tags": body["tags"],
        });
        all.insert(place(call, &id), certificate.clone());
        with_status(reply::json(call, &certificate), StatusCode::CREATED)
    }

    fn list(&self, call: &Inbound) -> Reply {
        let all = lock(&self.0);
        let of_account = all
            .iter()
            .filter(|((key, region, _), _)| *key == call.access_key && *region == call.region);
        let items: Vec<&Value> = of_account.map(|(_, certificate)| certificate).collect();
        reply::json(call, &json!({ "item": items }))
    }

    fn one(&self, call: &Inbound, id: &str) -> Reply {
        let mut all = lock(&self.0);
        let key = place(call, id);
        let Some(certificate) = all.get_mut(&key) else {
            let message = "Invalid Client Certificate identifier specified";
            return reply::error(call, 404, "NotFoundException", message);
        };
        match call.method {
            Method::DELETE => {
                all.remove(&key);
                with_status(reply::json(call, &json!({})), StatusCode::ACCEPTED)
            }
            Method::PATCH => {
                let patches = call.json();
                for patch in patches["patchOperations"].as_array().into_iter().flatten() {
                    if patch["path"] == "/description" {
                        certificate["description"] = patch["value"].clone();
                    }
                }
                reply::json(call, certificate)
            }
            _ => reply::json(call, certificate),
        }
    }

    fn tag(&self, call: &Inbound, id: &str) -> Reply {
        let mut all = lock(&self.0);
        let tags = all
            .get_mut(&place(call, id))
            .and_then(|certificate| certificate["tags"].as_object_mut());
        let Some(tags) = tags else {
            let message = "Invalid Client Certificate identifier specified";
            return reply::error(call, 404, "NotFoundException", message);
        };
        match call.method {
            Method::PUT => {
                let body = call.json();
                let new = body["tags"].as_object();
                tags.extend(new.cloned().unwrap_or_default());
            }
            Method::DELETE => {
                for (_, key) in call.query.iter().filter(|(name, _)| name == "tagKeys") {
                    tags.remove(key);
                }
            }
            _ => return reply::json(call, &json!({ "tags": tags })),
        }
        with_status(reply::json(call, &json!({})), StatusCode::NO_CONTENT)
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

fn with_status(mut reply: Reply, status: StatusCode) -> Reply {
    *reply.status_mut() = status;
    reply
}
