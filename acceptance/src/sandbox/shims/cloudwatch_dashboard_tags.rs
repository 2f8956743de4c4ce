//! Dashboards carry tags: those of the PutDashboard that makes one, and those
//! put later by its ARN, which has no region
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>).
//! ministack tags only alarms.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Place, lock};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::{Inbound, Protocol};

pub const NAME: &str = "cloudwatch_dashboard_tags";
const SERVICE: &str = "monitoring";

/// By dashboard; one without tags is there with none.
#[derive(Default)]
pub struct Tags(Mutex<BTreeMap<Place, Map<String, Value>>>);

impl Tags {
    /// Tag calls about a dashboard.
    pub fn answer(&self, call: &Inbound) -> Option<Reply> {
        if !call.is(
            SERVICE,
            &["ListTagsForResource", "TagResource", "UntagResource"],
        ) {
            return None;
        }
        let body = call.json();
        let arn = body.get("ResourceARN")?.as_str()?;
        let (_, name) = arn.split_once(":dashboard/")?;
        let mut all = lock(&self.0);
        let Some(tags) = all.get_mut(&of(call, name)) else {
            let message = format!("Dashboard {name} does not exist");
            return Some(reply::error(
                call,
                404,
                "ResourceNotFoundException",
                &message,
            ));
        };
        match call.operation.as_str() {
            "TagResource" => tags.extend(pairs(&body)),
            "UntagResource" => {
                for key in body["TagKeys"].as_array().into_iter().flatten() {
                    tags.remove(key.as_str().unwrap_or_default());
                }
            }
            _ => {
                let tags: Vec<Value> = tags
                    .iter()
                    .map(|(key, value)| json!({ "Key": key, "Value": value }))
                    .collect();
                return Some(reply::json(call, &json!({ "Tags": tags })));
            }
        }
        Some(reply::json(call, &json!({})))
    }

    /// Changes nothing in the answer.
    pub fn learn(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if !reply.status().is_success() || call.protocol == Protocol::Query {
            return None;
        }
        let body = call.json();
        let mut all = lock(&self.0);
        if call.is(SERVICE, &["PutDashboard"]) {
            let name = body.get("DashboardName")?.as_str()?;
            all.entry(of(call, name)).or_insert_with(|| pairs(&body));
        }
        if call.is(SERVICE, &["DeleteDashboards"]) {
            for name in body["DashboardNames"].as_array().into_iter().flatten() {
                all.remove(&of(call, name.as_str().unwrap_or_default()));
            }
        }
        None
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

fn of(call: &Inbound, name: &str) -> Place {
    (call.access_key.clone(), String::new(), name.to_owned())
}

fn pairs(body: &Value) -> Map<String, Value> {
    let tags = body["Tags"].as_array().into_iter().flatten();
    tags.filter_map(|tag| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].clone())))
        .collect()
}
