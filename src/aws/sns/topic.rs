//! `AWS::SNS::Topic`.

use super::{attributes_of, named, set_attribute, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange, TagMap};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_sns::types::Tag as SdkTag;
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

/// `AWS::SNS::Topic`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html>).
///
/// Ownership: our tags, which stand in `CreateTopic` itself. Interruption:
/// every call may be made again.
pub(in crate::aws) struct Topic;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct TopicProperties {
    topic_name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kms_master_key_id: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[async_trait]
impl ResourceType for Topic {
    const TYPE: &'static str = "AWS::SNS::Topic";
    const CREATE_ONLY: &'static [&'static str] = &["TopicName"];

    type Properties = TopicProperties;

    fn normalise(&self, properties: &mut TopicProperties, _: &str) -> Result<(), String> {
        if properties.topic_name.ends_with(".fifo") {
            return Err("TopicName: FIFO topics are not supported".to_owned());
        }
        properties.kms_master_key_id.take_if(|key| key.is_empty());
        tags::normalise(&mut properties.tags)
    }

    /// Looks first: `CreateTopic` answers a topic that is there already, and
    /// only where its tags differ does it say so.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &TopicProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "sns:CreateTopic";
        let arn = arn_of(clients, desired)?;
        if attributes_of(clients, &arn).await?.is_some() {
            let message = format!("{} exists already", named(&arn));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        let live_tags = tags::for_create(cx, &desired.tags);
        let mut call = clients
            .sns()
            .create_topic()
            .name(&desired.topic_name)
            .set_tags(Some(sdk_tags(OPERATION, &live_tags)?));
        if !desired.display_name.is_empty() {
            call = call.attributes("DisplayName", &desired.display_name);
        }
        if let Some(key) = &desired.kms_master_key_id {
            call = call.attributes("KmsMasterKeyId", key);
        }
        let once = aws_sdk_sns::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = call.customize().config_override(once);
        let answer = call.send().await.creating(OPERATION)?;
        Ok(as_physical(&answer.topic_arn.unwrap_or(arn)))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&TopicProperties>,
    ) -> Outcome<Option<(Physical, TopicProperties)>> {
        let (attributes, live_tags) = tokio::try_join!(
            attributes_of(clients, identifier),
            tags_of(clients, identifier),
        )?;
        let (Some(mut attributes), Some(live_tags)) = (attributes, live_tags) else {
            return Ok(None);
        };
        tags::require_ours(
            cx,
            "sns:ListTagsForResource",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let live = TopicProperties {
            topic_name: name_in(identifier).to_owned(),
            display_name: attributes.remove("DisplayName").unwrap_or_default(),
            kms_master_key_id: attributes.remove("KmsMasterKeyId"),
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &TopicProperties,
        desired: &TopicProperties,
    ) -> Outcome<Physical> {
        if current.display_name != desired.display_name {
            set_attribute(clients, identifier, "DisplayName", &desired.display_name).await?;
        }
        if current.kms_master_key_id != desired.kms_master_key_id {
            let key = desired.kms_master_key_id.as_deref().unwrap_or_default();
            set_attribute(clients, identifier, "KmsMasterKeyId", key).await?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        if !change.set.is_empty() {
            const OPERATION: &str = "sns:TagResource";
            clients
                .sns()
                .tag_resource()
                .resource_arn(identifier)
                .set_tags(Some(sdk_tags(OPERATION, &change.set)?))
                .send()
                .await
                .during(OPERATION)?;
        }
        if !change.remove.is_empty() {
            clients
                .sns()
                .untag_resource()
                .resource_arn(identifier)
                .set_tag_keys(Some(change.remove))
                .send()
                .await
                .during("sns:UntagResource")?;
        }
        Ok(as_physical(identifier))
    }

    /// SNS deletes a topic's subscriptions with it.
    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, "sns:DeleteTopic", &named(identifier), &live_tags)?;
        let deleted = clients
            .sns()
            .delete_topic()
            .topic_arn(identifier)
            .send()
            .await
            .during("sns:DeleteTopic");
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &TopicProperties,
    ) -> Outcome<Found> {
        let arn = arn_of(clients, desired)?;
        // SNS may answer no tags for a topic that is not there.
        if attributes_of(clients, &arn).await?.is_none() {
            return Ok(Found::Absent);
        }
        Ok(match tags_of(clients, &arn).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(&arn), &arn, &live_tags),
            None => Found::Absent,
        })
    }
}

/// Topics are addressed by ARN, which follows from the name.
fn arn_of(clients: &Clients, properties: &TopicProperties) -> Outcome<String> {
    Ok(format!(
        "arn:{}:sns:{}:{}:{}",
        clients.partition(),
        clients.region(),
        clients.account_id()?,
        properties.topic_name
    ))
}

fn name_in(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn as_physical(arn: &str) -> Physical {
    let name = name_in(arn).to_owned();
    physical(
        arn,
        arn,
        [("TopicArn", arn.to_owned()), ("TopicName", name)],
    )
}

fn sdk_tags(operation: &str, tags: &TagMap) -> Outcome<Vec<SdkTag>> {
    tags.iter()
        .map(|(key, value)| {
            let tag = SdkTag::builder().key(key).value(value).build();
            tag.map_err(|e| HandlerError::ours(ErrorKind::Invalid, operation, e.to_string()))
        })
        .collect()
}
