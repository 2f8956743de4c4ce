//! `AWS::Config::DeliveryChannel`. An account and region have one; it belongs
//! to the recorder, and it is what lets the recorder record.

use super::recorder::{customer_recorder, name_of, tags_of_recorder};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_config::types::{
    ConfigSnapshotDeliveryProperties as SdkSnapshots, ConfigurationRecorder as SdkRecorder,
    DeliveryChannel as SdkChannel, MaximumExecutionFrequency,
};
use serde::{Deserialize, Serialize};

/// `AWS::Config::DeliveryChannel`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-deliverychannel.html>).
///
/// Ownership: a channel carries no tags. It is ours when the account's
/// recorder is, and under our name when there is no recorder any more.
/// Interruption: every call may be made again. The recorder is started in
/// `configure`, as CloudFormation does, and stopped before the channel is
/// deleted, since AWS deletes none that is written to.
pub(in crate::aws) struct DeliveryChannel;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct DeliveryChannelProperties {
    name: String,
    #[serde(rename = "S3BucketName")]
    s3_bucket_name: String,
    #[serde(
        rename = "S3KeyPrefix",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    s3_key_prefix: Option<String>,
    #[serde(
        rename = "S3KmsKeyArn",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    s3_kms_key_arn: Option<String>,
    #[serde(
        rename = "SnsTopicARN",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    sns_topic_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config_snapshot_delivery_properties: Option<Snapshots>,
    /// Only read: whether somebody has stopped the recorder, whose rules then
    /// see nothing. Repaired by starting it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    recorder_stopped: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Snapshots {
    delivery_frequency: String,
}

#[async_trait]
impl ResourceType for DeliveryChannel {
    const TYPE: &'static str = "AWS::Config::DeliveryChannel";
    const CREATE_ONLY: &'static [&'static str] = &["Name"];
    /// An account and region have one.
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["Name"]);

    type Properties = DeliveryChannelProperties;

    fn normalise(&self, properties: &mut DeliveryChannelProperties, _: &str) -> Result<(), String> {
        for text in [
            &mut properties.s3_key_prefix,
            &mut properties.s3_kms_key_arn,
            &mut properties.sns_topic_arn,
        ] {
            text.take_if(|text| text.is_empty());
        }
        Ok(())
    }

    fn check(&self, desired: &DeliveryChannelProperties) -> Result<(), String> {
        match desired.recorder_stopped {
            true => Err("RecorderStopped: the recorder records".to_owned()),
            false => Ok(()),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &DeliveryChannelProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "config:PutDeliveryChannel";
        if let Some(there) = describe(clients).await? {
            let message = format!("{} exists already", named(channel_name(&there)));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        let name = &desired.name;
        if let Err(why) = whose(cx, clients, name, name).await? {
            let message = format!("{} is not put: {why}", named(name));
            return Err(HandlerError::ours(ErrorKind::Stranger, OPERATION, message));
        }
        put(clients, desired).await.map_err(not_yet)?;
        Ok(as_physical(name))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        _identifier: &str,
        _desired: &DeliveryChannelProperties,
    ) -> Outcome<()> {
        start_recorder(clients).await
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&DeliveryChannelProperties>,
    ) -> Outcome<Option<(Physical, DeliveryChannelProperties)>> {
        let channel = describe(clients).await?;
        let Some(channel) = channel.filter(|there| channel_name(there) == identifier) else {
            return Ok(None);
        };
        if let Err(why) = whose(cx, clients, identifier, identifier).await? {
            let message = format!("{}: {why}", named(identifier));
            let operation = "config:DescribeDeliveryChannels";
            return Err(HandlerError::ours(ErrorKind::Stranger, operation, message));
        }
        let live = DeliveryChannelProperties {
            recorder_stopped: match customer_recorder(clients).await? {
                Some(recorder) => is_stopped(clients, &recorder).await?,
                None => false,
            },
            ..live(channel)
        };
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &DeliveryChannelProperties,
        desired: &DeliveryChannelProperties,
    ) -> Outcome<Physical> {
        if current.recorder_stopped {
            start_recorder(clients).await?;
        }
        if current != desired {
            put(clients, desired).await?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "config:DeleteDeliveryChannel";
        let channel = describe(clients).await?;
        if channel.is_none_or(|there| channel_name(&there) != identifier) {
            return Ok(());
        }
        if let Err(why) = whose(cx, clients, identifier, identifier).await? {
            let message = format!("{} is left alone: {why}", named(identifier));
            return Err(HandlerError::ours(ErrorKind::Stranger, OPERATION, message));
        }
        if let Some(recorder) = customer_recorder(clients).await? {
            let stopped = clients
                .config()
                .stop_configuration_recorder()
                .configuration_recorder_name(name_of(&recorder))
                .send()
                .await
                .during("config:StopConfigurationRecorder");
            found(stopped)?;
        }
        let deleted = clients
            .config()
            .delete_delivery_channel()
            .delivery_channel_name(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &DeliveryChannelProperties,
    ) -> Outcome<Found> {
        let Some(channel) = describe(clients).await? else {
            return Ok(Found::Absent);
        };
        let name = channel_name(&channel);
        Ok(match whose(cx, clients, name, &desired.name).await? {
            Ok(()) => Found::Ours(vec![name.to_owned()]),
            Err(why) => Found::Stranger(format!("{} exists; {why}", named(name))),
        })
    }
}

/// Whether the account has one.
pub(super) async fn is_there(clients: &Clients) -> Outcome<bool> {
    Ok(describe(clients).await?.is_some())
}

pub(super) async fn start_recorder(clients: &Clients) -> Outcome<()> {
    const OPERATION: &str = "config:StartConfigurationRecorder";
    let Some(recorder) = customer_recorder(clients).await? else {
        let message = "the Config recorder is not there yet";
        return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
    };
    clients
        .config()
        .start_configuration_recorder()
        .configuration_recorder_name(name_of(&recorder))
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}

/// One that has just gone is not stopped.
pub(in crate::aws) async fn is_stopped(clients: &Clients, recorder: &SdkRecorder) -> Outcome<bool> {
    let answer = clients
        .config()
        .describe_configuration_recorder_status()
        .configuration_recorder_names(name_of(recorder))
        .send()
        .await
        .during("config:DescribeConfigurationRecorderStatus");
    let states = found(answer)?.and_then(|answer| answer.configuration_recorders_status);
    let states = states.unwrap_or_default();
    Ok(states.first().is_some_and(|state| !state.recording))
}

/// Whether a channel is ours, or why not.
async fn whose(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
    our_name: &str,
) -> Outcome<Result<(), String>> {
    let Some(recorder) = customer_recorder(clients).await? else {
        return Ok(match name == our_name {
            true => Ok(()),
            false => Err("the account has no Config recorder that would tell whose it is".into()),
        });
    };
    let live_tags = tags_of_recorder(clients, &recorder).await?;
    Ok(match tags::ownership(cx, &live_tags.unwrap_or_default()) {
        Ownership::Ours | Ownership::Sibling(_) => Ok(()),
        Ownership::Stranger(why) => {
            Err(format!("the Config recorder {} {why}", name_of(&recorder)))
        }
    })
}

async fn describe(clients: &Clients) -> Outcome<Option<SdkChannel>> {
    let answer = clients
        .config()
        .describe_delivery_channels()
        .send()
        .await
        .during("config:DescribeDeliveryChannels")?;
    let channels = answer.delivery_channels.unwrap_or_default();
    Ok(channels.into_iter().next())
}

async fn put(clients: &Clients, desired: &DeliveryChannelProperties) -> Outcome<()> {
    let snapshots = desired.config_snapshot_delivery_properties.as_ref();
    let snapshots = snapshots.map(|snapshots| {
        let period = MaximumExecutionFrequency::from(snapshots.delivery_frequency.as_str());
        SdkSnapshots::builder().delivery_frequency(period).build()
    });
    let channel = SdkChannel::builder()
        .name(&desired.name)
        .s3_bucket_name(&desired.s3_bucket_name)
        .set_s3_key_prefix(desired.s3_key_prefix.clone())
        .set_s3_kms_key_arn(desired.s3_kms_key_arn.clone())
        .set_sns_topic_arn(desired.sns_topic_arn.clone())
        .set_config_snapshot_delivery_properties(snapshots)
        .build();
    clients
        .config()
        .put_delivery_channel()
        .delivery_channel(channel)
        .send()
        .await
        .during("config:PutDeliveryChannel")
        .map(drop)
}

fn live(channel: SdkChannel) -> DeliveryChannelProperties {
    let snapshots = channel.config_snapshot_delivery_properties;
    let frequency = snapshots.and_then(|snapshots| snapshots.delivery_frequency);
    DeliveryChannelProperties {
        name: channel.name.unwrap_or_default(),
        s3_bucket_name: channel.s3_bucket_name.unwrap_or_default(),
        s3_key_prefix: channel.s3_key_prefix,
        s3_kms_key_arn: channel.s3_kms_key_arn,
        sns_topic_arn: channel.sns_topic_arn,
        config_snapshot_delivery_properties: frequency.map(|frequency| Snapshots {
            delivery_frequency: frequency.as_str().to_owned(),
        }),
        recorder_stopped: false,
    }
}

fn channel_name(channel: &SdkChannel) -> &str {
    channel.name().unwrap_or_default()
}

fn named(name: &str) -> String {
    format!("the Config delivery channel {name}")
}

fn as_physical(name: &str) -> Physical {
    physical(name, name, [])
}
