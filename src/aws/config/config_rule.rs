//! `AWS::Config::ConfigRule`.

use super::{sdk_tags, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, TagMap};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_config::types::{
    ConfigRule as SdkRule, CustomPolicyDetails as SdkPolicy, EventSource,
    MaximumExecutionFrequency, MessageType, Owner, Scope as SdkScope, Source as SdkSource,
    SourceDetail as SdkSourceDetail, Tag as SdkTag,
};
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `AWS::Config::ConfigRule`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-configrule.html>).
///
/// Ownership: our tags, which stand in the first `PutConfigRule`; a later one
/// does not change them, and CloudFormation has no property for others. The
/// text of a custom policy is not among what describes a rule: a call of its own
/// reads it.
/// Interruption: every call may be made again. Deletion takes minutes, in
/// which the name is taken. Errors: a function that Config may not invoke yet
/// is `Transient`; without a recorder AWS takes no rule, and that is `Invalid`.
pub(in crate::aws) struct ConfigRule;

const CUSTOM_POLICY: &str = "CUSTOM_POLICY";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ConfigRuleProperties {
    config_rule_name: String,
    #[serde(default)]
    description: String,
    /// An object; AWS keeps it as text.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    input_parameters: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximum_execution_frequency: Option<String>,
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    source: Source,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Scope {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    compliance_resource_types: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag_value: Option<String>,
}

impl Scope {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Source {
    owner: String,
    /// None of a custom policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    source_details: Vec<SourceDetail>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    custom_policy_details: Option<CustomPolicy>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CustomPolicy {
    #[serde(default)]
    enable_debug_log_delivery: bool,
    policy_runtime: String,
    policy_text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SourceDetail {
    event_source: String,
    message_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximum_execution_frequency: Option<String>,
}

fn nothing() -> Value {
    Value::Object(Map::new())
}

fn is_nothing(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

#[async_trait]
impl ResourceType for ConfigRule {
    const TYPE: &'static str = "AWS::Config::ConfigRule";
    const CREATE_ONLY: &'static [&'static str] = &["ConfigRuleName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["ConfigRuleName"]);

    type Properties = ConfigRuleProperties;

    fn normalise(&self, properties: &mut ConfigRuleProperties, _: &str) -> Result<(), String> {
        if let Value::String(text) = &properties.input_parameters {
            properties.input_parameters = serde_json::from_str(text)
                .map_err(|error| format!("InputParameters: is no JSON: {error}"))?;
        }
        if !properties.input_parameters.is_object() {
            return Err("InputParameters: must be an object".to_owned());
        }
        properties.scope.compliance_resource_types.sort();
        properties.source.source_details.sort();
        if let Some(policy) = &mut properties.source.custom_policy_details {
            // The line end of a heredoc is no part of a policy.
            policy.policy_text = policy.policy_text.trim().to_owned();
        }
        Ok(())
    }

    fn check(&self, desired: &ConfigRuleProperties) -> Result<(), String> {
        let scope = &desired.scope;
        if scope.tag_value.is_some() && scope.tag_key.is_none() {
            return Err("Scope.TagValue: needs TagKey".to_owned());
        }
        if scope.tag_key.is_some() && !scope.compliance_resource_types.is_empty() {
            return Err("Scope: holds either tags or resource types, not both".to_owned());
        }
        let source = &desired.source;
        let policy = source.owner == CUSTOM_POLICY;
        match (&source.source_identifier, &source.custom_policy_details) {
            (None, None) if policy => {
                Err("Source: CUSTOM_POLICY needs CustomPolicyDetails".to_owned())
            }
            (None, _) if !policy => Err("Source.SourceIdentifier: is missing".to_owned()),
            (_, Some(_)) if !policy => {
                Err("Source.CustomPolicyDetails: belongs to the owner CUSTOM_POLICY".to_owned())
            }
            (Some(_), _) if policy => {
                Err("Source.SourceIdentifier: CUSTOM_POLICY has none".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Looks first: `PutConfigRule` changes a rule that is there already,
    /// whosever it is.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ConfigRuleProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "config:PutConfigRule";
        let name = &desired.config_rule_name;
        if let Some(there) = describe(clients, name).await? {
            let (kind, what) = match is_leaving(&there) {
                true => (ErrorKind::Transient, "is being deleted"),
                false => (ErrorKind::AlreadyExists, "exists already"),
            };
            let message = format!("{} {what}", named(name));
            return Err(HandlerError::ours(kind, OPERATION, message));
        }
        put(clients, desired, Some(sdk_tags(&tags::for_create(cx, &[])))).await?;
        Ok(physical(name, name, []))
    }

    async fn ready(&self, _cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        match describe(clients, identifier).await? {
            Some(_) => Ok(()),
            None => {
                let message = format!("{} is not there yet", named(identifier));
                Err(HandlerError::ours(
                    ErrorKind::Transient,
                    "config:DescribeConfigRules",
                    message,
                ))
            }
        }
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&ConfigRuleProperties>,
    ) -> Outcome<Option<(Physical, ConfigRuleProperties)>> {
        let rule = describe(clients, identifier).await?;
        let Some(rule) = rule.filter(|rule| !is_leaving(rule)) else {
            return Ok(None);
        };
        require_ours(cx, clients, "config:DescribeConfigRules", &rule).await?;
        let mut properties = live(rule);
        if let Some(policy) = &mut properties.source.custom_policy_details {
            policy.policy_text = policy_text(clients, identifier).await?;
        }
        Ok(Some((physical(identifier, identifier, []), properties)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &ConfigRuleProperties,
        desired: &ConfigRuleProperties,
    ) -> Outcome<Physical> {
        if current != desired {
            put(clients, desired, None).await?;
        }
        Ok(physical(identifier, identifier, []))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "config:DeleteConfigRule";
        let Some(rule) = describe(clients, identifier).await? else {
            return Ok(());
        };
        if !is_leaving(&rule) {
            require_ours(cx, clients, OPERATION, &rule).await?;
            let deleted = clients
                .config()
                .delete_config_rule()
                .config_rule_name(identifier)
                .send()
                .await
                .during(OPERATION);
            if found(deleted)?.is_none() {
                return Ok(());
            }
        }
        let mut patience = Patience::new();
        while describe(clients, identifier).await?.is_some() {
            patience.pause(cx, OPERATION, &named(identifier)).await?;
        }
        Ok(())
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ConfigRuleProperties,
    ) -> Outcome<Found> {
        let name = &desired.config_rule_name;
        let rule = describe(clients, name).await?;
        let Some(rule) = rule.filter(|rule| !is_leaving(rule)) else {
            return Ok(Found::Absent);
        };
        let live_tags = rule_tags(clients, &rule).await?;
        Ok(tags::stranger_or(cx, &named(name), name, &live_tags))
    }
}

async fn describe(clients: &Clients, name: &str) -> Outcome<Option<SdkRule>> {
    let answer = clients
        .config()
        .describe_config_rules()
        .config_rule_names(name)
        .send()
        .await
        .during("config:DescribeConfigRules");
    let rules = found(answer)?.and_then(|answer| answer.config_rules);
    Ok(rules.and_then(|rules| rules.into_iter().next()))
}

/// Of a rule that was described just now: that it is not found is a matter of
/// moments, and whether the rule has gone the next look says.
async fn policy_text(clients: &Clients, name: &str) -> Outcome<String> {
    let answer = clients
        .config()
        .get_custom_rule_policy()
        .config_rule_name(name)
        .send()
        .await
        .during("config:GetCustomRulePolicy");
    Ok(answer.map_err(not_yet)?.policy_text.unwrap_or_default())
}

async fn rule_tags(clients: &Clients, rule: &SdkRule) -> Outcome<TagMap> {
    let arn = rule.config_rule_arn().unwrap_or_default();
    let live_tags = tags_of(clients, arn).await?;
    tags::of_what_is_there(live_tags, "config:ListTagsForResource", arn)
}

async fn require_ours(
    cx: &Context<'_>,
    clients: &Clients,
    operation: &str,
    rule: &SdkRule,
) -> Outcome<()> {
    let live_tags = rule_tags(clients, rule).await?;
    let name = rule.config_rule_name().unwrap_or_default();
    tags::require_ours(cx, operation, &named(name), &live_tags)
}

/// `DELETING`, `DELETING_RESULTS`.
fn is_leaving(rule: &SdkRule) -> bool {
    let state = rule.config_rule_state();
    state.is_some_and(|state| state.as_str().starts_with("DELETING"))
}

async fn put(
    clients: &Clients,
    desired: &ConfigRuleProperties,
    live_tags: Option<Vec<SdkTag>>,
) -> Outcome<()> {
    const OPERATION: &str = "config:PutConfigRule";
    let creates = live_tags.is_some();
    let mut call = clients
        .config()
        .put_config_rule()
        .config_rule(sdk_rule(desired)?)
        .set_tags(live_tags)
        .customize();
    if !creates {
        return call.send().await.during(OPERATION).map(drop);
    }
    let once = aws_sdk_config::config::Builder::new().retry_config(RetryConfig::disabled());
    call = call.config_override(once);
    call.send().await.creating(OPERATION).map(drop)
}

fn sdk_rule(desired: &ConfigRuleProperties) -> Outcome<SdkRule> {
    let scope = &desired.scope;
    let types = Some(scope.compliance_resource_types.clone()).filter(|types| !types.is_empty());
    let scope = SdkScope::builder()
        .set_compliance_resource_types(types)
        .set_tag_key(scope.tag_key.clone())
        .set_tag_value(scope.tag_value.clone())
        .build();
    let details = desired.source.source_details.iter().map(|detail| {
        SdkSourceDetail::builder()
            .event_source(EventSource::from(detail.event_source.as_str()))
            .message_type(MessageType::from(detail.message_type.as_str()))
            .set_maximum_execution_frequency(frequency(&detail.maximum_execution_frequency))
            .build()
    });
    let invalid = |error: aws_sdk_config::error::BuildError| {
        HandlerError::ours(
            ErrorKind::Invalid,
            "config:PutConfigRule",
            error.to_string(),
        )
    };
    let policy = desired.source.custom_policy_details.as_ref().map(|policy| {
        SdkPolicy::builder()
            .enable_debug_log_delivery(policy.enable_debug_log_delivery)
            .policy_runtime(&policy.policy_runtime)
            .policy_text(&policy.policy_text)
            .build()
    });
    let source = SdkSource::builder()
        .owner(Owner::from(desired.source.owner.as_str()))
        .set_source_identifier(desired.source.source_identifier.clone())
        .set_source_details(Some(details.collect()).filter(|list: &Vec<_>| !list.is_empty()))
        .set_custom_policy_details(policy.transpose().map_err(invalid)?)
        .build()
        .map_err(invalid)?;
    let parameters = &desired.input_parameters;
    Ok(SdkRule::builder()
        .config_rule_name(&desired.config_rule_name)
        .description(&desired.description)
        .set_input_parameters((!is_nothing(parameters)).then(|| parameters.to_string()))
        .set_maximum_execution_frequency(frequency(&desired.maximum_execution_frequency))
        .set_scope((!desired.scope.is_empty()).then_some(scope))
        .source(source)
        .build())
}

fn frequency(text: &Option<String>) -> Option<MaximumExecutionFrequency> {
    text.as_deref().map(MaximumExecutionFrequency::from)
}

fn live(rule: SdkRule) -> ConfigRuleProperties {
    let text = |value: Option<String>| value.unwrap_or_default();
    let period =
        |value: Option<MaximumExecutionFrequency>| value.map(|value| value.as_str().to_owned());
    let parameters = rule.input_parameters.filter(|text| !text.is_empty());
    let scope = rule.scope.map(|scope| Scope {
        compliance_resource_types: scope.compliance_resource_types.unwrap_or_default(),
        tag_key: scope.tag_key,
        tag_value: scope.tag_value,
    });
    let source = rule.source;
    let details = source
        .as_ref()
        .map(SdkSource::source_details)
        .unwrap_or_default();
    let details = details.iter().cloned().map(|detail| SourceDetail {
        event_source: text(detail.event_source.map(|source| source.as_str().to_owned())),
        message_type: text(detail.message_type.map(|kind| kind.as_str().to_owned())),
        maximum_execution_frequency: period(detail.maximum_execution_frequency),
    });
    let details = details.collect();
    let policy = source
        .as_ref()
        .and_then(|source| source.custom_policy_details.as_ref());
    let policy = policy.map(|policy| CustomPolicy {
        enable_debug_log_delivery: policy.enable_debug_log_delivery,
        policy_runtime: policy.policy_runtime.clone(),
        policy_text: policy.policy_text.clone(),
    });
    ConfigRuleProperties {
        config_rule_name: text(rule.config_rule_name),
        description: text(rule.description),
        input_parameters: parameters.map_or_else(nothing, Value::String),
        maximum_execution_frequency: period(rule.maximum_execution_frequency),
        scope: scope.unwrap_or_default(),
        source: Source {
            owner: text(
                source
                    .as_ref()
                    .map(|source| source.owner.as_str().to_owned()),
            ),
            source_identifier: source
                .and_then(|source| source.source_identifier)
                .filter(|identifier| !identifier.is_empty()),
            source_details: details,
            custom_policy_details: policy,
        },
    }
}

fn named(name: &str) -> String {
    format!("the Config rule {name}")
}
