//! `AWS::Config::ConfigurationRecorder`.

use super::delivery_channel;
use super::recorder_properties::RecorderProperties;
use super::{sdk_tags, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, TagMap};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_config::types::ConfigurationRecorder as SdkRecorder;
use aws_smithy_types::retry::RetryConfig;

/// `AWS::Config::ConfigurationRecorder`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-configurationrecorder.html>).
///
/// An account and region have one that is the customer's, and whoever has one
/// keeps it: another's is a stranger, whatever its name.
///
/// Ownership: our tags, which stand in the first `PutConfigurationRecorder`.
/// Interruption: every call may be made again. It records from when there is
/// a delivery channel, which starts it; one that is made anew where the channel
/// stayed is started in `configure`.
pub(in crate::aws) struct ConfigurationRecorder;

#[async_trait]
impl ResourceType for ConfigurationRecorder {
    const TYPE: &'static str = "AWS::Config::ConfigurationRecorder";
    const CREATE_ONLY: &'static [&'static str] = &["Name"];
    /// An account and region have one.
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["Name"]);

    type Properties = RecorderProperties;

    fn normalise(&self, properties: &mut RecorderProperties, _: &str) -> Result<(), String> {
        properties.recording_group.resource_types.sort();
        Ok(())
    }

    fn check(&self, desired: &RecorderProperties) -> Result<(), String> {
        desired.check()
    }

    /// Looks first: `PutConfigurationRecorder` changes a recorder of that name
    /// that is there already, whosever it is.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RecorderProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "config:PutConfigurationRecorder";
        if let Some(there) = customer_recorder(clients).await? {
            let message = format!("{} exists already", named(name_of(&there)));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        let once = aws_sdk_config::config::Builder::new().retry_config(RetryConfig::disabled());
        clients
            .config()
            .put_configuration_recorder()
            .configuration_recorder(desired.to_sdk())
            .set_tags(Some(sdk_tags(&tags::for_create(cx, &[]))))
            .customize()
            .config_override(once)
            .send()
            .await
            .creating(OPERATION)?;
        Ok(as_physical(&desired.name))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        _identifier: &str,
        _desired: &RecorderProperties,
    ) -> Outcome<()> {
        match delivery_channel::is_there(clients).await? {
            true => delivery_channel::start_recorder(clients).await,
            false => Ok(()),
        }
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&RecorderProperties>,
    ) -> Outcome<Option<(Physical, RecorderProperties)>> {
        let Some(recorder) = recorder_named(clients, identifier).await? else {
            return Ok(None);
        };
        let Some(live_tags) = tags_of_recorder(clients, &recorder).await? else {
            return Ok(None);
        };
        let operation = "config:DescribeConfigurationRecorders";
        tags::require_ours(cx, operation, &named(identifier), &live_tags)?;
        let live = RecorderProperties::from_sdk(&recorder)?;
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &RecorderProperties,
        desired: &RecorderProperties,
    ) -> Outcome<Physical> {
        if current != desired {
            clients
                .config()
                .put_configuration_recorder()
                .configuration_recorder(desired.to_sdk())
                .send()
                .await
                .during("config:PutConfigurationRecorder")?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "config:DeleteConfigurationRecorder";
        let Some(recorder) = recorder_named(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tags_of_recorder(clients, &recorder).await?;
        let live_tags = tags::of_what_is_there(live_tags, OPERATION, &named(identifier))?;
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .config()
            .delete_configuration_recorder()
            .configuration_recorder_name(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &RecorderProperties,
    ) -> Outcome<Found> {
        let Some(recorder) = customer_recorder(clients).await? else {
            return Ok(Found::Absent);
        };
        let name = name_of(&recorder);
        let live_tags = tags_of_recorder(clients, &recorder).await?;
        Ok(live_tags.map_or(Found::Absent, |live_tags| {
            tags::stranger_or(cx, &named(name), name, &live_tags)
        }))
    }
}

/// The customer's recorder of the account and region: those that AWS's
/// services make for themselves serve no rule of the customer's
/// (<https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html>).
pub(in crate::aws) async fn customer_recorder(clients: &Clients) -> Outcome<Option<SdkRecorder>> {
    let answer = clients
        .config()
        .describe_configuration_recorders()
        .send()
        .await
        .during("config:DescribeConfigurationRecorders")?;
    let recorders = answer.configuration_recorders.unwrap_or_default();
    Ok(recorders
        .into_iter()
        .find(|recorder| recorder.service_principal.is_none()))
}

async fn recorder_named(clients: &Clients, name: &str) -> Outcome<Option<SdkRecorder>> {
    let recorder = customer_recorder(clients).await?;
    Ok(recorder.filter(|recorder| recorder.name() == Some(name)))
}

/// Its tags; `None` when it is gone. One without an ARN carries none.
pub(super) async fn tags_of_recorder(
    clients: &Clients,
    recorder: &SdkRecorder,
) -> Outcome<Option<TagMap>> {
    match recorder.arn() {
        Some(arn) => tags_of(clients, arn).await,
        None => Ok(Some(TagMap::new())),
    }
}

pub(super) fn name_of(recorder: &SdkRecorder) -> &str {
    recorder.name().unwrap_or_default()
}

fn named(name: &str) -> String {
    format!("the Config recorder {name}")
}

fn as_physical(name: &str) -> Physical {
    physical(name, name, [])
}
