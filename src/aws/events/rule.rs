//! `AWS::Events::Rule`.

use super::properties::{DEFAULT_BUS, RuleProperties};
use super::targets;
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, TagChange, TagMap};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::operation::put_rule::builders::PutRuleFluentBuilder;
use aws_sdk_eventbridge::types::{RuleState, Tag as SdkTag};
use aws_smithy_types::retry::RetryConfig;
use serde_json::Value;

/// `AWS::Events::Rule`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html>).
///
/// Ownership: our tags, which stand in the first `PutRule`; later ones ignore
/// tags. Interruption: a rule without its targets is found by its tags and
/// completed; every call may be made again. Errors: a target that EventBridge
/// refuses is an error with that target's code, though the call succeeds.
pub(in crate::aws) struct Rule;

#[async_trait]
impl ResourceType for Rule {
    const TYPE: &'static str = "AWS::Events::Rule";
    const CREATE_ONLY: &'static [&'static str] = &["Name", "EventBusName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["Name", "EventBusName"]);
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;

    type Properties = RuleProperties;

    fn normalise(&self, properties: &mut RuleProperties, _: &str) -> Result<(), String> {
        let targets = &mut properties.targets;
        targets.sort_by(|a, b| a.id.cmp(&b.id));
        for pair in targets.windows(2) {
            if let [a, b] = pair
                && a.id == b.id
            {
                return Err(format!("Targets: the id {:?} stands there twice", a.id));
            }
        }
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &RuleProperties) -> Result<(), String> {
        if desired.event_pattern.is_none() && desired.schedule_expression.is_none() {
            return Err("EventPattern: a rule needs it, or a ScheduleExpression".to_owned());
        }
        if !RuleState::values().contains(&desired.state.as_str()) {
            return Err(format!(
                "State: {:?} is none of {:?}",
                desired.state,
                RuleState::values()
            ));
        }
        Ok(())
    }

    /// Looks first: `PutRule` changes a rule that is there already.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RuleProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "events:PutRule";
        if describe(clients, &desired.name, &desired.event_bus_name)
            .await?
            .is_some()
        {
            let message = format!("the rule {} exists already", desired.name);
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        let once =
            aws_sdk_eventbridge::config::Builder::new().retry_config(RetryConfig::disabled());
        put(clients, desired)
            .set_tags(Some(sdk_tags(&tags::for_create(cx, &desired.tags))?))
            .customize()
            .config_override(once)
            .send()
            .await
            .creating(OPERATION)?;
        let arn = arn_of(clients, desired)?;
        Ok(as_physical(&arn))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        _identifier: &str,
        desired: &RuleProperties,
    ) -> Outcome<()> {
        targets::put(clients, desired, &desired.targets).await
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&RuleProperties>,
    ) -> Outcome<Option<(Physical, RuleProperties)>> {
        let (bus, name) = bus_and_name(identifier);
        let Some(rule) = describe(clients, name, bus).await? else {
            return Ok(None);
        };
        let (targets, live_tags) = tokio::try_join!(
            async { found(targets::list(clients, name, bus).await) },
            tags_of(clients, identifier),
        )?;
        let (Some(targets), Some(live_tags)) = (targets, live_tags) else {
            return Ok(None);
        };
        tags::require_ours(
            cx,
            "events:ListTagsForResource",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let live = RuleProperties {
            name: name.to_owned(),
            description: rule.description.unwrap_or_default(),
            event_bus_name: bus.to_owned(),
            event_pattern: pattern(identifier, rule.event_pattern)?,
            schedule_expression: rule.schedule_expression.filter(|text| !text.is_empty()),
            state: rule.state.unwrap_or(RuleState::Enabled).as_str().to_owned(),
            targets,
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(identifier), live)))
    }

    /// New targets come before old ones go, so that no event is lost.
    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &RuleProperties,
        desired: &RuleProperties,
    ) -> Outcome<Physical> {
        let changed = current.description != desired.description
            || current.event_pattern != desired.event_pattern
            || current.schedule_expression != desired.schedule_expression
            || current.state != desired.state;
        if changed {
            put(clients, desired)
                .send()
                .await
                .during("events:PutRule")?;
        }
        let (new, gone) = difference(current, desired);
        targets::put(clients, desired, &new).await?;
        targets::remove(clients, &desired.name, &desired.event_bus_name, gone).await?;
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, identifier, change).await?;
        Ok(as_physical(identifier))
    }

    /// A rule with targets cannot be deleted.
    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "events:DeleteRule";
        let (bus, name) = bus_and_name(identifier);
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let Some(targets) = found(targets::list(clients, name, bus).await)? else {
            return Ok(());
        };
        let ids = targets.into_iter().map(|target| target.id).collect();
        found(targets::remove(clients, name, bus, ids).await)?;
        let deleted = clients
            .events()
            .delete_rule()
            .name(name)
            .event_bus_name(bus)
            .send()
            .await
            .during(OPERATION);
        found(deleted)?;
        let mut patience = Patience::new();
        while describe(clients, name, bus).await?.is_some() {
            patience.pause(cx, OPERATION, &named(identifier)).await?;
        }
        Ok(())
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RuleProperties,
    ) -> Outcome<Found> {
        let arn = arn_of(clients, desired)?;
        Ok(match tags_of(clients, &arn).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(&arn), &arn, &live_tags),
            None => Found::Absent,
        })
    }
}

/// All of it: what a `PutRule` leaves out is emptied.
fn put(clients: &Clients, rule: &RuleProperties) -> PutRuleFluentBuilder {
    let described = Some(&rule.description).filter(|text| !text.is_empty());
    clients
        .events()
        .put_rule()
        .name(&rule.name)
        .event_bus_name(&rule.event_bus_name)
        .set_description(described.cloned())
        .set_event_pattern(rule.event_pattern.as_ref().map(Value::to_string))
        .set_schedule_expression(rule.schedule_expression.clone())
        .state(RuleState::from(rule.state.as_str()))
}

async fn describe(clients: &Clients, name: &str, bus: &str) -> Outcome<Option<DescribeRuleOutput>> {
    let answer = clients
        .events()
        .describe_rule()
        .name(name)
        .event_bus_name(bus)
        .send()
        .await
        .during("events:DescribeRule");
    found(answer)
}

/// The tags of a rule; `None` when there is none of that ARN.
async fn tags_of(clients: &Clients, arn: &str) -> Outcome<Option<TagMap>> {
    let answer = clients
        .events()
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .during("events:ListTagsForResource");
    Ok(found(answer)?.map(|answer| {
        let tags = answer.tags.unwrap_or_default().into_iter();
        tags.map(|tag| (tag.key, tag.value)).collect()
    }))
}

async fn change_tags(clients: &Clients, arn: &str, change: TagChange) -> Outcome<()> {
    if !change.set.is_empty() {
        clients
            .events()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(sdk_tags(&change.set)?))
            .send()
            .await
            .during("events:TagResource")?;
    }
    if !change.remove.is_empty() {
        clients
            .events()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("events:UntagResource")?;
    }
    Ok(())
}

/// Targets to put, and the ids of those to remove.
fn difference(
    current: &RuleProperties,
    desired: &RuleProperties,
) -> (Vec<super::properties::Target>, Vec<String>) {
    let new = desired.targets.iter();
    let new = new.filter(|target| !current.targets.contains(target));
    let stays = |id: &String| desired.targets.iter().any(|target| target.id == *id);
    let gone = current.targets.iter().map(|target| target.id.clone());
    (
        new.cloned().collect(),
        gone.filter(|id| !stays(id)).collect(),
    )
}

fn pattern(arn: &str, text: Option<String>) -> Outcome<Option<Value>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        let message = format!("the pattern of {} is no JSON: {error}", named(arn));
        HandlerError::ours(ErrorKind::Other, "events:DescribeRule", message)
    })
}

/// A rule of the default bus has no bus in its ARN
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html>).
fn arn_of(clients: &Clients, rule: &RuleProperties) -> Outcome<String> {
    let place = match rule.event_bus_name.as_str() {
        DEFAULT_BUS => rule.name.clone(),
        bus => format!("{bus}/{}", rule.name),
    };
    Ok(format!(
        "arn:{}:events:{}:{}:rule/{place}",
        clients.partition(),
        clients.region(),
        clients.account_id()?,
    ))
}

fn bus_and_name(arn: &str) -> (&str, &str) {
    let place = arn.split_once(":rule/").map_or(arn, |(_, place)| place);
    place.split_once('/').unwrap_or((DEFAULT_BUS, place))
}

fn named(arn: &str) -> String {
    format!("the rule {arn}")
}

/// `Ref` is the name, with the bus before it where that is not the default.
fn as_physical(arn: &str) -> Physical {
    let (bus, name) = bus_and_name(arn);
    let reference = match bus {
        DEFAULT_BUS => name.to_owned(),
        bus => format!("{bus}|{name}"),
    };
    physical(arn, &reference, [("Arn", arn.to_owned())])
}

fn sdk_tags(tags: &TagMap) -> Outcome<Vec<SdkTag>> {
    tags.iter()
        .map(|(key, value)| {
            let tag = SdkTag::builder().key(key).value(value).build();
            tag.map_err(|error| {
                HandlerError::ours(ErrorKind::Invalid, "events:TagResource", error.to_string())
            })
        })
        .collect()
}
