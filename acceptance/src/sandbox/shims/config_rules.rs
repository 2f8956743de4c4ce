//! PutConfigRule takes no rule where there is no recorder, and none whose
//! function Config may not invoke; the tags of its first call are the rule's
//! (<https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigRule.html>).
//! ministack takes every rule and forgets the tags.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::backend::Backend;
use super::config_recorder::Recorders;
use super::lambda_permission::may_invoke;
use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "config_rules";

/// The tags of the rules, by name.
#[derive(Default)]
pub struct RuleTags(Mutex<BTreeMap<Place, Value>>);

impl RuleTags {
    pub async fn answer(&self, backend: &Backend<'_>, recorders: &Recorders) -> Option<Reply> {
        let call = backend.call;
        let body = call.json();
        if call.is("config", &["PutConfigRule"]) {
            return self.put(backend, recorders, &body).await;
        }
        if call.is("config", &["ListTagsForResource"]) {
            let arn = body["ResourceArn"].as_str()?;
            let rules = rules(backend).await;
            let rule = rules.iter().find(|rule| rule["ConfigRuleArn"] == arn);
            let Some(name) = rule.and_then(|rule| rule["ConfigRuleName"].as_str()) else {
                let message = "The resource is not found.";
                return Some(reply::error(
                    call,
                    400,
                    "ResourceNotFoundException",
                    message,
                ));
            };
            let tags = lock(&self.0).get(&place(call, name)).cloned();
            let tags = tags.unwrap_or_else(|| json!([]));
            return Some(reply::json(call, &json!({ "Tags": tags })));
        }
        None
    }

    async fn put(
        &self,
        backend: &Backend<'_>,
        recorders: &Recorders,
        body: &Value,
    ) -> Option<Reply> {
        let call = backend.call;
        let rule = &body["ConfigRule"];
        if !recorders.has_recorder(call) {
            let message = "Configuration recorder is not available to put config rule.";
            let code = "NoAvailableConfigurationRecorderException";
            return Some(reply::error(call, 400, code, message));
        }
        // None of a custom policy.
        let function = rule["Source"]["SourceIdentifier"].as_str();
        let function = function.unwrap_or_default();
        if rule["Source"]["Owner"] == "CUSTOM_LAMBDA"
            && !may_invoke(backend, function, "config.amazonaws.com").await
        {
            let message = "The AWS Lambda function cannot be invoked. Check the specified function ARN, and check the function's permissions.";
            let code = "InsufficientPermissionsException";
            return Some(reply::error(call, 400, code, message));
        }
        let name = rule["ConfigRuleName"].as_str()?;
        let known = rules(backend).await;
        if !known.iter().any(|known| known["ConfigRuleName"] == name) {
            let tags = body.get("Tags").cloned().unwrap_or_else(|| json!([]));
            lock(&self.0).insert(place(call, name), tags);
        }
        None
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

/// All of the account and region, with what AWS does not say of them.
pub async fn rules(backend: &Backend<'_>) -> Vec<Value> {
    let target = "StarlingDoveService.DescribeConfigRules";
    let reply = backend.json("config", target, &json!({})).await;
    let body = reply::body_json(&reply);
    body["ConfigRules"].as_array().cloned().unwrap_or_default()
}
