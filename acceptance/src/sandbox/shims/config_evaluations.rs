//! PutEvaluations and what comes of it: Config keeps the latest evaluation of
//! each resource by each rule, and shows it in GetComplianceDetailsByResource
//! (<https://docs.aws.amazon.com/config/latest/APIReference/API_PutEvaluations.html>).
//! ministack knows neither. AWS's result token says which rule is meant; here
//! the token itself stands for the rule, and one that AWS would not have given
//! out (`expired`) is refused with InvalidResultTokenException.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "config_evaluations";

/// Of an account and region's resource, by rule.
#[derive(Default)]
pub struct Evaluations(Mutex<BTreeMap<Place, BTreeMap<String, Value>>>);

impl Evaluations {
    pub fn answer(&self, call: &Inbound) -> Option<Reply> {
        if call.is("config", &["PutEvaluations"]) {
            return Some(self.put(call));
        }
        if call.is("config", &["GetComplianceDetailsByResource"]) {
            return Some(self.details(call));
        }
        None
    }

    fn put(&self, call: &Inbound) -> Reply {
        let body = call.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rule = text(&body["ResultToken"]);
        if rule.is_empty() || rule == "expired" {
            let message = "The specified ResultToken is invalid.";
            return reply::error(call, 400, "InvalidResultTokenException", message);
        }
        let test = body["TestMode"] == Value::Bool(true);
        let evaluations = body["Evaluations"].as_array().cloned().unwrap_or_default();
        for evaluation in evaluations {
            let annotation = evaluation["Annotation"].as_str().unwrap_or_default();
            if annotation.chars().count() > 256 {
                let message = "Annotation must have length less than or equal to 256";
                return reply::error(call, 400, "ValidationException", message);
            }
            if test {
                continue;
            }
            let resource = format!(
                "{}/{}",
                text(&evaluation["ComplianceResourceType"]),
                text(&evaluation["ComplianceResourceId"])
            );
            let mut all = lock(&self.0);
            let of_resource = all.entry(place(call, &resource)).or_default();
            let newest = of_resource
                .get(&rule)
                .and_then(|known| known["OrderingTimestamp"].as_f64());
            let ours = evaluation["OrderingTimestamp"].as_f64();
            // Config goes by the ordering timestamp, not by who comes last.
            if newest <= ours {
                of_resource.insert(rule.clone(), evaluation);
            }
        }
        reply::json(call, &json!({ "FailedEvaluations": [] }))
    }

    fn details(&self, call: &Inbound) -> Reply {
        let body = call.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let resource = format!("{}/{}", text("ResourceType"), text("ResourceId"));
        let all = lock(&self.0);
        let results: Vec<Value> = all
            .get(&place(call, &resource))
            .into_iter()
            .flatten()
            .map(|(rule, evaluation)| {
                json!({
                    "EvaluationResultIdentifier": {
                        "EvaluationResultQualifier": {
                            "ConfigRuleName": rule,
                            "ResourceType": evaluation["ComplianceResourceType"],
                            "ResourceId": evaluation["ComplianceResourceId"],
                        },
                        "OrderingTimestamp": evaluation["OrderingTimestamp"],
                    },
                    "ComplianceType": evaluation["ComplianceType"],
                    "Annotation": evaluation["Annotation"],
                })
            })
            .collect();
        reply::json(call, &json!({ "EvaluationResults": results }))
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}
