//! A rule of the owner CUSTOM_POLICY has a policy of 1 to 10,000 characters for
//! Guard 2 and is evaluated on changes only; what describes it is without the
//! text, which GetCustomRulePolicy returns
//! (<https://docs.aws.amazon.com/config/latest/APIReference/API_CustomPolicyDetails.html>,
//! <https://docs.aws.amazon.com/config/latest/APIReference/API_GetCustomRulePolicy.html>).
//! ministack takes any policy, describes a rule as it was put, and has no such
//! call.

use serde_json::{Value, json};

use super::backend::Backend;
use super::config_rules::rules;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "config_custom_policies";

pub async fn answer(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    let body = call.json();
    if call.is("config", &["PutConfigRule"]) {
        let message = wrong(&body["ConfigRule"]["Source"])?;
        let code = "InvalidParameterValueException";
        return Some(reply::error(call, 400, code, message));
    }
    if call.is("config", &["GetCustomRulePolicy"]) {
        let rules = rules(backend).await;
        let rule = rules
            .iter()
            .find(|rule| rule["ConfigRuleName"] == body["ConfigRuleName"]);
        let text = rule.map(|rule| &rule["Source"]["CustomPolicyDetails"]["PolicyText"]);
        return Some(match text {
            Some(text) => reply::json(call, &json!({ "PolicyText": text })),
            None => {
                let message = "The ConfigRule provided in the request is invalid.";
                reply::error(call, 400, "NoSuchConfigRuleException", message)
            }
        });
    }
    None
}

fn wrong(source: &Value) -> Option<&'static str> {
    if source["Owner"] != "CUSTOM_POLICY" {
        return None;
    }
    let policy = &source["CustomPolicyDetails"];
    let text = policy["PolicyText"].as_str().unwrap_or_default();
    let details = source["SourceDetails"].as_array();
    let scheduled = |detail: &Value| {
        let message = detail["MessageType"].as_str().unwrap_or_default();
        !message.ends_with("ConfigurationItemChangeNotification")
    };
    if policy["PolicyRuntime"] != "guard-2.x.x" {
        Some("The policy runtime is not supported.")
    } else if !(1..=10_000).contains(&text.chars().count()) {
        Some("The policy text must have 1 to 10000 characters.")
    } else if details.is_none_or(|details| details.is_empty() || details.iter().any(scheduled)) {
        Some("The message type is not supported for the owner CUSTOM_POLICY.")
    } else {
        None
    }
}

pub fn correct(call: &Inbound, reply: &Reply) -> Option<Reply> {
    if !call.is("config", &["DescribeConfigRules"]) || !reply.status().is_success() {
        return None;
    }
    let mut body = reply::body_json(reply);
    let mut changed = false;
    for rule in body.get_mut("ConfigRules")?.as_array_mut()? {
        let policy = rule.pointer_mut("/Source/CustomPolicyDetails");
        if let Some(policy) = policy.and_then(Value::as_object_mut) {
            changed |= policy.remove("PolicyText").is_some();
        }
    }
    changed.then(|| reply::with_body(reply.clone(), body.to_string()))
}
