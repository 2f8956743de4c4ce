//! `AWS::GuardDuty::Detector`.

use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership, Tag, TagChange, TagMap};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_guardduty::operation::get_detector::GetDetectorOutput;
use aws_sdk_guardduty::types::{DetectorStatus, FindingPublishingFrequency};
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

/// `AWS::GuardDuty::Detector`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-guardduty-detector.html>).
/// A region has one, so that a second is refused.
///
/// Ownership: our tags, which stand in `CreateDetector` itself. Interruption:
/// every call may be made again.
pub(in crate::aws) struct Detector;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct DetectorProperties {
    enable: bool,
    #[serde(default = "six_hours")]
    finding_publishing_frequency: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

fn six_hours() -> String {
    FindingPublishingFrequency::SixHours.as_str().to_owned()
}

#[async_trait]
impl ResourceType for Detector {
    const TYPE: &'static str = "AWS::GuardDuty::Detector";
    const CREATE_ONLY: &'static [&'static str] = &[];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;

    type Properties = DetectorProperties;

    fn normalise(&self, properties: &mut DetectorProperties, _: &str) -> Result<(), String> {
        tags::normalise(&mut properties.tags)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &DetectorProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "guardduty:CreateDetector";
        let once = aws_sdk_guardduty::config::Builder::new().retry_config(RetryConfig::disabled());
        let live_tags = tags::for_create(cx, &desired.tags).into_iter().collect();
        let answer = clients
            .guardduty()
            .create_detector()
            .enable(desired.enable)
            .finding_publishing_frequency(frequency(desired))
            .set_tags(Some(live_tags))
            .customize()
            .config_override(once)
            .send()
            .await
            .creating(OPERATION)?;
        let id = answer.detector_id.ok_or_else(|| {
            let message = "the answer names no detector";
            HandlerError::ours(ErrorKind::Ambiguous, OPERATION, message)
        })?;
        Ok(as_physical(&id))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&DetectorProperties>,
    ) -> Outcome<Option<(Physical, DetectorProperties)>> {
        let Some(detector) = describe(clients, identifier).await? else {
            return Ok(None);
        };
        let live_tags = tags_in(&detector);
        tags::require_ours(cx, "guardduty:GetDetector", &named(identifier), &live_tags)?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let frequency = detector.finding_publishing_frequency.as_ref();
        let live = DetectorProperties {
            enable: detector.status == Some(DetectorStatus::Enabled),
            finding_publishing_frequency: frequency
                .map_or_else(six_hours, |frequency| frequency.as_str().to_owned()),
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &DetectorProperties,
        desired: &DetectorProperties,
    ) -> Outcome<Physical> {
        if current.enable != desired.enable
            || current.finding_publishing_frequency != desired.finding_publishing_frequency
        {
            clients
                .guardduty()
                .update_detector()
                .detector_id(identifier)
                .enable(desired.enable)
                .finding_publishing_frequency(frequency(desired))
                .send()
                .await
                .during("guardduty:UpdateDetector")?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, identifier, change).await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "guardduty:DeleteDetector";
        let Some(detector) = describe(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &tags_in(&detector))?;
        let deleted = clients
            .guardduty()
            .delete_detector()
            .detector_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &DetectorProperties,
    ) -> Outcome<Found> {
        let answer = clients
            .guardduty()
            .list_detectors()
            .send()
            .await
            .during("guardduty:ListDetectors")?;
        let mut stranger = None;
        for id in answer.detector_ids.unwrap_or_default() {
            let Some(detector) = describe(clients, &id).await? else {
                continue;
            };
            match tags::ownership(cx, &tags_in(&detector)) {
                Ownership::Ours => return Ok(Found::Ours(vec![id])),
                _ => stranger = Some(tags::stranger_or(cx, &named(&id), &id, &tags_in(&detector))),
            }
        }
        Ok(stranger.unwrap_or(Found::Absent))
    }
}

async fn describe(clients: &Clients, id: &str) -> Outcome<Option<GetDetectorOutput>> {
    let answer = clients
        .guardduty()
        .get_detector()
        .detector_id(id)
        .send()
        .await
        .during("guardduty:GetDetector");
    found(answer)
}

fn tags_in(detector: &GetDetectorOutput) -> TagMap {
    let tags = detector.tags.clone().unwrap_or_default();
    tags.into_iter().collect()
}

async fn change_tags(clients: &Clients, id: &str, change: TagChange) -> Outcome<()> {
    let arn = format!(
        "arn:{}:guardduty:{}:{}:detector/{id}",
        clients.partition(),
        clients.region(),
        clients.account_id()?,
    );
    if !change.set.is_empty() {
        clients
            .guardduty()
            .tag_resource()
            .resource_arn(&arn)
            .set_tags(Some(change.set.into_iter().collect()))
            .send()
            .await
            .during("guardduty:TagResource")?;
    }
    if !change.remove.is_empty() {
        clients
            .guardduty()
            .untag_resource()
            .resource_arn(&arn)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("guardduty:UntagResource")?;
    }
    Ok(())
}

fn frequency(properties: &DetectorProperties) -> FindingPublishingFrequency {
    FindingPublishingFrequency::from(properties.finding_publishing_frequency.as_str())
}

fn named(id: &str) -> String {
    format!("the detector {id}")
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("Id", id.to_owned())])
}
