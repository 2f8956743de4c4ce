//! `AWS::WAFv2::WebACLAssociation`: a stage behind a web ACL.

use super::{found_on, named, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// `AWS::WAFv2::WebACLAssociation`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webaclassociation.html>).
///
/// Ownership: our tags on the web ACL. Interruption: the same association may
/// be made again. Errors: a stage or web ACL that has only just been made is
/// not found or not available for a while, and `Transient`.
pub(in crate::aws) struct WebAclAssociation;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct WebAclAssociationProperties {
    resource_arn: String,
    #[serde(rename = "WebACLArn")]
    web_acl_arn: String,
}

#[async_trait]
impl ResourceType for WebAclAssociation {
    const TYPE: &'static str = "AWS::WAFv2::WebACLAssociation";
    const CREATE_ONLY: &'static [&'static str] = &["ResourceArn", "WebACLArn"];
    /// A resource has one web ACL.
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;

    type Properties = WebAclAssociationProperties;

    fn normalise(&self, _: &mut WebAclAssociationProperties, _: &str) -> Result<(), String> {
        Ok(())
    }

    /// Looks first: the call would take another web ACL's place.
    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &WebAclAssociationProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "wafv2:AssociateWebACL";
        let (resource, acl) = (&desired.resource_arn, &desired.web_acl_arn);
        if let Some(there) = web_acl_of(clients, resource).await? {
            let message = format!("{resource} is behind {} already", named(&there));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        clients
            .wafv2()
            .associate_web_acl()
            .resource_arn(resource)
            .web_acl_arn(acl)
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        Ok(as_physical(resource, acl))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&WebAclAssociationProperties>,
    ) -> Outcome<Option<(Physical, WebAclAssociationProperties)>> {
        let (resource, acl) = split(identifier)?;
        let there = web_acl_of(clients, resource).await?;
        Ok(there.filter(|there| there == acl).map(|there| {
            let live = WebAclAssociationProperties {
                resource_arn: resource.to_owned(),
                web_acl_arn: there,
            };
            (as_physical(resource, acl), live)
        }))
    }

    /// All of it is create-only.
    async fn update(
        &self,
        _cx: &Context<'_>,
        _clients: &Clients,
        identifier: &str,
        _current: &WebAclAssociationProperties,
        _desired: &WebAclAssociationProperties,
    ) -> Outcome<Physical> {
        let (resource, acl) = split(identifier)?;
        Ok(as_physical(resource, acl))
    }

    /// Another web ACL has been put there by somebody else, and stays.
    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "wafv2:DisassociateWebACL";
        let (resource, acl) = split(identifier)?;
        if web_acl_of(clients, resource).await?.as_deref() != Some(acl) {
            return Ok(());
        }
        let Some(live_tags) = tags_of(clients, acl).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(acl), &live_tags)?;
        let deleted = clients
            .wafv2()
            .disassociate_web_acl()
            .resource_arn(resource)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &WebAclAssociationProperties,
    ) -> Outcome<Found> {
        let (resource, acl) = (&desired.resource_arn, &desired.web_acl_arn);
        match web_acl_of(clients, resource).await? {
            None => Ok(Found::Absent),
            Some(there) if there == *acl => {
                found_on(cx, clients, acl, &as_physical(resource, acl).identifier).await
            }
            Some(there) => Ok(Found::Stranger(format!(
                "{resource} is behind {}",
                named(&there)
            ))),
        }
    }
}

/// The ARN of the web ACL before a resource, if there are both.
async fn web_acl_of(clients: &Clients, resource: &str) -> Outcome<Option<String>> {
    let answer = clients
        .wafv2()
        .get_web_acl_for_resource()
        .resource_arn(resource)
        .send()
        .await
        .during("wafv2:GetWebACLForResource");
    let acl = found(answer)?.and_then(|answer| answer.web_acl);
    Ok(acl.map(|acl| acl.arn))
}

fn split(identifier: &str) -> Outcome<(&str, &str)> {
    identifier.split_once('|').ok_or_else(|| {
        let message = format!("{identifier:?} is no resource and web ACL");
        HandlerError::ours(ErrorKind::Invalid, "wafv2:GetWebACLForResource", message)
    })
}

fn as_physical(resource: &str, acl: &str) -> Physical {
    let identifier = format!("{resource}|{acl}");
    physical(&identifier, &identifier, [])
}
