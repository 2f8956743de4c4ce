//! `AWS::Logs::MetricFilter`.

use super::{named, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{
    MetricFilter as SdkMetricFilter, MetricTransformation as SdkTransformation, StandardUnit,
};
use serde::{Deserialize, Serialize};

/// `AWS::Logs::MetricFilter`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-metricfilter.html>).
/// The identifier is the group's name and the filter's.
///
/// Ownership: our tags on the log group. Interruption: each method is one
/// call that changes something, and can be made again. Errors: a group that
/// was only just made is `Transient`.
pub(in crate::aws) struct MetricFilter;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct MetricFilterProperties {
    filter_name: String,
    log_group_name: String,
    filter_pattern: String,
    metric_transformations: Vec<Transformation>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Transformation {
    metric_name: String,
    metric_namespace: String,
    metric_value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_value: Option<f64>,
    #[serde(default = "no_unit")]
    unit: String,
}

fn no_unit() -> String {
    StandardUnit::None.as_str().to_owned()
}

impl MetricFilterProperties {
    fn identifier(&self) -> String {
        format!("{}|{}", self.log_group_name, self.filter_name)
    }
}

#[async_trait]
impl ResourceType for MetricFilter {
    const TYPE: &'static str = "AWS::Logs::MetricFilter";
    const CREATE_ONLY: &'static [&'static str] = &["FilterName", "LogGroupName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["FilterName", "LogGroupName"]);
    const REPLACEMENT: Replacement = Replacement::CreateFirst;

    type Properties = MetricFilterProperties;

    fn normalise(&self, properties: &mut MetricFilterProperties, _: &str) -> Result<(), String> {
        match properties.metric_transformations.len() {
            1 => Ok(()),
            _ => Err("MetricTransformations: must hold exactly one".to_owned()),
        }
    }

    /// Looks first: `PutMetricFilter` changes a filter that is there already.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &MetricFilterProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "logs:PutMetricFilter";
        let group = &desired.log_group_name;
        let Some(live_tags) = tags_of(clients, group).await? else {
            let message = format!("{} is not there yet", named(group));
            return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
        };
        tags::require_ours(cx, OPERATION, &named(group), &live_tags)?;
        if describe(clients, group, &desired.filter_name)
            .await?
            .is_some()
        {
            let message = format!(
                "the metric filter {} of {group} exists already",
                desired.filter_name
            );
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        put(clients, desired).await.map_err(not_yet)?;
        Ok(as_physical(&desired.identifier()))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&MetricFilterProperties>,
    ) -> Outcome<Option<(Physical, MetricFilterProperties)>> {
        let (group, name) = group_and_name(identifier);
        let filter = describe(clients, group, name).await?;
        Ok(filter.map(|filter| {
            let transformations = filter.metric_transformations.unwrap_or_default();
            let live = MetricFilterProperties {
                filter_name: name.to_owned(),
                log_group_name: group.to_owned(),
                filter_pattern: filter.filter_pattern.unwrap_or_default(),
                metric_transformations: transformations.into_iter().map(from_sdk).collect(),
            };
            (as_physical(identifier), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &MetricFilterProperties,
        desired: &MetricFilterProperties,
    ) -> Outcome<Physical> {
        if current != desired {
            put(clients, desired).await?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "logs:DeleteMetricFilter";
        let (group, name) = group_and_name(identifier);
        let Some(live_tags) = tags_of(clients, group).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(group), &live_tags)?;
        let deleted = clients
            .logs()
            .delete_metric_filter()
            .log_group_name(group)
            .filter_name(name)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &MetricFilterProperties,
    ) -> Outcome<Found> {
        let group = &desired.log_group_name;
        if describe(clients, group, &desired.filter_name)
            .await?
            .is_none()
        {
            return Ok(Found::Absent);
        }
        let Some(live_tags) = tags_of(clients, group).await? else {
            return Ok(Found::Absent);
        };
        Ok(match tags::ownership(cx, &live_tags) {
            // The tags are the group's: its logical id is never the filter's.
            Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![desired.identifier()]),
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} exists and {why}", named(group)))
            }
        })
    }
}

async fn put(clients: &Clients, filter: &MetricFilterProperties) -> Outcome<()> {
    const OPERATION: &str = "logs:PutMetricFilter";
    let transformations: Result<Vec<_>, _> =
        filter.metric_transformations.iter().map(to_sdk).collect();
    let transformations = transformations
        .map_err(|error| HandlerError::ours(ErrorKind::Invalid, OPERATION, error.to_string()))?;
    clients
        .logs()
        .put_metric_filter()
        .log_group_name(&filter.log_group_name)
        .filter_name(&filter.filter_name)
        .filter_pattern(&filter.filter_pattern)
        .set_metric_transformations(Some(transformations))
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}

fn to_sdk(
    transformation: &Transformation,
) -> Result<SdkTransformation, aws_smithy_types::error::operation::BuildError> {
    SdkTransformation::builder()
        .metric_name(&transformation.metric_name)
        .metric_namespace(&transformation.metric_namespace)
        .metric_value(&transformation.metric_value)
        .set_default_value(transformation.default_value)
        .unit(StandardUnit::from(transformation.unit.as_str()))
        .build()
}

fn from_sdk(transformation: SdkTransformation) -> Transformation {
    let unit = transformation.unit.as_ref();
    Transformation {
        unit: unit.map_or_else(no_unit, |unit| unit.as_str().to_owned()),
        metric_name: transformation.metric_name,
        metric_namespace: transformation.metric_namespace,
        metric_value: transformation.metric_value,
        default_value: transformation.default_value,
    }
}

/// The filter of exactly this name; `None` also when there is no such group.
async fn describe(clients: &Clients, group: &str, name: &str) -> Outcome<Option<SdkMetricFilter>> {
    let answer = clients
        .logs()
        .describe_metric_filters()
        .log_group_name(group)
        .filter_name_prefix(name)
        .send()
        .await
        .during("logs:DescribeMetricFilters");
    let filters = found(answer)?.and_then(|answer| answer.metric_filters);
    let mut filters = filters.unwrap_or_default().into_iter();
    Ok(filters.find(|filter| filter.filter_name.as_deref() == Some(name)))
}

fn group_and_name(identifier: &str) -> (&str, &str) {
    identifier.rsplit_once('|').unwrap_or((identifier, ""))
}

fn as_physical(identifier: &str) -> Physical {
    let (_, name) = group_and_name(identifier);
    physical(identifier, name, [])
}
