//! `AWS::ApiGateway::DomainName`, regional and with mutual TLS.

use super::rest_api::Endpoint;
use super::{change_tags, once, replace, sdk_tags, tag_map};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange, TagMap};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_apigateway::operation::get_domain_name::GetDomainNameOutput;
use aws_sdk_apigateway::types::{
    DomainNameStatus, MutualTlsAuthenticationInput, PatchOperation, SecurityPolicy,
};
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::DomainName`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-domainname.html>).
///
/// Ownership: our tags, which stand in `CreateDomainName` itself; a name is
/// one of its kind, so that one which is replaced goes first. Interruption:
/// every call may be made again.
pub(in crate::aws) struct DomainName;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct DomainNameProperties {
    domain_name: String,
    regional_certificate_arn: String,
    endpoint_configuration: Endpoint,
    security_policy: String,
    mutual_tls_authentication: MutualTls,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MutualTls {
    truststore_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    truststore_version: Option<String>,
}

#[async_trait]
impl ResourceType for DomainName {
    const TYPE: &'static str = "AWS::ApiGateway::DomainName";
    const CREATE_ONLY: &'static [&'static str] = &["DomainName", "EndpointConfiguration"];
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["DomainName"]);

    type Properties = DomainNameProperties;

    fn normalise(&self, properties: &mut DomainNameProperties, _: &str) -> Result<(), String> {
        properties.endpoint_configuration.normalise()?;
        let trust = &mut properties.mutual_tls_authentication;
        trust
            .truststore_version
            .take_if(|version| version.is_empty());
        tags::normalise(&mut properties.tags)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &DomainNameProperties,
    ) -> Outcome<Physical> {
        let trust = &desired.mutual_tls_authentication;
        let answer = clients
            .apigateway()
            .create_domain_name()
            .domain_name(&desired.domain_name)
            .regional_certificate_arn(&desired.regional_certificate_arn)
            .endpoint_configuration(desired.endpoint_configuration.to_sdk())
            .security_policy(SecurityPolicy::from(desired.security_policy.as_str()))
            .mutual_tls_authentication(
                MutualTlsAuthenticationInput::builder()
                    .truststore_uri(&trust.truststore_uri)
                    .set_truststore_version(trust.truststore_version.clone())
                    .build(),
            )
            .set_tags(sdk_tags(tags::for_create(cx, &desired.tags)))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating("apigateway:CreateDomainName")?;
        Ok(as_physical(
            &desired.domain_name,
            answer.regional_domain_name,
            answer.regional_hosted_zone_id,
        ))
    }

    async fn ready(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:GetDomainName";
        let mut patience = Patience::new();
        loop {
            let Some(domain) = get(clients, identifier).await? else {
                let message = format!("{} is not there", named(identifier));
                return Err(HandlerError::ours(ErrorKind::NotFound, OPERATION, message));
            };
            match domain.domain_name_status {
                None | Some(DomainNameStatus::Available) => return Ok(()),
                Some(DomainNameStatus::Updating | DomainNameStatus::Pending) => {}
                // Someone has to do something about a certificate first.
                Some(status) => {
                    let why = domain.domain_name_status_message.unwrap_or_default();
                    let message = format!("{} is {}: {why}", named(identifier), status.as_str());
                    return Err(HandlerError::ours(ErrorKind::Invalid, OPERATION, message));
                }
            }
            patience.pause(cx, OPERATION, &named(identifier)).await?;
        }
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&DomainNameProperties>,
    ) -> Outcome<Option<(Physical, DomainNameProperties)>> {
        let Some(domain) = get(clients, identifier).await? else {
            return Ok(None);
        };
        let live_tags = tag_map(domain.tags);
        tags::require_ours(
            cx,
            "apigateway:GetDomainName",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let trust = domain.mutual_tls_authentication;
        let (uri, version) = trust.map_or((None, None), |trust| {
            (trust.truststore_uri, trust.truststore_version)
        });
        let live = DomainNameProperties {
            domain_name: identifier.to_owned(),
            regional_certificate_arn: domain.regional_certificate_arn.unwrap_or_default(),
            endpoint_configuration: Endpoint::from_sdk(domain.endpoint_configuration),
            security_policy: domain
                .security_policy
                .map(|policy| policy.as_str().to_owned())
                .unwrap_or_default(),
            mutual_tls_authentication: MutualTls {
                truststore_uri: uri.unwrap_or_default(),
                truststore_version: version,
            },
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        let physical = as_physical(
            identifier,
            domain.regional_domain_name,
            domain.regional_hosted_zone_id,
        );
        Ok(Some((physical, live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &DomainNameProperties,
        desired: &DomainNameProperties,
    ) -> Outcome<Physical> {
        let patches = patches(current, desired);
        if !patches.is_empty() {
            clients
                .apigateway()
                .update_domain_name()
                .domain_name(identifier)
                .set_patch_operations(Some(patches))
                .send()
                .await
                .during("apigateway:UpdateDomainName")?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, &format!("/domainnames/{identifier}"), change).await?;
        let domain = get(clients, identifier).await?;
        let (name, zone) = domain.map_or((None, None), |domain| {
            (domain.regional_domain_name, domain.regional_hosted_zone_id)
        });
        Ok(as_physical(identifier, name, zone))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteDomainName";
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .apigateway()
            .delete_domain_name()
            .domain_name(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &DomainNameProperties,
    ) -> Outcome<Found> {
        let name = &desired.domain_name;
        Ok(match tags_of(clients, name).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(name), name, &live_tags),
            None => Found::Absent,
        })
    }
}

fn patches(current: &DomainNameProperties, desired: &DomainNameProperties) -> Vec<PatchOperation> {
    let mut patches = Vec::new();
    if current.regional_certificate_arn != desired.regional_certificate_arn {
        let certificate = &desired.regional_certificate_arn;
        patches.push(replace("/regionalCertificateArn", certificate));
    }
    if current.security_policy != desired.security_policy {
        patches.push(replace("/securityPolicy", &desired.security_policy));
    }
    let (was, now) = (
        &current.mutual_tls_authentication,
        &desired.mutual_tls_authentication,
    );
    if was != now {
        let uri = "/mutualTlsAuthentication/truststoreUri";
        patches.push(replace(uri, &now.truststore_uri));
    }
    if was.truststore_version != now.truststore_version {
        // An empty version is the newest.
        let version = now.truststore_version.as_deref().unwrap_or_default();
        patches.push(replace(
            "/mutualTlsAuthentication/truststoreVersion",
            version,
        ));
    }
    patches
}

/// The tags of a domain name; `None` when there is none of that name.
pub(super) async fn tags_of(clients: &Clients, name: &str) -> Outcome<Option<TagMap>> {
    Ok(get(clients, name).await?.map(|domain| tag_map(domain.tags)))
}

async fn get(clients: &Clients, name: &str) -> Outcome<Option<GetDomainNameOutput>> {
    let answer = clients
        .apigateway()
        .get_domain_name()
        .domain_name(name)
        .send()
        .await
        .during("apigateway:GetDomainName");
    found(answer)
}

pub(super) fn named(name: &str) -> String {
    format!("the domain name {name}")
}

/// What a DNS record of the user's points to stands in the attributes.
fn as_physical(name: &str, regional: Option<String>, zone: Option<String>) -> Physical {
    physical(
        name,
        name,
        [
            ("RegionalDomainName", regional.unwrap_or_default()),
            ("RegionalHostedZoneId", zone.unwrap_or_default()),
        ],
    )
}
