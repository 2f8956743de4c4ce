//! `AWS::ApiGateway::Resource`: one part of a path.

use super::{PAGE, found_below, may_delete_below, once, parts, without_id};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::engine::{Context, Coupling, Found, Physical};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::Resource`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-resource.html>).
///
/// Ownership: our tags on the API; of one parent's resources each path part is
/// one. Interruption: AWS refuses a second one of the same place.
pub(in crate::aws) struct Resource;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ResourceProperties {
    rest_api_id: String,
    parent_id: String,
    path_part: String,
}

#[async_trait]
impl ResourceType for Resource {
    const TYPE: &'static str = "AWS::ApiGateway::Resource";
    const CREATE_ONLY: &'static [&'static str] = &["ParentId", "PathPart", "RestApiId"];
    const COUPLING: Coupling = Coupling::Created;

    type Properties = ResourceProperties;

    fn normalise(&self, _: &mut ResourceProperties, _: &str) -> Result<(), String> {
        Ok(())
    }

    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &ResourceProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "apigateway:CreateResource";
        let answer = clients
            .apigateway()
            .create_resource()
            .rest_api_id(&desired.rest_api_id)
            .parent_id(&desired.parent_id)
            .path_part(&desired.path_part)
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        let id = answer.id.ok_or_else(|| without_id(OPERATION))?;
        Ok(as_physical(&desired.rest_api_id, &id))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&ResourceProperties>,
    ) -> Outcome<Option<(Physical, ResourceProperties)>> {
        let [api, id] = parts(identifier)?;
        let answer = clients
            .apigateway()
            .get_resource()
            .rest_api_id(api)
            .resource_id(id)
            .send()
            .await
            .during("apigateway:GetResource");
        Ok(found(answer)?.map(|resource| {
            let live = ResourceProperties {
                rest_api_id: api.to_owned(),
                parent_id: resource.parent_id.unwrap_or_default(),
                path_part: resource.path_part.unwrap_or_default(),
            };
            (as_physical(api, id), live)
        }))
    }

    /// All of it is create-only.
    async fn update(
        &self,
        _cx: &Context<'_>,
        _clients: &Clients,
        identifier: &str,
        _current: &ResourceProperties,
        _desired: &ResourceProperties,
    ) -> Outcome<Physical> {
        let [api, id] = parts(identifier)?;
        Ok(as_physical(api, id))
    }

    /// AWS deletes what stands below it with it.
    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteResource";
        let [api, id] = parts(identifier)?;
        if !may_delete_below(cx, clients, OPERATION, api).await? {
            return Ok(());
        }
        let deleted = clients
            .apigateway()
            .delete_resource()
            .rest_api_id(api)
            .resource_id(id)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ResourceProperties,
    ) -> Outcome<Found> {
        let api = &desired.rest_api_id;
        let listed = clients
            .apigateway()
            .get_resources()
            .rest_api_id(api)
            .limit(PAGE)
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .during("apigateway:GetResources");
        let found_here: Vec<String> = found(listed)?
            .unwrap_or_default()
            .into_iter()
            .filter(|one| one.parent_id.as_ref() == Some(&desired.parent_id))
            .filter(|one| one.path_part.as_ref() == Some(&desired.path_part))
            .filter_map(|one| one.id)
            .map(|id| as_physical(api, &id).identifier)
            .collect();
        found_below(cx, clients, api, found_here).await
    }
}

fn as_physical(api: &str, id: &str) -> Physical {
    physical(&format!("{api}|{id}"), id, [("ResourceId", id.to_owned())])
}
