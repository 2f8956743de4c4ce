//! `AWS::ApiGateway::ClientCertificate`: what the API shows its backends.

use super::{PAGE, change_tags, once, ours_among, replace, sdk_tags, tag_map, without_id};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use aws_sdk_apigateway::operation::get_client_certificate::GetClientCertificateOutput;
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::ClientCertificate`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-clientcertificate.html>).
///
/// Ownership: our tags, which stand in `GenerateClientCertificate` itself.
/// Interruption: every call but the creating one may be made again. Errors:
/// one that a stage still uses is `Transient`.
pub(in crate::aws) struct ClientCertificate;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ClientCertificateProperties {
    #[serde(default)]
    description: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[async_trait]
impl ResourceType for ClientCertificate {
    const TYPE: &'static str = "AWS::ApiGateway::ClientCertificate";
    const CREATE_ONLY: &'static [&'static str] = &[];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);

    type Properties = ClientCertificateProperties;

    fn normalise(
        &self,
        properties: &mut ClientCertificateProperties,
        _: &str,
    ) -> Result<(), String> {
        tags::normalise(&mut properties.tags)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ClientCertificateProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "apigateway:GenerateClientCertificate";
        let answer = clients
            .apigateway()
            .generate_client_certificate()
            .description(&desired.description)
            .set_tags(sdk_tags(tags::for_create(cx, &desired.tags)))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)?;
        let id = answer.client_certificate_id;
        Ok(as_physical(&id.ok_or_else(|| without_id(OPERATION))?))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&ClientCertificateProperties>,
    ) -> Outcome<Option<(Physical, ClientCertificateProperties)>> {
        let Some(certificate) = get(clients, identifier).await? else {
            return Ok(None);
        };
        let live_tags = tag_map(certificate.tags);
        tags::require_ours(
            cx,
            "apigateway:GetClientCertificate",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let live = ClientCertificateProperties {
            description: certificate.description.unwrap_or_default(),
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &ClientCertificateProperties,
        desired: &ClientCertificateProperties,
    ) -> Outcome<Physical> {
        if current.description != desired.description {
            clients
                .apigateway()
                .update_client_certificate()
                .client_certificate_id(identifier)
                .patch_operations(replace("/description", &desired.description))
                .send()
                .await
                .during("apigateway:UpdateClientCertificate")?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(
            clients,
            &format!("/clientcertificates/{identifier}"),
            change,
        )
        .await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteClientCertificate";
        let Some(certificate) = get(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tag_map(certificate.tags);
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .apigateway()
            .delete_client_certificate()
            .client_certificate_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &ClientCertificateProperties,
    ) -> Outcome<Found> {
        let certificates = clients
            .apigateway()
            .get_client_certificates()
            .limit(PAGE)
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .during("apigateway:GetClientCertificates")?;
        Ok(ours_among(
            cx,
            certificates
                .into_iter()
                .map(|one| (one.client_certificate_id, one.tags)),
        ))
    }
}

async fn get(clients: &Clients, id: &str) -> Outcome<Option<GetClientCertificateOutput>> {
    let answer = clients
        .apigateway()
        .get_client_certificate()
        .client_certificate_id(id)
        .send()
        .await
        .during("apigateway:GetClientCertificate");
    found(answer)
}

fn named(id: &str) -> String {
    format!("the client certificate {id}")
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("ClientCertificateId", id.to_owned())])
}
