//! `AWS::ApiGateway::BasePathMapping`: which stage a domain name serves.

use super::{domain_name, once, parts, replace};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use aws_sdk_apigateway::operation::get_base_path_mapping::GetBasePathMappingOutput;
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::BasePathMapping`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-basepathmapping.html>).
///
/// Ownership: our tags on the domain name. Interruption: AWS refuses a second
/// one of the same path.
pub(in crate::aws) struct BasePathMapping;

/// What AWS calls the path that is empty.
const NO_PATH: &str = "(none)";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct BasePathMappingProperties {
    domain_name: String,
    #[serde(default = "no_path")]
    base_path: String,
    rest_api_id: String,
    stage: String,
}

fn no_path() -> String {
    NO_PATH.to_owned()
}

#[async_trait]
impl ResourceType for BasePathMapping {
    const TYPE: &'static str = "AWS::ApiGateway::BasePathMapping";
    const CREATE_ONLY: &'static [&'static str] = &["BasePath", "DomainName"];

    type Properties = BasePathMappingProperties;

    fn normalise(&self, properties: &mut BasePathMappingProperties, _: &str) -> Result<(), String> {
        if properties.base_path.is_empty() {
            properties.base_path = no_path();
        }
        Ok(())
    }

    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &BasePathMappingProperties,
    ) -> Outcome<Physical> {
        clients
            .apigateway()
            .create_base_path_mapping()
            .domain_name(&desired.domain_name)
            .base_path(&desired.base_path)
            .rest_api_id(&desired.rest_api_id)
            .stage(&desired.stage)
            .customize()
            .config_override(once())
            .send()
            .await
            .creating("apigateway:CreateBasePathMapping")
            .map_err(not_yet)?;
        Ok(as_physical(&desired.domain_name, &desired.base_path))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&BasePathMappingProperties>,
    ) -> Outcome<Option<(Physical, BasePathMappingProperties)>> {
        let [domain, path] = parts(identifier)?;
        Ok(get(clients, domain, path).await?.map(|mapping| {
            let live = BasePathMappingProperties {
                domain_name: domain.to_owned(),
                base_path: path.to_owned(),
                rest_api_id: mapping.rest_api_id.unwrap_or_default(),
                stage: mapping.stage.unwrap_or_default(),
            };
            (as_physical(domain, path), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &BasePathMappingProperties,
        desired: &BasePathMappingProperties,
    ) -> Outcome<Physical> {
        let [domain, path] = parts(identifier)?;
        let mut patches = Vec::new();
        if current.rest_api_id != desired.rest_api_id {
            patches.push(replace("/restapiId", &desired.rest_api_id));
        }
        if current.stage != desired.stage {
            patches.push(replace("/stage", &desired.stage));
        }
        if !patches.is_empty() {
            clients
                .apigateway()
                .update_base_path_mapping()
                .domain_name(domain)
                .base_path(path)
                .set_patch_operations(Some(patches))
                .send()
                .await
                .during("apigateway:UpdateBasePathMapping")?;
        }
        Ok(as_physical(domain, path))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteBasePathMapping";
        let [domain, path] = parts(identifier)?;
        let Some(live_tags) = domain_name::tags_of(clients, domain).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &domain_name::named(domain), &live_tags)?;
        let deleted = clients
            .apigateway()
            .delete_base_path_mapping()
            .domain_name(domain)
            .base_path(path)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &BasePathMappingProperties,
    ) -> Outcome<Found> {
        let (domain, path) = (&desired.domain_name, &desired.base_path);
        if get(clients, domain, path).await?.is_none() {
            return Ok(Found::Absent);
        }
        let Some(live_tags) = domain_name::tags_of(clients, domain).await? else {
            return Ok(Found::Absent);
        };
        Ok(match tags::ownership(cx, &live_tags) {
            // The tags are the domain name's: its logical id is another.
            Ownership::Ours | Ownership::Sibling(_) => {
                Found::Ours(vec![as_physical(domain, path).identifier])
            }
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} {why}", domain_name::named(domain)))
            }
        })
    }
}

async fn get(
    clients: &Clients,
    domain: &str,
    path: &str,
) -> Outcome<Option<GetBasePathMappingOutput>> {
    let answer = clients
        .apigateway()
        .get_base_path_mapping()
        .domain_name(domain)
        .base_path(path)
        .send()
        .await
        .during("apigateway:GetBasePathMapping");
    found(answer)
}

fn as_physical(domain: &str, path: &str) -> Physical {
    let identifier = format!("{domain}|{path}");
    physical(&identifier, &identifier, [])
}
