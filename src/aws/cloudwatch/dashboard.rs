//! `AWS::CloudWatch::Dashboard`.

use super::{change_tags, sdk_tags, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_cloudwatch::operation::put_dashboard::builders::PutDashboardFluentBuilder;
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AWS::CloudWatch::Dashboard`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-dashboard.html>).
///
/// Ownership: our tags, which stand in the first `PutDashboard`; later ones
/// ignore tags. Interruption: every call may be made again. Errors: where
/// CloudWatch finds only warnings in a body, it has put it, and so have we.
pub(in crate::aws) struct Dashboard;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct DashboardProperties {
    dashboard_name: String,
    /// JSON as text, compared as a value.
    dashboard_body: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[async_trait]
impl ResourceType for Dashboard {
    const TYPE: &'static str = "AWS::CloudWatch::Dashboard";
    const CREATE_ONLY: &'static [&'static str] = &["DashboardName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["DashboardName"]);

    type Properties = DashboardProperties;

    fn normalise(&self, properties: &mut DashboardProperties, _: &str) -> Result<(), String> {
        let body: Value = serde_json::from_str(&properties.dashboard_body)
            .map_err(|error| format!("DashboardBody: is no JSON: {error}"))?;
        properties.dashboard_body = body.to_string();
        tags::normalise(&mut properties.tags)
    }

    /// Looks first: `PutDashboard` changes a dashboard that is there already.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &DashboardProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "cloudwatch:PutDashboard";
        let name = &desired.dashboard_name;
        if body_of(clients, name).await?.is_some() {
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
        Ok(as_physical(name))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&DashboardProperties>,
    ) -> Outcome<Option<(Physical, DashboardProperties)>> {
        let arn = arn_of(clients, identifier)?;
        let (body, live_tags) =
            tokio::try_join!(body_of(clients, identifier), tags_of(clients, &arn))?;
        let (Some(dashboard_body), Some(live_tags)) = (body, live_tags) else {
            return Ok(None);
        };
        tags::require_ours(
            cx,
            "cloudwatch:ListTagsForResource",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let live = DashboardProperties {
            dashboard_name: identifier.to_owned(),
            dashboard_body,
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &DashboardProperties,
        desired: &DashboardProperties,
    ) -> Outcome<Physical> {
        if current.dashboard_body != desired.dashboard_body {
            put(clients, desired)
                .send()
                .await
                .during("cloudwatch:PutDashboard")?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, &arn_of(clients, identifier)?, change).await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "cloudwatch:DeleteDashboards";
        let Some(live_tags) = tags_of(clients, &arn_of(clients, identifier)?).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .cloudwatch()
            .delete_dashboards()
            .dashboard_names(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &DashboardProperties,
    ) -> Outcome<Found> {
        let name = &desired.dashboard_name;
        // CloudWatch may answer no tags for a dashboard that is not there.
        if body_of(clients, name).await?.is_none() {
            return Ok(Found::Absent);
        }
        Ok(match tags_of(clients, &arn_of(clients, name)?).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(name), name, &live_tags),
            None => Found::Absent,
        })
    }
}

fn put(clients: &Clients, dashboard: &DashboardProperties) -> PutDashboardFluentBuilder {
    clients
        .cloudwatch()
        .put_dashboard()
        .dashboard_name(&dashboard.dashboard_name)
        .dashboard_body(&dashboard.dashboard_body)
}

async fn body_of(clients: &Clients, name: &str) -> Outcome<Option<String>> {
    let answer = clients
        .cloudwatch()
        .get_dashboard()
        .dashboard_name(name)
        .send()
        .await
        .during("cloudwatch:GetDashboard");
    Ok(found(answer)?.and_then(|answer| answer.dashboard_body))
}

/// Dashboards have no region
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html>).
fn arn_of(clients: &Clients, name: &str) -> Outcome<String> {
    Ok(format!(
        "arn:{}:cloudwatch::{}:dashboard/{name}",
        clients.partition(),
        clients.account_id()?,
    ))
}

fn named(name: &str) -> String {
    format!("the dashboard {name}")
}

fn as_physical(name: &str) -> Physical {
    physical(name, name, [])
}
