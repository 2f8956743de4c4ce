//! `AWS::EC2::SubnetNetworkAclAssociation`. It carries no tags: it is ours
//! when the subnet is.

use super::route_table_association::require_our_subnet;
use super::{filter, once, subnet, told};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_ec2::types::{NetworkAcl, NetworkAclAssociation};
use serde::{Deserialize, Serialize};

/// `AWS::EC2::SubnetNetworkAclAssociation`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnetnetworkaclassociation.html>).
///
/// A subnet always has a network ACL, at first the VPC's default. So creating
/// takes the place of what is there, deleting puts the default back, and each
/// gives the association a new id. Ownership: our tags on the subnet.
/// Interruption: each is one call that may be made again.
pub(in crate::aws) struct SubnetNetworkAclAssociation;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct AssociationProperties {
    network_acl_id: String,
    subnet_id: String,
}

#[async_trait]
impl ResourceType for SubnetNetworkAclAssociation {
    const TYPE: &'static str = "AWS::EC2::SubnetNetworkAclAssociation";
    const CREATE_ONLY: &'static [&'static str] = &["NetworkAclId", "SubnetId"];

    type Properties = AssociationProperties;

    fn normalise(&self, _: &mut AssociationProperties, _: &str) -> Result<(), String> {
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &AssociationProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:ReplaceNetworkAclAssociation";
        require_our_subnet(cx, clients, OPERATION, &desired.subnet_id).await?;
        let Some((_, there)) = of_subnet(clients, &desired.subnet_id).await? else {
            let message = format!("{} has no ACL yet", subnet::named(&desired.subnet_id));
            return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
        };
        let answer = clients
            .ec2()
            .replace_network_acl_association()
            .set_association_id(there.network_acl_association_id)
            .network_acl_id(&desired.network_acl_id)
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        Ok(as_physical(&told(OPERATION, answer.new_association_id)?))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&AssociationProperties>,
    ) -> Outcome<Option<(Physical, AssociationProperties)>> {
        let found = named(clients, identifier).await?;
        Ok(found.map(|(_, association)| {
            let live = AssociationProperties {
                network_acl_id: association.network_acl_id.unwrap_or_default(),
                subnet_id: association.subnet_id.unwrap_or_default(),
            };
            (as_physical(identifier), live)
        }))
    }

    /// Nothing of it can be changed in place.
    async fn update(
        &self,
        _cx: &Context<'_>,
        _clients: &Clients,
        identifier: &str,
        _current: &AssociationProperties,
        _desired: &AssociationProperties,
    ) -> Outcome<Physical> {
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:ReplaceNetworkAclAssociation";
        let Some((acl, association)) = named(clients, identifier).await? else {
            return Ok(());
        };
        let subnet_id = association.subnet_id.unwrap_or_default();
        let Some(live_tags) = subnet::tags_of(clients, &subnet_id).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &subnet::named(&subnet_id), &live_tags)?;
        let Some(default) = default_of(clients, acl.vpc_id.as_deref().unwrap_or_default()).await?
        else {
            return Ok(());
        };
        let replaced = clients
            .ec2()
            .replace_network_acl_association()
            .association_id(identifier)
            .network_acl_id(default)
            .send()
            .await
            .during(OPERATION);
        found(replaced).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &AssociationProperties,
    ) -> Outcome<Found> {
        let Some((acl, association)) = of_subnet(clients, &desired.subnet_id).await? else {
            return Ok(Found::Absent);
        };
        let Some(live_tags) = subnet::tags_of(clients, &desired.subnet_id).await? else {
            return Ok(Found::Absent);
        };
        let what = subnet::named(&desired.subnet_id);
        let wanted = association.network_acl_id.as_deref() == Some(&desired.network_acl_id);
        Ok(match tags::ownership(cx, &live_tags) {
            Ownership::Stranger(why) if acl.is_default != Some(true) => {
                Found::Stranger(format!("{what} has a network ACL and {why}"))
            }
            Ownership::Ours | Ownership::Sibling(_) if wanted => {
                super::ours([association.network_acl_association_id])
            }
            // The default, or another one of our subnet: to be replaced.
            _ => Found::Absent,
        })
    }
}

type Associated = (NetworkAcl, NetworkAclAssociation);

async fn of_subnet(clients: &Clients, subnet_id: &str) -> Outcome<Option<Associated>> {
    let all = associations(clients, "association.subnet-id", subnet_id).await?;
    Ok(all
        .into_iter()
        .find(|(_, association)| association.subnet_id.as_deref() == Some(subnet_id)))
}

async fn named(clients: &Clients, id: &str) -> Outcome<Option<Associated>> {
    let all = associations(clients, "association.association-id", id).await?;
    Ok(all
        .into_iter()
        .find(|(_, association)| association.network_acl_association_id.as_deref() == Some(id)))
}

/// A filter that finds nothing is a positive "not there".
async fn associations(clients: &Clients, name: &str, value: &str) -> Outcome<Vec<Associated>> {
    let answer = clients
        .ec2()
        .describe_network_acls()
        .filters(filter(name, value))
        .send()
        .await
        .during("ec2:DescribeNetworkAcls")?;
    let acls = answer.network_acls.unwrap_or_default().into_iter();
    Ok(acls
        .flat_map(|mut acl| {
            let associations = acl.associations.take().unwrap_or_default();
            associations
                .into_iter()
                .map(move |association| (acl.clone(), association))
        })
        .collect())
}

async fn default_of(clients: &Clients, vpc_id: &str) -> Outcome<Option<String>> {
    let answer = clients
        .ec2()
        .describe_network_acls()
        .filters(filter("vpc-id", vpc_id))
        .filters(filter("default", "true"))
        .send()
        .await
        .during("ec2:DescribeNetworkAcls")?;
    let acls = answer.network_acls.unwrap_or_default();
    Ok(acls.into_iter().find_map(|acl| acl.network_acl_id))
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("AssociationId", id.to_owned())])
}
