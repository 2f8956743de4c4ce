//! The rules of a web ACL, as far as the pipeline has them: rule groups that
//! AWS manages, and a limit to the requests of one address. A live rule of
//! another kind reads as `Other`, which differs from whatever is wanted.

use super::incomplete;
use crate::aws::resource_type::Outcome;
use crate::engine::{ErrorKind, HandlerError};
use aws_sdk_wafv2::types as sdk;
use serde::{Deserialize, Serialize};

const OPERATION: &str = "wafv2:UpdateWebACL";

/// `{}`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Rule {
    name: String,
    pub priority: i32,
    statement: Statement,
    /// What a statement of its own does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<Action>,
    /// What becomes of a rule group's actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    override_action: Option<OverrideAction>,
    visibility_config: VisibilityConfig,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Statement {
    #[serde(rename = "ManagedRuleGroupStatement")]
    ManagedRuleGroup(ManagedRuleGroup),
    #[serde(rename = "RateBasedStatement")]
    RateBased(RateBased),
    Other(Empty),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ManagedRuleGroup {
    vendor_name: String,
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rule_action_overrides: Vec<RuleActionOverride>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RuleActionOverride {
    name: String,
    action_to_use: Action,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RateBased {
    limit: i64,
    aggregate_key_type: String,
    #[serde(default = "five_minutes")]
    evaluation_window_sec: i64,
}

fn five_minutes() -> i64 {
    300
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Action {
    Allow(Empty),
    Block(Empty),
    Count(Empty),
    Other(Empty),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum OverrideAction {
    None(Empty),
    Count(Empty),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct VisibilityConfig {
    cloud_watch_metrics_enabled: bool,
    metric_name: String,
    sampled_requests_enabled: bool,
}

pub(super) fn normalise(rules: &mut [Rule]) {
    rules.sort_by_key(|rule| rule.priority);
    for rule in rules {
        if let Statement::ManagedRuleGroup(group) = &mut rule.statement {
            let overrides = &mut group.rule_action_overrides;
            overrides.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }
}

impl Rule {
    /// Whether it is one of those that can be made.
    pub fn is_supported(&self) -> Result<(), String> {
        let other = Some(Action::Other(Empty {}));
        if self.action == other || matches!(self.statement, Statement::Other(_)) {
            return Err(format!("Rules: {} is of an unknown kind", self.name));
        }
        Ok(())
    }

    pub fn to_sdk(&self) -> Outcome<sdk::Rule> {
        sdk::Rule::builder()
            .name(&self.name)
            .priority(self.priority)
            .statement(self.statement.to_sdk()?)
            .set_action(self.action.map(Action::to_sdk))
            .set_override_action(self.override_action.map(OverrideAction::to_sdk))
            .visibility_config(self.visibility_config.to_sdk()?)
            .build()
            .map_err(|error| incomplete(OPERATION, &error))
    }

    pub fn from_sdk(live: sdk::Rule) -> Self {
        Self {
            name: live.name,
            priority: live.priority,
            statement: live
                .statement
                .map_or(Statement::Other(Empty {}), Statement::from_sdk),
            action: live.action.as_ref().map(Action::from_sdk),
            override_action: live.override_action.as_ref().map(OverrideAction::from_sdk),
            visibility_config: VisibilityConfig::from_sdk(live.visibility_config),
        }
    }
}

impl Statement {
    fn to_sdk(&self) -> Outcome<sdk::Statement> {
        let statement = sdk::Statement::builder();
        Ok(match self {
            Self::ManagedRuleGroup(group) => statement
                .managed_rule_group_statement(group.to_sdk()?)
                .build(),
            Self::RateBased(rate) => statement
                .rate_based_statement(
                    sdk::RateBasedStatement::builder()
                        .limit(rate.limit)
                        .aggregate_key_type(rate.aggregate_key_type.as_str().into())
                        .evaluation_window_sec(rate.evaluation_window_sec)
                        .build()
                        .map_err(|error| incomplete(OPERATION, &error))?,
                )
                .build(),
            Self::Other(_) => {
                let message = "a rule of an unknown kind cannot be made";
                return Err(HandlerError::ours(ErrorKind::Invalid, OPERATION, message));
            }
        })
    }

    fn from_sdk(live: sdk::Statement) -> Self {
        if let Some(group) = live.managed_rule_group_statement
            && is_whole(&group)
        {
            let overrides = group.rule_action_overrides.unwrap_or_default().into_iter();
            return Self::ManagedRuleGroup(ManagedRuleGroup {
                vendor_name: group.vendor_name,
                name: group.name,
                rule_action_overrides: overrides
                    .map(|one| RuleActionOverride {
                        name: one.name,
                        action_to_use: one
                            .action_to_use
                            .as_ref()
                            .map_or(Action::Other(Empty {}), Action::from_sdk),
                    })
                    .collect(),
            });
        }
        if let Some(rate) = live.rate_based_statement
            && rate.scope_down_statement.is_none()
            && rate.forwarded_ip_config.is_none()
            && rate.custom_keys.as_ref().is_none_or(Vec::is_empty)
        {
            let window = rate.evaluation_window_sec;
            return Self::RateBased(RateBased {
                limit: rate.limit,
                aggregate_key_type: rate.aggregate_key_type.as_str().to_owned(),
                evaluation_window_sec: if window == 0 { five_minutes() } else { window },
            });
        }
        Self::Other(Empty {})
    }
}

/// Whether nothing was taken from a group but by the overrides that a rule can
/// say: neither requests nor rules, nor a newer version.
fn is_whole(group: &sdk::ManagedRuleGroupStatement) -> bool {
    group.scope_down_statement.is_none()
        && group.version.is_none()
        && group.excluded_rules.as_ref().is_none_or(Vec::is_empty)
        && group
            .managed_rule_group_configs
            .as_ref()
            .is_none_or(Vec::is_empty)
}

impl ManagedRuleGroup {
    fn to_sdk(&self) -> Outcome<sdk::ManagedRuleGroupStatement> {
        let mut group = sdk::ManagedRuleGroupStatement::builder()
            .vendor_name(&self.vendor_name)
            .name(&self.name);
        for one in &self.rule_action_overrides {
            let built = sdk::RuleActionOverride::builder()
                .name(&one.name)
                .action_to_use(one.action_to_use.to_sdk())
                .build()
                .map_err(|error| incomplete(OPERATION, &error))?;
            group = group.rule_action_overrides(built);
        }
        group.build().map_err(|error| incomplete(OPERATION, &error))
    }
}

impl Action {
    fn to_sdk(self) -> sdk::RuleAction {
        let action = sdk::RuleAction::builder();
        match self {
            Self::Allow(_) => action.allow(sdk::AllowAction::builder().build()),
            Self::Block(_) => action.block(sdk::BlockAction::builder().build()),
            Self::Count(_) => action.count(sdk::CountAction::builder().build()),
            // Refused before; AWS refuses the empty action too.
            Self::Other(_) => action,
        }
        .build()
    }

    fn from_sdk(live: &sdk::RuleAction) -> Self {
        let which = (&live.allow, &live.block, &live.count);
        match which {
            (Some(_), _, _) => Self::Allow(Empty {}),
            (_, Some(_), _) => Self::Block(Empty {}),
            (_, _, Some(_)) => Self::Count(Empty {}),
            _ => Self::Other(Empty {}),
        }
    }

    /// What happens to a request that no rule stopped.
    pub fn to_default(self) -> sdk::DefaultAction {
        let action = sdk::DefaultAction::builder();
        match self {
            Self::Block(_) => action.block(sdk::BlockAction::builder().build()),
            _ => action.allow(sdk::AllowAction::builder().build()),
        }
        .build()
    }

    pub fn from_default(live: Option<sdk::DefaultAction>) -> Self {
        match live {
            Some(action) if action.block.is_some() => Self::Block(Empty {}),
            _ => Self::Allow(Empty {}),
        }
    }

    pub fn is_default(self) -> bool {
        matches!(self, Self::Allow(_) | Self::Block(_))
    }
}

impl OverrideAction {
    fn to_sdk(self) -> sdk::OverrideAction {
        let action = sdk::OverrideAction::builder();
        match self {
            Self::None(_) => action.none(sdk::NoneAction::builder().build()),
            Self::Count(_) => action.count(sdk::CountAction::builder().build()),
        }
        .build()
    }

    fn from_sdk(live: &sdk::OverrideAction) -> Self {
        match live.count {
            Some(_) => Self::Count(Empty {}),
            None => Self::None(Empty {}),
        }
    }
}

impl VisibilityConfig {
    pub fn to_sdk(&self) -> Outcome<sdk::VisibilityConfig> {
        sdk::VisibilityConfig::builder()
            .cloud_watch_metrics_enabled(self.cloud_watch_metrics_enabled)
            .metric_name(&self.metric_name)
            .sampled_requests_enabled(self.sampled_requests_enabled)
            .build()
            .map_err(|error| incomplete(OPERATION, &error))
    }

    pub fn from_sdk(live: Option<sdk::VisibilityConfig>) -> Self {
        let live = live.as_ref();
        Self {
            cloud_watch_metrics_enabled: live.is_some_and(|live| live.cloud_watch_metrics_enabled),
            metric_name: live.map_or_else(String::new, |live| live.metric_name.clone()),
            sampled_requests_enabled: live.is_some_and(|live| live.sampled_requests_enabled),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};

    fn rule(statement: Value, action: Value) -> Value {
        let mut rule = json!({
            "Name": "r", "Priority": 1, "Statement": statement,
            "VisibilityConfig": {
                "CloudWatchMetricsEnabled": true, "MetricName": "r", "SampledRequestsEnabled": true,
            },
        });
        rule.as_object_mut()
            .unwrap()
            .extend(action.as_object().unwrap().clone());
        rule
    }

    #[test]
    fn what_is_sent_reads_back_as_it_was_written() {
        let rules = [
            rule(
                json!({ "ManagedRuleGroupStatement": {
                    "VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet",
                    "RuleActionOverrides": [
                        { "Name": "SizeRestrictions_BODY", "ActionToUse": { "Count": {} } },
                    ],
                } }),
                json!({ "OverrideAction": { "None": {} } }),
            ),
            rule(
                json!({ "RateBasedStatement": {
                    "Limit": 2000, "AggregateKeyType": "IP", "EvaluationWindowSec": 300,
                } }),
                json!({ "Action": { "Block": {} } }),
            ),
        ];
        for written in rules {
            let rule: Rule = serde_json::from_value(written.clone()).unwrap();
            let read = Rule::from_sdk(rule.to_sdk().unwrap());
            assert_eq!(serde_json::to_value(read).unwrap(), written);
        }
    }

    #[test]
    fn a_live_rule_of_another_kind_differs_from_all_that_can_be_wanted() {
        let geo = sdk::Statement::builder()
            .geo_match_statement(sdk::GeoMatchStatement::builder().build())
            .build();
        assert_eq!(Statement::from_sdk(geo), Statement::Other(Empty {}));
        let wanted: Rule = serde_json::from_value(rule(
            json!({ "Other": {} }),
            json!({ "Action": { "Block": {} } }),
        ))
        .unwrap();
        assert!(wanted.is_supported().is_err());
    }

    #[test]
    fn a_group_of_which_something_was_taken_is_not_the_group_that_was_wanted() {
        let group = || {
            sdk::ManagedRuleGroupStatement::builder()
                .vendor_name("AWS")
                .name("AWSManagedRulesCommonRuleSet")
        };
        let excluded = sdk::ExcludedRule::builder().name("GenericLFI_BODY");
        let changed = [
            group().version("Version_1.0").build(),
            group().excluded_rules(excluded.build().unwrap()).build(),
        ];
        let read = |group| {
            let statement = sdk::Statement::builder();
            Statement::from_sdk(statement.managed_rule_group_statement(group).build())
        };
        for group in changed {
            assert_eq!(read(group.unwrap()), Statement::Other(Empty {}));
        }
        let whole = read(group().build().unwrap());
        assert!(matches!(whole, Statement::ManagedRuleGroup(_)), "{whole:?}");
    }
}
