//! `AWS::ApiGateway::RequestValidator`.

use super::{PAGE, found_below, may_delete_below, once, parts, replace, without_id};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::RequestValidator`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-requestvalidator.html>).
///
/// Ownership: our tags on the API, and the name below it, which AWS lets
/// stand twice: `find` names them all. Errors: one that a method still uses
/// is `Transient`; the method goes first.
pub(in crate::aws) struct RequestValidator;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct RequestValidatorProperties {
    rest_api_id: String,
    name: String,
    #[serde(default)]
    validate_request_body: bool,
    #[serde(default)]
    validate_request_parameters: bool,
}

#[async_trait]
impl ResourceType for RequestValidator {
    const TYPE: &'static str = "AWS::ApiGateway::RequestValidator";
    const CREATE_ONLY: &'static [&'static str] = &["Name", "RestApiId"];

    type Properties = RequestValidatorProperties;

    fn normalise(&self, _: &mut RequestValidatorProperties, _: &str) -> Result<(), String> {
        Ok(())
    }

    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &RequestValidatorProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "apigateway:CreateRequestValidator";
        let answer = clients
            .apigateway()
            .create_request_validator()
            .rest_api_id(&desired.rest_api_id)
            .name(&desired.name)
            .validate_request_body(desired.validate_request_body)
            .validate_request_parameters(desired.validate_request_parameters)
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
        _applied: Option<&RequestValidatorProperties>,
    ) -> Outcome<Option<(Physical, RequestValidatorProperties)>> {
        let [api, id] = parts(identifier)?;
        let answer = clients
            .apigateway()
            .get_request_validator()
            .rest_api_id(api)
            .request_validator_id(id)
            .send()
            .await
            .during("apigateway:GetRequestValidator");
        Ok(found(answer)?.map(|validator| {
            let live = RequestValidatorProperties {
                rest_api_id: api.to_owned(),
                name: validator.name.unwrap_or_default(),
                validate_request_body: validator.validate_request_body,
                validate_request_parameters: validator.validate_request_parameters,
            };
            (as_physical(api, id), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &RequestValidatorProperties,
        desired: &RequestValidatorProperties,
    ) -> Outcome<Physical> {
        let [api, id] = parts(identifier)?;
        let mut patches = Vec::new();
        if current.validate_request_body != desired.validate_request_body {
            let validate = desired.validate_request_body;
            patches.push(replace("/validateRequestBody", validate));
        }
        if current.validate_request_parameters != desired.validate_request_parameters {
            let validate = desired.validate_request_parameters;
            patches.push(replace("/validateRequestParameters", validate));
        }
        if !patches.is_empty() {
            clients
                .apigateway()
                .update_request_validator()
                .rest_api_id(api)
                .request_validator_id(id)
                .set_patch_operations(Some(patches))
                .send()
                .await
                .during("apigateway:UpdateRequestValidator")?;
        }
        Ok(as_physical(api, id))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteRequestValidator";
        let [api, id] = parts(identifier)?;
        if !may_delete_below(cx, clients, OPERATION, api).await? {
            return Ok(());
        }
        let deleted = clients
            .apigateway()
            .delete_request_validator()
            .rest_api_id(api)
            .request_validator_id(id)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RequestValidatorProperties,
    ) -> Outcome<Found> {
        let api = &desired.rest_api_id;
        // An API has a handful: one page.
        let listed = clients
            .apigateway()
            .get_request_validators()
            .rest_api_id(api)
            .limit(PAGE)
            .send()
            .await
            .during("apigateway:GetRequestValidators");
        let found_here: Vec<String> = found(listed)?
            .and_then(|answer| answer.items)
            .unwrap_or_default()
            .into_iter()
            .filter(|one| one.name.as_ref() == Some(&desired.name))
            .filter_map(|one| one.id)
            .map(|id| as_physical(api, &id).identifier)
            .collect();
        found_below(cx, clients, api, found_here).await
    }
}

fn as_physical(api: &str, id: &str) -> Physical {
    physical(
        &format!("{api}|{id}"),
        id,
        [("RequestValidatorId", id.to_owned())],
    )
}
