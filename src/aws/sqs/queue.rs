//! `AWS::SQS::Queue`.

use super::{Attributes, attributes_of, named, set_attributes, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

/// `AWS::SQS::Queue`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html>).
/// Standard queues only.
///
/// Ownership: our tags, which stand in `CreateQueue` itself. Interruption:
/// every call may be made again. Errors: for a minute after a queue was
/// deleted SQS makes none of its name (`Transient`). A delete waits until SQS
/// no longer knows the queue, which takes up to a minute as well.
pub(in crate::aws) struct Queue;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct QueueProperties {
    queue_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kms_master_key_id: Option<String>,
    #[serde(default = "five_minutes")]
    kms_data_key_reuse_period_seconds: u32,
    #[serde(default = "four_days")]
    message_retention_period: u32,
    #[serde(default = "thirty_seconds")]
    visibility_timeout: u32,
    #[serde(default)]
    tags: Vec<Tag>,
}

fn five_minutes() -> u32 {
    300
}

fn four_days() -> u32 {
    4 * 24 * 3600
}

fn thirty_seconds() -> u32 {
    30
}

impl QueueProperties {
    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::from([
            (
                Name::MessageRetentionPeriod,
                self.message_retention_period.to_string(),
            ),
            (Name::VisibilityTimeout, self.visibility_timeout.to_string()),
        ]);
        if let Some(key) = &self.kms_master_key_id {
            attributes.insert(Name::KmsMasterKeyId, key.clone());
            attributes.insert(
                Name::KmsDataKeyReusePeriodSeconds,
                self.kms_data_key_reuse_period_seconds.to_string(),
            );
        }
        attributes
    }
}

#[async_trait]
impl ResourceType for Queue {
    const TYPE: &'static str = "AWS::SQS::Queue";
    const CREATE_ONLY: &'static [&'static str] = &["QueueName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["QueueName"]);

    type Properties = QueueProperties;

    fn normalise(&self, properties: &mut QueueProperties, _: &str) -> Result<(), String> {
        if properties.queue_name.ends_with(".fifo") {
            return Err("QueueName: FIFO queues are not supported".to_owned());
        }
        properties.kms_master_key_id.take_if(|key| key.is_empty());
        // Without a key it means nothing, and SQS keeps what was said last.
        if properties.kms_master_key_id.is_none() {
            properties.kms_data_key_reuse_period_seconds = five_minutes();
        }
        tags::normalise(&mut properties.tags)
    }

    /// Looks first: `CreateQueue` answers a queue that is there already, and
    /// only where its attributes differ does it say so.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &QueueProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "sqs:CreateQueue";
        if let Some(url) = url_of(clients, &desired.queue_name).await? {
            let message = format!("{} exists already", named(&url));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        let live_tags = tags::for_create(cx, &desired.tags);
        let call = clients
            .sqs()
            .create_queue()
            .queue_name(&desired.queue_name)
            .set_attributes(Some(desired.attributes()))
            .set_tags(Some(live_tags.into_iter().collect()));
        let once = aws_sdk_sqs::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = call.customize().config_override(once);
        let answer = call.send().await.creating(OPERATION)?;
        let url = answer.queue_url.ok_or_else(|| {
            HandlerError::ours(ErrorKind::Ambiguous, OPERATION, "the answer holds no URL")
        })?;
        as_physical(clients, &url)
    }

    async fn ready(&self, _cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        match attributes_of(clients, identifier).await? {
            Some(_) => Ok(()),
            None => {
                let message = format!("{} is not there yet", named(identifier));
                let operation = "sqs:GetQueueAttributes";
                Err(HandlerError::ours(ErrorKind::Transient, operation, message))
            }
        }
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&QueueProperties>,
    ) -> Outcome<Option<(Physical, QueueProperties)>> {
        let (attributes, live_tags) = tokio::try_join!(
            attributes_of(clients, identifier),
            tags_of(clients, identifier),
        )?;
        let (Some(attributes), Some(live_tags)) = (attributes, live_tags) else {
            return Ok(None);
        };
        tags::require_ours(cx, "sqs:ListQueueTags", &named(identifier), &live_tags)?;
        let number = |name: Name, otherwise: fn() -> u32| {
            let value = attributes.get(&name).and_then(|text| text.parse().ok());
            value.unwrap_or_else(otherwise)
        };
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let live = QueueProperties {
            queue_name: name_in(identifier).to_owned(),
            kms_master_key_id: attributes.get(&Name::KmsMasterKeyId).cloned(),
            kms_data_key_reuse_period_seconds: number(
                Name::KmsDataKeyReusePeriodSeconds,
                five_minutes,
            ),
            message_retention_period: number(Name::MessageRetentionPeriod, four_days),
            visibility_timeout: number(Name::VisibilityTimeout, thirty_seconds),
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(clients, identifier)?, live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &QueueProperties,
        desired: &QueueProperties,
    ) -> Outcome<Physical> {
        let mut wanted = desired.attributes();
        if current.attributes() != wanted {
            // An empty key id takes the key away.
            wanted.entry(Name::KmsMasterKeyId).or_default();
            set_attributes(clients, identifier, wanted).await?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        if !change.set.is_empty() {
            clients
                .sqs()
                .tag_queue()
                .queue_url(identifier)
                .set_tags(Some(change.set.into_iter().collect()))
                .send()
                .await
                .during("sqs:TagQueue")?;
        }
        if !change.remove.is_empty() {
            clients
                .sqs()
                .untag_queue()
                .queue_url(identifier)
                .set_tag_keys(Some(change.remove))
                .send()
                .await
                .during("sqs:UntagQueue")?;
        }
        as_physical(clients, identifier)
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "sqs:DeleteQueue";
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients.sqs().delete_queue().queue_url(identifier).send();
        found(deleted.await.during(OPERATION))?;
        let mut patience = Patience::new();
        while attributes_of(clients, identifier).await?.is_some() {
            let what = format!("{} to be gone", named(identifier));
            patience.pause(cx, OPERATION, &what).await?;
        }
        Ok(())
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &QueueProperties,
    ) -> Outcome<Found> {
        let Some(url) = url_of(clients, &desired.queue_name).await? else {
            return Ok(Found::Absent);
        };
        Ok(match tags_of(clients, &url).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(&url), &url, &live_tags),
            None => Found::Absent,
        })
    }
}

async fn url_of(clients: &Clients, name: &str) -> Outcome<Option<String>> {
    let answer = clients.sqs().get_queue_url().queue_name(name).send().await;
    Ok(found(answer.during("sqs:GetQueueUrl"))?.and_then(|answer| answer.queue_url))
}

/// `https://sqs.us-east-1.amazonaws.com/111122223333/name`
fn name_in(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn as_physical(clients: &Clients, url: &str) -> Outcome<Physical> {
    let name = name_in(url);
    let arn = format!(
        "arn:{}:sqs:{}:{}:{name}",
        clients.partition(),
        clients.region(),
        clients.account_id()?
    );
    let attributes = [
        ("Arn", arn),
        ("QueueName", name.to_owned()),
        ("QueueUrl", url.to_owned()),
    ];
    Ok(physical(url, url, attributes))
}
