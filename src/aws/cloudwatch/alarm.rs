//! `AWS::CloudWatch::Alarm`.

use super::{change_tags, sdk_tags, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension as SdkDimension, MetricAlarm, StandardUnit, Statistic,
};
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

/// `AWS::CloudWatch::Alarm`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html>)
/// on one metric.
///
/// Ownership: our tags, which stand in the first `PutMetricAlarm`; later ones
/// ignore tags. Interruption: every call may be made again.
pub(in crate::aws) struct Alarm;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct AlarmProperties {
    alarm_name: String,
    #[serde(default)]
    alarm_description: String,
    #[serde(default = "yes")]
    actions_enabled: bool,
    #[serde(default)]
    alarm_actions: Vec<String>,
    #[serde(default, rename = "OKActions")]
    ok_actions: Vec<String>,
    #[serde(default)]
    insufficient_data_actions: Vec<String>,
    namespace: String,
    metric_name: String,
    /// Sorted by name.
    #[serde(default)]
    dimensions: Vec<Dimension>,
    statistic: String,
    period: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    evaluation_periods: i32,
    /// All of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    datapoints_to_alarm: Option<i32>,
    threshold: f64,
    comparison_operator: String,
    #[serde(default = "missing")]
    treat_missing_data: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

fn yes() -> bool {
    true
}

fn missing() -> String {
    "missing".to_owned()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Dimension {
    name: String,
    value: String,
}

#[async_trait]
impl ResourceType for Alarm {
    const TYPE: &'static str = "AWS::CloudWatch::Alarm";
    const CREATE_ONLY: &'static [&'static str] = &["AlarmName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["AlarmName"]);
    const REPLACEMENT: Replacement = Replacement::CreateFirst;

    type Properties = AlarmProperties;

    fn normalise(&self, properties: &mut AlarmProperties, _: &str) -> Result<(), String> {
        properties.dimensions.sort_by(|a, b| a.name.cmp(&b.name));
        for actions in [
            &mut properties.alarm_actions,
            &mut properties.ok_actions,
            &mut properties.insufficient_data_actions,
        ] {
            actions.sort();
            actions.dedup();
        }
        tags::normalise(&mut properties.tags)
    }

    /// Looks first: `PutMetricAlarm` changes an alarm that is there already.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &AlarmProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "cloudwatch:PutMetricAlarm";
        let name = &desired.alarm_name;
        if describe(clients, name).await?.is_some() {
            let message = format!("{} exists already", named(name));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        let once = aws_sdk_cloudwatch::config::Builder::new().retry_config(RetryConfig::disabled());
        put(clients, desired)
            .set_tags(Some(sdk_tags(&tags::for_create(cx, &desired.tags))))
            .customize()
            .config_override(once)
            .send()
            .await
            .creating(OPERATION)?;
        as_physical(clients, name)
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&AlarmProperties>,
    ) -> Outcome<Option<(Physical, AlarmProperties)>> {
        let arn = arn_of(clients, identifier)?;
        let (alarm, live_tags) =
            tokio::try_join!(describe(clients, identifier), tags_of(clients, &arn))?;
        let (Some(alarm), Some(live_tags)) = (alarm, live_tags) else {
            return Ok(None);
        };
        tags::require_ours(
            cx,
            "cloudwatch:ListTagsForResource",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let mut live = live_properties(identifier, alarm);
        live.tags = tags::visible(&live_tags, applied_tags, clients.ignore_tags());
        Ok(Some((as_physical(clients, identifier)?, live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &AlarmProperties,
        desired: &AlarmProperties,
    ) -> Outcome<Physical> {
        let untagged = |properties: &AlarmProperties| AlarmProperties {
            tags: Vec::new(),
            ..properties.clone()
        };
        if untagged(current) != untagged(desired) {
            put(clients, desired)
                .send()
                .await
                .during("cloudwatch:PutMetricAlarm")?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, &arn_of(clients, identifier)?, change).await?;
        as_physical(clients, identifier)
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "cloudwatch:DeleteAlarms";
        let arn = arn_of(clients, identifier)?;
        let Some(live_tags) = tags_of(clients, &arn).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .cloudwatch()
            .delete_alarms()
            .alarm_names(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &AlarmProperties,
    ) -> Outcome<Found> {
        let name = &desired.alarm_name;
        // CloudWatch may answer no tags for an alarm that is not there.
        if describe(clients, name).await?.is_none() {
            return Ok(Found::Absent);
        }
        Ok(match tags_of(clients, &arn_of(clients, name)?).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(name), name, &live_tags),
            None => Found::Absent,
        })
    }
}

/// All of it: what a `PutMetricAlarm` leaves out is emptied.
fn put(clients: &Clients, alarm: &AlarmProperties) -> PutMetricAlarmFluentBuilder {
    let dimensions = alarm.dimensions.iter().map(|dimension| {
        SdkDimension::builder()
            .name(&dimension.name)
            .value(&dimension.value)
            .build()
    });
    let described = Some(&alarm.alarm_description).filter(|text| !text.is_empty());
    clients
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(&alarm.alarm_name)
        .set_alarm_description(described.cloned())
        .actions_enabled(alarm.actions_enabled)
        .set_alarm_actions(Some(alarm.alarm_actions.clone()))
        .set_ok_actions(Some(alarm.ok_actions.clone()))
        .set_insufficient_data_actions(Some(alarm.insufficient_data_actions.clone()))
        .namespace(&alarm.namespace)
        .metric_name(&alarm.metric_name)
        .set_dimensions(Some(dimensions.collect()))
        .statistic(Statistic::from(alarm.statistic.as_str()))
        .period(alarm.period)
        .set_unit(alarm.unit.as_deref().map(StandardUnit::from))
        .evaluation_periods(alarm.evaluation_periods)
        .set_datapoints_to_alarm(alarm.datapoints_to_alarm)
        .threshold(alarm.threshold)
        .comparison_operator(ComparisonOperator::from(alarm.comparison_operator.as_str()))
        .treat_missing_data(&alarm.treat_missing_data)
}

/// Everything but the tags.
fn live_properties(name: &str, alarm: MetricAlarm) -> AlarmProperties {
    let dimensions = alarm.dimensions.unwrap_or_default().into_iter();
    let dimensions = dimensions.filter_map(|dimension| {
        Some(Dimension {
            name: dimension.name?,
            value: dimension.value?,
        })
    });
    let statistic = alarm.statistic.as_ref().map(Statistic::as_str);
    let operator = alarm.comparison_operator.as_ref();
    AlarmProperties {
        alarm_name: name.to_owned(),
        alarm_description: alarm.alarm_description.unwrap_or_default(),
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        alarm_actions: alarm.alarm_actions.unwrap_or_default(),
        ok_actions: alarm.ok_actions.unwrap_or_default(),
        insufficient_data_actions: alarm.insufficient_data_actions.unwrap_or_default(),
        namespace: alarm.namespace.unwrap_or_default(),
        metric_name: alarm.metric_name.unwrap_or_default(),
        dimensions: dimensions.collect(),
        statistic: statistic.unwrap_or_default().to_owned(),
        period: alarm.period.unwrap_or_default(),
        unit: alarm.unit.map(|unit| unit.as_str().to_owned()),
        evaluation_periods: alarm.evaluation_periods.unwrap_or_default(),
        datapoints_to_alarm: alarm.datapoints_to_alarm,
        threshold: alarm.threshold.unwrap_or_default(),
        comparison_operator: operator
            .map_or_else(String::new, |operator| operator.as_str().to_owned()),
        treat_missing_data: alarm.treat_missing_data.unwrap_or_else(missing),
        tags: Vec::new(),
    }
}

async fn describe(clients: &Clients, name: &str) -> Outcome<Option<MetricAlarm>> {
    let answer = clients
        .cloudwatch()
        .describe_alarms()
        .alarm_names(name)
        .alarm_types(AlarmType::MetricAlarm)
        .send()
        .await
        .during("cloudwatch:DescribeAlarms")?;
    Ok(answer.metric_alarms.unwrap_or_default().into_iter().next())
}

fn arn_of(clients: &Clients, name: &str) -> Outcome<String> {
    Ok(format!(
        "arn:{}:cloudwatch:{}:{}:alarm:{name}",
        clients.partition(),
        clients.region(),
        clients.account_id()?,
    ))
}

fn named(name: &str) -> String {
    format!("the alarm {name}")
}

fn as_physical(clients: &Clients, name: &str) -> Outcome<Physical> {
    Ok(physical(name, name, [("Arn", arn_of(clients, name)?)]))
}
