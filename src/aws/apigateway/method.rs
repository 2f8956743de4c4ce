//! `AWS::ApiGateway::Method`, with its integration.

use super::{add, escaped, found_below, gone, may_delete_below, once, parts, remove, replace};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use aws_sdk_apigateway::operation::get_method::GetMethodOutput;
use aws_sdk_apigateway::types::{Integration as SdkIntegration, IntegrationType, PatchOperation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `AWS::ApiGateway::Method`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-method.html>).
///
/// Ownership: our tags on the API; a resource has one method of each verb.
/// Interruption: AWS refuses a second `PutMethod`; the integration is a call
/// of its own that replaces the one that is there.
pub(in crate::aws) struct Method;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct MethodProperties {
    rest_api_id: String,
    resource_id: String,
    http_method: String,
    authorization_type: String,
    #[serde(default)]
    api_key_required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_validator_id: Option<String>,
    /// By content type.
    #[serde(default)]
    request_models: BTreeMap<String, String>,
    /// Whether each is required.
    #[serde(default)]
    request_parameters: BTreeMap<String, bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    integration: Option<Integration>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Integration {
    r#type: String,
    integration_http_method: String,
    uri: String,
    #[serde(default = "longest")]
    timeout_in_millis: i32,
}

/// What AWS waits where nothing is said.
fn longest() -> i32 {
    29_000
}

#[async_trait]
impl ResourceType for Method {
    const TYPE: &'static str = "AWS::ApiGateway::Method";
    const CREATE_ONLY: &'static [&'static str] = &["HttpMethod", "ResourceId", "RestApiId"];

    type Properties = MethodProperties;

    fn normalise(&self, properties: &mut MethodProperties, _: &str) -> Result<(), String> {
        properties.request_validator_id.take_if(|id| id.is_empty());
        Ok(())
    }

    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &MethodProperties,
    ) -> Outcome<Physical> {
        let parameters = desired.request_parameters.clone();
        clients
            .apigateway()
            .put_method()
            .rest_api_id(&desired.rest_api_id)
            .resource_id(&desired.resource_id)
            .http_method(&desired.http_method)
            .authorization_type(&desired.authorization_type)
            .api_key_required(desired.api_key_required)
            .set_request_validator_id(desired.request_validator_id.clone())
            .set_request_models(Some(desired.request_models.clone().into_iter().collect()))
            .set_request_parameters(Some(parameters.into_iter().collect()))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating("apigateway:PutMethod")
            .map_err(not_yet)?;
        Ok(as_physical([
            &desired.rest_api_id,
            &desired.resource_id,
            &desired.http_method,
        ]))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &MethodProperties,
    ) -> Outcome<()> {
        match &desired.integration {
            Some(integration) => put_integration(clients, parts(identifier)?, integration).await,
            None => Ok(()),
        }
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&MethodProperties>,
    ) -> Outcome<Option<(Physical, MethodProperties)>> {
        let [api, resource, verb] = parts(identifier)?;
        let Some(method) = get(clients, [api, resource, verb]).await? else {
            return Ok(None);
        };
        let models = method.request_models.unwrap_or_default();
        let parameters = method.request_parameters.unwrap_or_default();
        let live = MethodProperties {
            rest_api_id: api.to_owned(),
            resource_id: resource.to_owned(),
            http_method: verb.to_owned(),
            authorization_type: method.authorization_type.unwrap_or_default(),
            api_key_required: method.api_key_required.unwrap_or_default(),
            request_validator_id: method.request_validator_id,
            request_models: models.into_iter().collect(),
            request_parameters: parameters.into_iter().collect(),
            integration: method.method_integration.map(live_integration),
        };
        Ok(Some((as_physical([api, resource, verb]), live)))
    }

    /// Against what is live, so that a repetition removes nothing twice.
    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _current: &MethodProperties,
        desired: &MethodProperties,
    ) -> Outcome<Physical> {
        let [api, resource, verb] = parts(identifier)?;
        let there = self.read(cx, clients, identifier, Some(desired)).await?;
        let Some((_, live)) = there else {
            let what = format!("the method {identifier}");
            return Err(gone("apigateway:UpdateMethod", &what));
        };
        let patches = patches(&live, desired);
        if !patches.is_empty() {
            clients
                .apigateway()
                .update_method()
                .rest_api_id(api)
                .resource_id(resource)
                .http_method(verb)
                .set_patch_operations(Some(patches))
                .customize()
                .config_override(once())
                .send()
                .await
                .during("apigateway:UpdateMethod")?;
        }
        if live.integration != desired.integration {
            match &desired.integration {
                Some(new) => put_integration(clients, [api, resource, verb], new).await?,
                None => delete_integration(clients, [api, resource, verb]).await?,
            }
        }
        Ok(as_physical([api, resource, verb]))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteMethod";
        let [api, resource, verb] = parts(identifier)?;
        if !may_delete_below(cx, clients, OPERATION, api).await? {
            return Ok(());
        }
        let deleted = clients
            .apigateway()
            .delete_method()
            .rest_api_id(api)
            .resource_id(resource)
            .http_method(verb)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &MethodProperties,
    ) -> Outcome<Found> {
        let api = &desired.rest_api_id;
        let place = [api.as_str(), &desired.resource_id, &desired.http_method];
        let there = get(clients, place).await?;
        let found_here = there.map(|_| as_physical(place).identifier);
        found_below(cx, clients, api, found_here.into_iter().collect()).await
    }
}

fn patches(current: &MethodProperties, desired: &MethodProperties) -> Vec<PatchOperation> {
    let mut patches = Vec::new();
    if current.authorization_type != desired.authorization_type {
        patches.push(replace("/authorizationType", &desired.authorization_type));
    }
    if current.api_key_required != desired.api_key_required {
        patches.push(replace("/apiKeyRequired", desired.api_key_required));
    }
    if current.request_validator_id != desired.request_validator_id {
        // An empty one is none.
        let id = desired.request_validator_id.as_deref().unwrap_or_default();
        patches.push(replace("/requestValidatorId", id));
    }
    patch_members(
        "/requestModels",
        &current.request_models,
        &desired.request_models,
        &mut patches,
    );
    patch_members(
        "/requestParameters",
        &current.request_parameters,
        &desired.request_parameters,
        &mut patches,
    );
    patches
}

fn patch_members<T: PartialEq + ToString>(
    path: &str,
    current: &BTreeMap<String, T>,
    desired: &BTreeMap<String, T>,
    patches: &mut Vec<PatchOperation>,
) {
    for name in current.keys().filter(|name| !desired.contains_key(*name)) {
        patches.push(remove(format!("{path}/{}", escaped(name))));
    }
    for (name, value) in desired {
        let path = format!("{path}/{}", escaped(name));
        match current.get(name) {
            None => patches.push(add(path, value.to_string())),
            Some(was) if was != value => patches.push(replace(path, value.to_string())),
            Some(_) => {}
        }
    }
}

async fn get(clients: &Clients, place: [&str; 3]) -> Outcome<Option<GetMethodOutput>> {
    let [api, resource, verb] = place;
    let answer = clients
        .apigateway()
        .get_method()
        .rest_api_id(api)
        .resource_id(resource)
        .http_method(verb)
        .send()
        .await
        .during("apigateway:GetMethod");
    found(answer)
}

async fn put_integration(
    clients: &Clients,
    place: [&str; 3],
    integration: &Integration,
) -> Outcome<()> {
    let [api, resource, verb] = place;
    clients
        .apigateway()
        .put_integration()
        .rest_api_id(api)
        .resource_id(resource)
        .http_method(verb)
        .r#type(IntegrationType::from(integration.r#type.as_str()))
        .integration_http_method(&integration.integration_http_method)
        .uri(&integration.uri)
        .timeout_in_millis(integration.timeout_in_millis)
        .send()
        .await
        .during("apigateway:PutIntegration")
        .map(drop)
}

async fn delete_integration(clients: &Clients, place: [&str; 3]) -> Outcome<()> {
    let [api, resource, verb] = place;
    let deleted = clients
        .apigateway()
        .delete_integration()
        .rest_api_id(api)
        .resource_id(resource)
        .http_method(verb)
        .send()
        .await
        .during("apigateway:DeleteIntegration");
    found(deleted).map(drop)
}

fn live_integration(live: SdkIntegration) -> Integration {
    Integration {
        r#type: live
            .r#type
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default(),
        integration_http_method: live.http_method.unwrap_or_default(),
        uri: live.uri.unwrap_or_default(),
        timeout_in_millis: live.timeout_in_millis,
    }
}

/// `Ref` of a method is good for nothing; the identifier serves as well.
fn as_physical(place: [&str; 3]) -> Physical {
    let identifier = place.join("|");
    physical(&identifier, &identifier, [])
}
