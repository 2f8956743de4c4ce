//! `AWS::CloudTrail::Trail`.

use super::tags_of;
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange, TagMap};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_cloudtrail::types::{
    DataResource as SdkResource, EventSelector, ReadWriteType, Tag as SdkTag, Trail as SdkTrail,
};
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

/// `AWS::CloudTrail::Trail`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html>).
///
/// Ownership: our tags, which stand in `CreateTrail` itself. Interruption:
/// every call may be made again; a trail logs from `configure` on. Errors: a
/// bucket or key whose policy does not let it in yet is `Transient`.
pub(in crate::aws) struct Trail;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct TrailProperties {
    trail_name: String,
    #[serde(rename = "S3BucketName")]
    s3_bucket_name: String,
    #[serde(
        rename = "S3KeyPrefix",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    s3_key_prefix: Option<String>,
    #[serde(rename = "KMSKeyId", default, skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(default = "yes")]
    include_global_service_events: bool,
    #[serde(default)]
    is_multi_region_trail: bool,
    #[serde(default)]
    enable_log_file_validation: bool,
    is_logging: bool,
    /// Null leaves what there is; a new trail logs all management events.
    /// Advanced selectors, which somebody else put in their place, read as none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_selectors: Option<Vec<Selector>>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct Selector {
    #[serde(default = "yes")]
    include_management_events: bool,
    #[serde(default = "all")]
    read_write_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exclude_management_event_sources: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    data_resources: Vec<DataResource>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct DataResource {
    r#type: String,
    #[serde(default)]
    values: Vec<String>,
}

fn all() -> String {
    ReadWriteType::All.as_str().to_owned()
}

fn yes() -> bool {
    true
}

#[async_trait]
impl ResourceType for Trail {
    const TYPE: &'static str = "AWS::CloudTrail::Trail";
    const CREATE_ONLY: &'static [&'static str] = &["TrailName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["TrailName"]);

    type Properties = TrailProperties;

    fn normalise(&self, properties: &mut TrailProperties, _: &str) -> Result<(), String> {
        properties.s3_key_prefix.take_if(|text| text.is_empty());
        properties.kms_key_id.take_if(|text| text.is_empty());
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &TrailProperties) -> Result<(), String> {
        if desired.is_multi_region_trail && !desired.include_global_service_events {
            return Err(
                "IncludeGlobalServiceEvents: must be true for a trail of all regions".to_owned(),
            );
        }
        // <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html>
        match desired.event_selectors.as_deref().map(<[_]>::len) {
            None | Some(1..=5) => Ok(()),
            Some(_) => Err("EventSelectors: a trail has one to five".to_owned()),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &TrailProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "cloudtrail:CreateTrail";
        let live_tags = tags::for_create(cx, &desired.tags);
        let once = aws_sdk_cloudtrail::config::Builder::new().retry_config(RetryConfig::disabled());
        let answer = clients
            .cloudtrail()
            .create_trail()
            .name(&desired.trail_name)
            .s3_bucket_name(&desired.s3_bucket_name)
            .set_s3_key_prefix(desired.s3_key_prefix.clone())
            .set_kms_key_id(desired.kms_key_id.clone())
            .include_global_service_events(desired.include_global_service_events)
            .is_multi_region_trail(desired.is_multi_region_trail)
            .enable_log_file_validation(desired.enable_log_file_validation)
            .set_tags_list(Some(sdk_tags(OPERATION, &live_tags)?))
            .customize()
            .config_override(once)
            .send()
            .await
            .creating(OPERATION)?;
        Ok(as_physical(
            &desired.trail_name,
            answer.trail_arn.unwrap_or_default(),
        ))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &TrailProperties,
    ) -> Outcome<()> {
        if let Some(wanted) = &desired.event_selectors {
            select(clients, identifier, wanted).await?;
        }
        set_logging(clients, identifier, desired.is_logging).await
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&TrailProperties>,
    ) -> Outcome<Option<(Physical, TrailProperties)>> {
        let Some(trail) = describe(clients, identifier).await? else {
            return Ok(None);
        };
        let wanted = applied.is_none_or(|applied| applied.event_selectors.is_some());
        let (live_tags, is_logging, event_selectors) = tokio::try_join!(
            tags_of(clients, arn_of(&trail)),
            is_logging(clients, &trail),
            async {
                match wanted {
                    true => selectors(clients, &trail).await.map(Some),
                    false => Ok(None),
                }
            },
        )?;
        let (Some(live_tags), Some(is_logging)) = (live_tags, is_logging) else {
            return Ok(None);
        };
        tags::require_ours(cx, "cloudtrail:GetTrail", &named(identifier), &live_tags)?;
        let arn = arn_of(&trail).to_owned();
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let live = TrailProperties {
            trail_name: identifier.to_owned(),
            s3_bucket_name: trail.s3_bucket_name.unwrap_or_default(),
            s3_key_prefix: trail.s3_key_prefix,
            kms_key_id: trail.kms_key_id,
            include_global_service_events: trail.include_global_service_events.unwrap_or_default(),
            is_multi_region_trail: trail.is_multi_region_trail.unwrap_or_default(),
            enable_log_file_validation: trail.log_file_validation_enabled.unwrap_or_default(),
            is_logging,
            event_selectors,
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(identifier, arn), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &TrailProperties,
        desired: &TrailProperties,
    ) -> Outcome<Physical> {
        let api = clients.cloudtrail();
        let updated = api
            .update_trail()
            .name(identifier)
            .s3_bucket_name(&desired.s3_bucket_name)
            // Empty takes a prefix or a key away.
            .s3_key_prefix(desired.s3_key_prefix.as_deref().unwrap_or_default())
            .kms_key_id(desired.kms_key_id.as_deref().unwrap_or_default())
            .include_global_service_events(desired.include_global_service_events)
            .is_multi_region_trail(desired.is_multi_region_trail)
            .enable_log_file_validation(desired.enable_log_file_validation)
            .send()
            .await
            .during("cloudtrail:UpdateTrail")?;
        let arn = updated.trail_arn.unwrap_or_default();
        if let Some(wanted) = &desired.event_selectors
            && current.event_selectors.as_ref() != Some(wanted)
        {
            select(clients, identifier, wanted).await?;
        }
        if current.is_logging != desired.is_logging {
            set_logging(clients, identifier, desired.is_logging).await?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        if !change.set.is_empty() {
            const OPERATION: &str = "cloudtrail:AddTags";
            api.add_tags()
                .resource_id(&arn)
                .set_tags_list(Some(sdk_tags(OPERATION, &change.set)?))
                .send()
                .await
                .during(OPERATION)?;
        }
        if !change.remove.is_empty() {
            const OPERATION: &str = "cloudtrail:RemoveTags";
            let keys = change.remove.into_iter().map(|key| (key, String::new()));
            api.remove_tags()
                .resource_id(&arn)
                .set_tags_list(Some(sdk_tags(OPERATION, &keys.collect())?))
                .send()
                .await
                .during(OPERATION)?;
        }
        Ok(as_physical(identifier, arn))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "cloudtrail:DeleteTrail";
        let Some(trail) = describe(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tags_of(clients, arn_of(&trail)).await?;
        let live_tags = tags::of_what_is_there(live_tags, OPERATION, &named(identifier))?;
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .cloudtrail()
            .delete_trail()
            .name(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &TrailProperties,
    ) -> Outcome<Found> {
        let name = &desired.trail_name;
        let Some(trail) = describe(clients, name).await? else {
            return Ok(Found::Absent);
        };
        let live_tags = tags_of(clients, arn_of(&trail)).await?;
        Ok(live_tags.map_or(Found::Absent, |live_tags| {
            tags::stranger_or(cx, &named(name), name, &live_tags)
        }))
    }
}

async fn describe(clients: &Clients, name: &str) -> Outcome<Option<SdkTrail>> {
    let answer = clients
        .cloudtrail()
        .get_trail()
        .name(name)
        .send()
        .await
        .during("cloudtrail:GetTrail");
    Ok(found(answer)?.and_then(|answer| answer.trail))
}

async fn is_logging(clients: &Clients, trail: &SdkTrail) -> Outcome<Option<bool>> {
    let status = clients
        .cloudtrail()
        .get_trail_status()
        .name(arn_of(trail))
        .send()
        .await
        .during("cloudtrail:GetTrailStatus");
    Ok(found(status)?.map(|status| status.is_logging == Some(true)))
}

async fn set_logging(clients: &Clients, name: &str, on: bool) -> Outcome<()> {
    let api = clients.cloudtrail();
    if on {
        let started = api.start_logging().name(name).send().await;
        started.during("cloudtrail:StartLogging").map(drop)
    } else {
        let stopped = api.stop_logging().name(name).send().await;
        stopped.during("cloudtrail:StopLogging").map(drop)
    }
}

/// The basic selectors. A trail has these or advanced ones.
async fn selectors(clients: &Clients, trail: &SdkTrail) -> Outcome<Vec<Selector>> {
    let answer = clients
        .cloudtrail()
        .get_event_selectors()
        .trail_name(arn_of(trail))
        .send()
        .await
        .during("cloudtrail:GetEventSelectors");
    let live = found(answer)?.and_then(|answer| answer.event_selectors);
    Ok(live.unwrap_or_default().into_iter().map(seen).collect())
}

fn seen(live: EventSelector) -> Selector {
    let resources = live.data_resources.unwrap_or_default().into_iter();
    Selector {
        include_management_events: live.include_management_events != Some(false),
        read_write_type: live
            .read_write_type
            .map_or_else(all, |kind| kind.as_str().to_owned()),
        exclude_management_event_sources: live.exclude_management_event_sources.unwrap_or_default(),
        data_resources: resources
            .map(|live| DataResource {
                r#type: live.r#type.unwrap_or_default(),
                values: live.values.unwrap_or_default(),
            })
            .collect(),
    }
}

async fn select(clients: &Clients, name: &str, wanted: &[Selector]) -> Outcome<()> {
    let selectors = wanted.iter().map(|wanted| {
        let resources = wanted.data_resources.iter().map(|wanted| {
            SdkResource::builder()
                .r#type(&wanted.r#type)
                .set_values(Some(wanted.values.clone()))
                .build()
        });
        EventSelector::builder()
            .include_management_events(wanted.include_management_events)
            .read_write_type(ReadWriteType::from(wanted.read_write_type.as_str()))
            .set_exclude_management_event_sources(Some(
                wanted.exclude_management_event_sources.clone(),
            ))
            .set_data_resources(Some(resources.collect()))
            .build()
    });
    let put = clients
        .cloudtrail()
        .put_event_selectors()
        .trail_name(name)
        .set_event_selectors(Some(selectors.collect()))
        .send();
    put.await.during("cloudtrail:PutEventSelectors").map(drop)
}

fn arn_of(trail: &SdkTrail) -> &str {
    trail.trail_arn().unwrap_or_default()
}

fn sdk_tags(operation: &str, tags: &TagMap) -> Outcome<Vec<SdkTag>> {
    tags.iter()
        .map(|(key, value)| {
            let value = Some(value.clone()).filter(|value| !value.is_empty());
            let tag = SdkTag::builder().key(key).set_value(value).build();
            tag.map_err(|e| HandlerError::ours(ErrorKind::Invalid, operation, e.to_string()))
        })
        .collect()
}

fn named(name: &str) -> String {
    format!("the trail {name}")
}

fn as_physical(name: &str, arn: String) -> Physical {
    physical(name, name, [("Arn", arn)])
}
