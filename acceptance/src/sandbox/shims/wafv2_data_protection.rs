//! A web ACL reads back with the data protection that it was given, and an
//! update without one takes it away
//! (<https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateWebACL.html>).
//! moto forgets it.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "wafv2_data_protection";

/// By the id of a web ACL.
#[derive(Default)]
pub struct Protections(Mutex<BTreeMap<Place, Value>>);

impl Protections {
    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        let operations = ["CreateWebACL", "UpdateWebACL", "GetWebACL"];
        if !call.is("wafv2", &operations) || !reply.status().is_success() {
            return None;
        }
        let asked = call.json();
        let mut answered = reply::body_json(reply);
        let id = match call.operation.as_str() {
            "UpdateWebACL" => asked["Id"].as_str()?.to_owned(),
            "CreateWebACL" => answered["Summary"]["Id"].as_str()?.to_owned(),
            _ => answered["WebACL"]["Id"].as_str()?.to_owned(),
        };
        let place = place(call, &id);
        let mut all = lock(&self.0);
        if call.operation == "GetWebACL" {
            answered["WebACL"]["DataProtectionConfig"] = all.get(&place)?.clone();
            return Some(reply::with_body(reply.clone(), answered.to_string()));
        }
        match asked.get("DataProtectionConfig") {
            Some(config) => drop(all.insert(place, config.clone())),
            None => drop(all.remove(&place)),
        }
        None
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}
