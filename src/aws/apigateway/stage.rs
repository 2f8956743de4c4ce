//! `AWS::ApiGateway::Stage`.

mod settings;

use super::{change_tags, gone, once, parts, sdk_tags, tag_map};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use aws_sdk_apigateway::operation::get_stage::GetStageOutput;
use aws_sdk_apigateway::types::{CacheClusterSize, PatchOperation};
use serde::{Deserialize, Serialize};
use settings::{AccessLogSetting, MethodSetting};

/// `AWS::ApiGateway::Stage`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-stage.html>).
///
/// Ownership: our tags, which stand in `CreateStage` itself. Interruption: AWS
/// refuses a second one of the same name; logs, method settings and the client
/// certificate are one more call, which may be made again. A cache takes AWS
/// minutes to make; nothing waits for it, since a stage serves without it.
/// Errors: an account without a logging role refuses both kinds of logs
/// ("CloudWatch Logs role ARN must be set in account settings to enable
/// logging").
pub(in crate::aws) struct Stage;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct StageProperties {
    rest_api_id: String,
    stage_name: String,
    deployment_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_log_setting: Option<AccessLogSetting>,
    #[serde(default)]
    method_settings: Vec<MethodSetting>,
    #[serde(default)]
    tracing_enabled: bool,
    #[serde(default)]
    cache_cluster_enabled: bool,
    /// In GB, from `0.5` to `237`. AWS tells it of a stage without a cache too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_cluster_size: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_certificate_id: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

impl StageProperties {
    fn size(&self) -> Option<CacheClusterSize> {
        let size = self.cache_cluster_size.as_deref();
        size.map(CacheClusterSize::from)
    }
}

#[async_trait]
impl ResourceType for Stage {
    const TYPE: &'static str = "AWS::ApiGateway::Stage";
    const CREATE_ONLY: &'static [&'static str] = &["RestApiId", "StageName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["RestApiId", "StageName"]);

    type Properties = StageProperties;

    fn normalise(&self, properties: &mut StageProperties, _: &str) -> Result<(), String> {
        if let Some(log) = &mut properties.access_log_setting {
            log.normalise();
        }
        settings::normalise(&mut properties.method_settings)?;
        properties.client_certificate_id.take_if(|id| id.is_empty());
        tags::normalise(&mut properties.tags)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &StageProperties,
    ) -> Outcome<Physical> {
        clients
            .apigateway()
            .create_stage()
            .rest_api_id(&desired.rest_api_id)
            .stage_name(&desired.stage_name)
            .deployment_id(&desired.deployment_id)
            .tracing_enabled(desired.tracing_enabled)
            .cache_cluster_enabled(desired.cache_cluster_enabled)
            .set_cache_cluster_size(desired.size())
            .set_tags(sdk_tags(tags::for_create(cx, &desired.tags)))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating("apigateway:CreateStage")
            .map_err(not_yet)?;
        Ok(as_physical(&desired.rest_api_id, &desired.stage_name))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &StageProperties,
    ) -> Outcome<()> {
        let bare = StageProperties {
            deployment_id: desired.deployment_id.clone(),
            tracing_enabled: desired.tracing_enabled,
            cache_cluster_enabled: desired.cache_cluster_enabled,
            cache_cluster_size: desired.cache_cluster_size.clone(),
            ..StageProperties::default()
        };
        change(clients, parts(identifier)?, patches(&bare, desired)).await
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&StageProperties>,
    ) -> Outcome<Option<(Physical, StageProperties)>> {
        let [api, name] = parts(identifier)?;
        let Some(stage) = get(clients, api, name).await? else {
            return Ok(None);
        };
        let live_tags = tag_map(stage.tags);
        tags::require_ours(cx, "apigateway:GetStage", &named(identifier), &live_tags)?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let said = applied.map(|applied| applied.method_settings.as_slice());
        let live = StageProperties {
            rest_api_id: api.to_owned(),
            stage_name: name.to_owned(),
            deployment_id: stage.deployment_id.unwrap_or_default(),
            access_log_setting: stage.access_log_settings.and_then(AccessLogSetting::live),
            method_settings: settings::live(stage.method_settings.unwrap_or_default(), said),
            tracing_enabled: stage.tracing_enabled,
            cache_cluster_enabled: stage.cache_cluster_enabled,
            cache_cluster_size: stage
                .cache_cluster_size
                .map(|size| size.as_str().to_owned())
                .filter(|_| applied.is_none_or(|applied| applied.cache_cluster_size.is_some())),
            client_certificate_id: stage.client_certificate_id,
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(api, name), live)))
    }

    /// Against what is live, so that a repetition removes nothing twice.
    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &StageProperties,
        desired: &StageProperties,
    ) -> Outcome<Physical> {
        let [api, name] = parts(identifier)?;
        let there = self.read(cx, clients, identifier, Some(desired)).await?;
        let Some((_, live)) = there else {
            return Err(gone("apigateway:UpdateStage", &named(identifier)));
        };
        change(clients, [api, name], patches(&live, desired)).await?;
        let tags = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, &format!("/restapis/{api}/stages/{name}"), tags).await?;
        Ok(as_physical(api, name))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteStage";
        let [api, name] = parts(identifier)?;
        let Some(stage) = get(clients, api, name).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &tag_map(stage.tags))?;
        let deleted = clients
            .apigateway()
            .delete_stage()
            .rest_api_id(api)
            .stage_name(name)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &StageProperties,
    ) -> Outcome<Found> {
        let (api, name) = (&desired.rest_api_id, &desired.stage_name);
        let identifier = format!("{api}|{name}");
        Ok(match get(clients, api, name).await? {
            Some(stage) => {
                tags::stranger_or(cx, &named(&identifier), &identifier, &tag_map(stage.tags))
            }
            None => Found::Absent,
        })
    }
}

fn patches(current: &StageProperties, desired: &StageProperties) -> Vec<PatchOperation> {
    let mut patches = Vec::new();
    if current.deployment_id != desired.deployment_id {
        patches.push(super::replace("/deploymentId", &desired.deployment_id));
    }
    if current.tracing_enabled != desired.tracing_enabled {
        patches.push(super::replace("/tracingEnabled", desired.tracing_enabled));
    }
    if current.cache_cluster_enabled != desired.cache_cluster_enabled {
        let enabled = desired.cache_cluster_enabled;
        patches.push(super::replace("/cacheClusterEnabled", enabled));
    }
    if let Some(size) = &desired.cache_cluster_size
        && current.cache_cluster_size.as_ref() != Some(size)
    {
        patches.push(super::replace("/cacheClusterSize", size));
    }
    if current.client_certificate_id != desired.client_certificate_id {
        // An empty one is none.
        let id = desired.client_certificate_id.as_deref().unwrap_or_default();
        patches.push(super::replace("/clientCertificateId", id));
    }
    settings::patch_access_log(
        current.access_log_setting.as_ref(),
        desired.access_log_setting.as_ref(),
        &mut patches,
    );
    settings::patch_methods(
        &current.method_settings,
        &desired.method_settings,
        &mut patches,
    );
    patches
}

async fn change(clients: &Clients, place: [&str; 2], patches: Vec<PatchOperation>) -> Outcome<()> {
    if patches.is_empty() {
        return Ok(());
    }
    let [api, name] = place;
    clients
        .apigateway()
        .update_stage()
        .rest_api_id(api)
        .stage_name(name)
        .set_patch_operations(Some(patches))
        .customize()
        .config_override(once())
        .send()
        .await
        .during("apigateway:UpdateStage")
        .map(drop)
}

async fn get(clients: &Clients, api: &str, name: &str) -> Outcome<Option<GetStageOutput>> {
    let answer = clients
        .apigateway()
        .get_stage()
        .rest_api_id(api)
        .stage_name(name)
        .send()
        .await
        .during("apigateway:GetStage");
    found(answer)
}

fn named(identifier: &str) -> String {
    format!("the stage {identifier}")
}

/// `Ref` of a stage is its name.
fn as_physical(api: &str, name: &str) -> Physical {
    physical(&format!("{api}|{name}"), name, [])
}
