//! `AWS::ApiGateway::UsagePlan`.

use super::{
    PAGE, add, change_tags, gone, once, ours_among, remove, replace, sdk_tags, tag_map, without_id,
};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange, TagMap};
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use aws_sdk_apigateway::operation::get_usage_plan::GetUsagePlanOutput;
use aws_sdk_apigateway::types::{
    ApiStage as SdkApiStage, PatchOperation, QuotaPeriodType, QuotaSettings, ThrottleSettings,
};
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::UsagePlan`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-usageplan.html>).
///
/// Ownership: our tags, which stand in `CreateUsagePlan` itself; names are not
/// unique. Interruption: every call but the creating one may be made again.
/// AWS deletes no plan that still has stages, so deleting takes them out
/// first.
pub(in crate::aws) struct UsagePlan;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct UsagePlanProperties {
    usage_plan_name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    api_stages: Vec<ApiStage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    throttle: Option<Throttle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota: Option<Quota>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ApiStage {
    api_id: String,
    stage: String,
}

impl ApiStage {
    /// As patches name it.
    fn token(&self) -> String {
        format!("{}:{}", self.api_id, self.stage)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Throttle {
    rate_limit: f64,
    burst_limit: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Quota {
    limit: i32,
    #[serde(default)]
    offset: i32,
    period: String,
}

#[async_trait]
impl ResourceType for UsagePlan {
    const TYPE: &'static str = "AWS::ApiGateway::UsagePlan";
    const CREATE_ONLY: &'static [&'static str] = &[];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);

    type Properties = UsagePlanProperties;

    fn normalise(&self, properties: &mut UsagePlanProperties, _: &str) -> Result<(), String> {
        properties.api_stages.sort();
        tags::normalise(&mut properties.tags)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &UsagePlanProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "apigateway:CreateUsagePlan";
        let stages = desired.api_stages.iter().map(|stage| {
            SdkApiStage::builder()
                .api_id(&stage.api_id)
                .stage(&stage.stage)
                .build()
        });
        let answer = clients
            .apigateway()
            .create_usage_plan()
            .name(&desired.usage_plan_name)
            .description(&desired.description)
            .set_api_stages(Some(stages.collect()))
            .set_throttle(desired.throttle.as_ref().map(|throttle| {
                ThrottleSettings::builder()
                    .rate_limit(throttle.rate_limit)
                    .burst_limit(throttle.burst_limit)
                    .build()
            }))
            .set_quota(desired.quota.as_ref().map(|quota| {
                QuotaSettings::builder()
                    .limit(quota.limit)
                    .offset(quota.offset)
                    .period(QuotaPeriodType::from(quota.period.as_str()))
                    .build()
            }))
            .set_tags(sdk_tags(tags::for_create(cx, &desired.tags)))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        let id = answer.id.ok_or_else(|| without_id(OPERATION))?;
        Ok(as_physical(&id))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&UsagePlanProperties>,
    ) -> Outcome<Option<(Physical, UsagePlanProperties)>> {
        let Some(plan) = get(clients, identifier).await? else {
            return Ok(None);
        };
        let live_tags = tag_map(plan.tags.clone());
        tags::require_ours(
            cx,
            "apigateway:GetUsagePlan",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let shown = tags::visible(&live_tags, applied_tags, clients.ignore_tags());
        Ok(Some((as_physical(identifier), live(plan, shown))))
    }

    /// Against what is live, so that a repetition has nothing left to do: a
    /// stage leaves a plan once, and the call is a slow one.
    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &UsagePlanProperties,
        desired: &UsagePlanProperties,
    ) -> Outcome<Physical> {
        let there = self.read(cx, clients, identifier, Some(desired)).await?;
        let Some((_, live)) = there else {
            return Err(gone("apigateway:UpdateUsagePlan", &named(identifier)));
        };
        change(clients, identifier, patches(&live, desired)).await?;
        let tags = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, &format!("/usageplans/{identifier}"), tags).await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteUsagePlan";
        let Some(plan) = get(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tag_map(plan.tags.clone());
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let stages = live(plan, Vec::new()).api_stages;
        let leave = stages
            .iter()
            .map(|stage| super::patch(super::Op::Remove, "/apiStages", Some(stage.token())));
        found(change(clients, identifier, leave.collect()).await)?;
        let deleted = clients
            .apigateway()
            .delete_usage_plan()
            .usage_plan_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &UsagePlanProperties,
    ) -> Outcome<Found> {
        let plans = clients
            .apigateway()
            .get_usage_plans()
            .limit(PAGE)
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .during("apigateway:GetUsagePlans")?;
        Ok(ours_among(
            cx,
            plans.into_iter().map(|plan| (plan.id, plan.tags)),
        ))
    }
}

/// The tags of a plan; `None` when there is none of that id.
pub(super) async fn tags_of(clients: &Clients, id: &str) -> Outcome<Option<TagMap>> {
    Ok(get(clients, id).await?.map(|plan| tag_map(plan.tags)))
}

fn live(plan: GetUsagePlanOutput, tags: Vec<Tag>) -> UsagePlanProperties {
    let stages = plan.api_stages.unwrap_or_default().into_iter();
    // Without a period there is no quota, only an empty object.
    let quota = plan.quota.and_then(|quota| {
        let period = quota.period?.as_str().to_owned();
        Some(Quota {
            limit: quota.limit,
            offset: quota.offset,
            period,
        })
    });
    UsagePlanProperties {
        usage_plan_name: plan.name.unwrap_or_default(),
        description: plan.description.unwrap_or_default(),
        api_stages: stages
            .map(|stage| ApiStage {
                api_id: stage.api_id.unwrap_or_default(),
                stage: stage.stage.unwrap_or_default(),
            })
            .collect(),
        throttle: plan
            .throttle
            .filter(|throttle| throttle.rate_limit > 0.0 || throttle.burst_limit > 0)
            .map(|throttle| Throttle {
                rate_limit: throttle.rate_limit,
                burst_limit: throttle.burst_limit,
            }),
        quota,
        tags,
    }
}

fn patches(current: &UsagePlanProperties, desired: &UsagePlanProperties) -> Vec<PatchOperation> {
    let mut patches = Vec::new();
    if current.usage_plan_name != desired.usage_plan_name {
        patches.push(replace("/name", &desired.usage_plan_name));
    }
    if current.description != desired.description {
        patches.push(replace("/description", &desired.description));
    }
    let (was, now) = (&current.api_stages, &desired.api_stages);
    for gone in was.iter().filter(|stage| !now.contains(stage)) {
        let token = Some(gone.token());
        patches.push(super::patch(super::Op::Remove, "/apiStages", token));
    }
    for new in now.iter().filter(|stage| !was.contains(stage)) {
        patches.push(add("/apiStages", new.token()));
    }
    match &desired.throttle {
        now if *now == current.throttle => {}
        Some(throttle) => {
            patches.push(replace("/throttle/rateLimit", throttle.rate_limit));
            patches.push(replace("/throttle/burstLimit", throttle.burst_limit));
        }
        None => patches.push(remove("/throttle")),
    }
    match &desired.quota {
        now if *now == current.quota => {}
        Some(quota) => {
            patches.push(replace("/quota/limit", quota.limit));
            patches.push(replace("/quota/offset", quota.offset));
            patches.push(replace("/quota/period", &quota.period));
        }
        None => patches.push(remove("/quota")),
    }
    patches
}

async fn change(clients: &Clients, id: &str, patches: Vec<PatchOperation>) -> Outcome<()> {
    if patches.is_empty() {
        return Ok(());
    }
    clients
        .apigateway()
        .update_usage_plan()
        .usage_plan_id(id)
        .set_patch_operations(Some(patches))
        .customize()
        .config_override(once())
        .send()
        .await
        .during("apigateway:UpdateUsagePlan")
        .map(drop)
}

async fn get(clients: &Clients, id: &str) -> Outcome<Option<GetUsagePlanOutput>> {
    let answer = clients
        .apigateway()
        .get_usage_plan()
        .usage_plan_id(id)
        .send()
        .await
        .during("apigateway:GetUsagePlan");
    found(answer)
}

fn named(id: &str) -> String {
    format!("the usage plan {id}")
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("Id", id.to_owned())])
}
