//! `AWS::Logs::LogGroup`.

use super::{group_arn, named, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::aws::waiting::Patience;
use crate::engine::{Context, Found, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{LogGroup as SdkLogGroup, LogGroupClass};
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

/// `AWS::Logs::LogGroup`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html>).
///
/// Ownership: our tags, which stand in `CreateLogGroup` itself, as does the
/// key: the very first line of a log is encrypted. Interruption: a group that
/// was made without its retention is found by its tags, and every other call
/// may be made again. Errors: Logs learns of a new key's policy with a delay
/// and refuses the key until then, which is `Transient`.
pub(in crate::aws) struct LogGroup;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct LogGroupProperties {
    log_group_name: String,
    #[serde(default = "standard")]
    log_group_class: String,
    /// The ARN of a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    /// For ever when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<i32>,
    #[serde(default)]
    tags: Vec<Tag>,
}

fn standard() -> String {
    LogGroupClass::Standard.as_str().to_owned()
}

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
const PERIODS: [i32; 23] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653, 3654,
];

#[async_trait]
impl ResourceType for LogGroup {
    const TYPE: &'static str = "AWS::Logs::LogGroup";
    const CREATE_ONLY: &'static [&'static str] = &["LogGroupName", "LogGroupClass"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["LogGroupName"]);
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const HOLDS_DATA: bool = true;

    type Properties = LogGroupProperties;

    fn normalise(&self, properties: &mut LogGroupProperties, _: &str) -> Result<(), String> {
        properties.kms_key_id.take_if(|key| key.is_empty());
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &LogGroupProperties) -> Result<(), String> {
        match desired.retention_in_days {
            Some(days) if !PERIODS.contains(&days) => Err(format!(
                "RetentionInDays: {days} is none of the periods that Logs takes ({PERIODS:?})"
            )),
            _ => Ok(()),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &LogGroupProperties,
    ) -> Outcome<Physical> {
        let once =
            aws_sdk_cloudwatchlogs::config::Builder::new().retry_config(RetryConfig::disabled());
        let live_tags = tags::for_create(cx, &desired.tags).into_iter().collect();
        clients
            .logs()
            .create_log_group()
            .log_group_name(&desired.log_group_name)
            .log_group_class(LogGroupClass::from(desired.log_group_class.as_str()))
            .set_kms_key_id(desired.kms_key_id.clone())
            .set_tags(Some(live_tags))
            .customize()
            .config_override(once)
            .send()
            .await
            .creating("logs:CreateLogGroup")?;
        as_physical(clients, &desired.log_group_name)
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &LogGroupProperties,
    ) -> Outcome<()> {
        match desired.retention_in_days {
            Some(days) => put_retention(clients, identifier, days).await,
            None => Ok(()),
        }
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&LogGroupProperties>,
    ) -> Outcome<Option<(Physical, LogGroupProperties)>> {
        let (group, live_tags) =
            tokio::try_join!(describe(clients, identifier), tags_of(clients, identifier))?;
        let (Some(group), Some(live_tags)) = (group, live_tags) else {
            return Ok(None);
        };
        tags::require_ours(
            cx,
            "logs:ListTagsForResource",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let class = group.log_group_class.as_ref();
        let live = LogGroupProperties {
            log_group_name: identifier.to_owned(),
            log_group_class: class.map_or_else(standard, |class| class.as_str().to_owned()),
            kms_key_id: group.kms_key_id,
            retention_in_days: group.retention_in_days,
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(clients, identifier)?, live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &LogGroupProperties,
        desired: &LogGroupProperties,
    ) -> Outcome<Physical> {
        if current.kms_key_id != desired.kms_key_id {
            put_key(clients, identifier, desired.kms_key_id.as_deref()).await?;
        }
        if current.retention_in_days != desired.retention_in_days {
            match desired.retention_in_days {
                Some(days) => put_retention(clients, identifier, days).await?,
                None => delete_retention(clients, identifier).await?,
            }
        }
        change_tags(
            clients,
            identifier,
            TagChange::of(clients, &current.tags, &desired.tags),
        )
        .await?;
        as_physical(clients, identifier)
    }

    /// With all that is in it.
    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "logs:DeleteLogGroup";
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .logs()
            .delete_log_group()
            .log_group_name(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted)?;
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
        desired: &LogGroupProperties,
    ) -> Outcome<Found> {
        let name = &desired.log_group_name;
        Ok(match tags_of(clients, name).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(name), name, &live_tags),
            None => Found::Absent,
        })
    }
}

/// The group of exactly this name: Logs only looks for beginnings, and lists
/// what it finds by name, so that the shortest comes first.
async fn describe(clients: &Clients, name: &str) -> Outcome<Option<SdkLogGroup>> {
    let answer = clients
        .logs()
        .describe_log_groups()
        .log_group_name_prefix(name)
        .send()
        .await
        .during("logs:DescribeLogGroups")?;
    let mut groups = answer.log_groups.unwrap_or_default().into_iter();
    Ok(groups.find(|group| group.log_group_name.as_deref() == Some(name)))
}

async fn put_retention(clients: &Clients, name: &str, days: i32) -> Outcome<()> {
    clients
        .logs()
        .put_retention_policy()
        .log_group_name(name)
        .retention_in_days(days)
        .send()
        .await
        .during("logs:PutRetentionPolicy")
        .map(drop)
}

async fn delete_retention(clients: &Clients, name: &str) -> Outcome<()> {
    clients
        .logs()
        .delete_retention_policy()
        .log_group_name(name)
        .send()
        .await
        .during("logs:DeleteRetentionPolicy")
        .map(drop)
}

/// What was written under the old key stays under it.
async fn put_key(clients: &Clients, name: &str, key: Option<&str>) -> Outcome<()> {
    match key {
        Some(key) => clients
            .logs()
            .associate_kms_key()
            .log_group_name(name)
            .kms_key_id(key)
            .send()
            .await
            .during("logs:AssociateKmsKey")
            .map(drop),
        None => clients
            .logs()
            .disassociate_kms_key()
            .log_group_name(name)
            .send()
            .await
            .during("logs:DisassociateKmsKey")
            .map(drop),
    }
}

async fn change_tags(clients: &Clients, name: &str, change: TagChange) -> Outcome<()> {
    let arn = group_arn(clients, name)?;
    if !change.set.is_empty() {
        clients
            .logs()
            .tag_resource()
            .resource_arn(&arn)
            .set_tags(Some(change.set.into_iter().collect()))
            .send()
            .await
            .during("logs:TagResource")?;
    }
    if !change.remove.is_empty() {
        clients
            .logs()
            .untag_resource()
            .resource_arn(&arn)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("logs:UntagResource")?;
    }
    Ok(())
}

fn as_physical(clients: &Clients, name: &str) -> Outcome<Physical> {
    let arn = format!("{}:*", group_arn(clients, name)?);
    Ok(physical(name, name, [("Arn", arn)]))
}
