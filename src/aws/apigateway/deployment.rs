//! `AWS::ApiGateway::Deployment`: the API as it was at one time.

use super::{PAGE, found_below, may_delete_below, once, parts, without_id};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::engine::{Context, Found, Physical, Replacement};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::Deployment`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html>).
///
/// A deployment never changes: a stage goes on serving the API as it was then.
/// So the description, which holds a digest of the API and is create-only here
/// (not so with CloudFormation), makes a new one when the API changes; the
/// old one goes when the stage has moved on.
///
/// Ownership: our tags on the API, and the description below it.
/// Errors: one that a stage still serves is `Transient`.
pub(in crate::aws) struct Deployment;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct DeploymentProperties {
    rest_api_id: String,
    #[serde(default)]
    description: String,
}

#[async_trait]
impl ResourceType for Deployment {
    const TYPE: &'static str = "AWS::ApiGateway::Deployment";
    const CREATE_ONLY: &'static [&'static str] = &["Description", "RestApiId"];
    const REPLACEMENT: Replacement = Replacement::CreateFirst;

    type Properties = DeploymentProperties;

    fn normalise(&self, _: &mut DeploymentProperties, _: &str) -> Result<(), String> {
        Ok(())
    }

    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &DeploymentProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "apigateway:CreateDeployment";
        let answer = clients
            .apigateway()
            .create_deployment()
            .rest_api_id(&desired.rest_api_id)
            .description(&desired.description)
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
        _applied: Option<&DeploymentProperties>,
    ) -> Outcome<Option<(Physical, DeploymentProperties)>> {
        let [id, api] = parts(identifier)?;
        let answer = clients
            .apigateway()
            .get_deployment()
            .rest_api_id(api)
            .deployment_id(id)
            .send()
            .await
            .during("apigateway:GetDeployment");
        Ok(found(answer)?.map(|deployment| {
            let live = DeploymentProperties {
                rest_api_id: api.to_owned(),
                description: deployment.description.unwrap_or_default(),
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
        _current: &DeploymentProperties,
        _desired: &DeploymentProperties,
    ) -> Outcome<Physical> {
        let [id, api] = parts(identifier)?;
        Ok(as_physical(api, id))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteDeployment";
        let [id, api] = parts(identifier)?;
        if !may_delete_below(cx, clients, OPERATION, api).await? {
            return Ok(());
        }
        let deleted = clients
            .apigateway()
            .delete_deployment()
            .rest_api_id(api)
            .deployment_id(id)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &DeploymentProperties,
    ) -> Outcome<Found> {
        let api = &desired.rest_api_id;
        let listed = clients
            .apigateway()
            .get_deployments()
            .rest_api_id(api)
            .limit(PAGE)
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .during("apigateway:GetDeployments");
        let found_here: Vec<String> = found(listed)?
            .unwrap_or_default()
            .into_iter()
            .filter(|one| one.description.as_ref() == Some(&desired.description))
            .filter_map(|one| one.id)
            .map(|id| as_physical(api, &id).identifier)
            .collect();
        found_below(cx, clients, api, found_here).await
    }
}

fn as_physical(api: &str, id: &str) -> Physical {
    physical(
        &format!("{id}|{api}"),
        id,
        [("DeploymentId", id.to_owned())],
    )
}
