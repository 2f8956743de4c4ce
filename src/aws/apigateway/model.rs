//! `AWS::ApiGateway::Model`.

use super::{found_below, may_delete_below, once, parts, replace};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_apigateway::operation::get_model::GetModelOutput;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AWS::ApiGateway::Model`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-model.html>).
///
/// Ownership: our tags on the API, and the name below it. Interruption: AWS
/// refuses a second one of the same name. Errors: one that a method still
/// uses is `Transient`; the method goes first.
pub(in crate::aws) struct Model;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ModelProperties {
    rest_api_id: String,
    name: String,
    #[serde(default)]
    description: String,
    content_type: String,
    /// JSON, as an object or as its text.
    schema: Value,
}

#[async_trait]
impl ResourceType for Model {
    const TYPE: &'static str = "AWS::ApiGateway::Model";
    const CREATE_ONLY: &'static [&'static str] = &["ContentType", "Name", "RestApiId"];
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;

    type Properties = ModelProperties;

    fn normalise(&self, properties: &mut ModelProperties, _: &str) -> Result<(), String> {
        if let Value::String(text) = &properties.schema {
            properties.schema =
                serde_json::from_str(text).map_err(|error| format!("Schema: {error}"))?;
        }
        let name = &properties.name;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!("Name: {name:?} must hold letters and digits only"));
        }
        Ok(())
    }

    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &ModelProperties,
    ) -> Outcome<Physical> {
        clients
            .apigateway()
            .create_model()
            .rest_api_id(&desired.rest_api_id)
            .name(&desired.name)
            .description(&desired.description)
            .content_type(&desired.content_type)
            .schema(desired.schema.to_string())
            .customize()
            .config_override(once())
            .send()
            .await
            .creating("apigateway:CreateModel")
            .map_err(not_yet)?;
        Ok(as_physical(&desired.rest_api_id, &desired.name))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&ModelProperties>,
    ) -> Outcome<Option<(Physical, ModelProperties)>> {
        let [api, name] = parts(identifier)?;
        let Some(model) = get(clients, api, name).await? else {
            return Ok(None);
        };
        let text = model.schema.unwrap_or_default();
        let schema = serde_json::from_str(&text).map_err(|error| {
            let message = format!("the schema of the model {name} is no JSON: {error}");
            HandlerError::ours(ErrorKind::Other, "apigateway:GetModel", message)
        })?;
        let live = ModelProperties {
            rest_api_id: api.to_owned(),
            name: name.to_owned(),
            description: model.description.unwrap_or_default(),
            content_type: model.content_type.unwrap_or_default(),
            schema,
        };
        Ok(Some((as_physical(api, name), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &ModelProperties,
        desired: &ModelProperties,
    ) -> Outcome<Physical> {
        let [api, name] = parts(identifier)?;
        let mut patches = Vec::new();
        if current.description != desired.description {
            patches.push(replace("/description", &desired.description));
        }
        if current.schema != desired.schema {
            patches.push(replace("/schema", &desired.schema));
        }
        if !patches.is_empty() {
            clients
                .apigateway()
                .update_model()
                .rest_api_id(api)
                .model_name(name)
                .set_patch_operations(Some(patches))
                .send()
                .await
                .during("apigateway:UpdateModel")?;
        }
        Ok(as_physical(api, name))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteModel";
        let [api, name] = parts(identifier)?;
        if !may_delete_below(cx, clients, OPERATION, api).await? {
            return Ok(());
        }
        let deleted = clients
            .apigateway()
            .delete_model()
            .rest_api_id(api)
            .model_name(name)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ModelProperties,
    ) -> Outcome<Found> {
        let (api, name) = (&desired.rest_api_id, &desired.name);
        let there = get(clients, api, name).await?;
        let found_here = there.map(|_| as_physical(api, name).identifier);
        found_below(cx, clients, api, found_here.into_iter().collect()).await
    }
}

async fn get(clients: &Clients, api: &str, name: &str) -> Outcome<Option<GetModelOutput>> {
    let answer = clients
        .apigateway()
        .get_model()
        .rest_api_id(api)
        .model_name(name)
        .send()
        .await
        .during("apigateway:GetModel");
    found(answer)
}

fn as_physical(api: &str, name: &str) -> Physical {
    physical(&format!("{api}|{name}"), name, [])
}
