//! `AWS::EC2::SubnetRouteTableAssociation`. It carries no tags: it is ours
//! when the subnet is.

use super::{filter, once, subnet, told};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    RouteTableAssociation, RouteTableAssociationState, RouteTableAssociationStateCode as State,
};
use serde::{Deserialize, Serialize};

/// `AWS::EC2::SubnetRouteTableAssociation`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnetroutetableassociation.html>).
///
/// A subnet has one table, the VPC's main one unless another is said. So
/// creating takes the place of what is there, and the one that was there
/// before is gone. Ownership: our tags on the subnet. Interruption: each is
/// one call that may be made again.
pub(in crate::aws) struct SubnetRouteTableAssociation;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct AssociationProperties {
    route_table_id: String,
    subnet_id: String,
}

#[async_trait]
impl ResourceType for SubnetRouteTableAssociation {
    const TYPE: &'static str = "AWS::EC2::SubnetRouteTableAssociation";
    const CREATE_ONLY: &'static [&'static str] = &["RouteTableId", "SubnetId"];

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
        const OPERATION: &str = "ec2:AssociateRouteTable";
        require_our_subnet(cx, clients, OPERATION, &desired.subnet_id).await?;
        let there = of_subnet(clients, &desired.subnet_id).await?;
        let id = match there.and_then(|there| there.route_table_association_id) {
            Some(there) => {
                let answer = clients
                    .ec2()
                    .replace_route_table_association()
                    .association_id(there)
                    .route_table_id(&desired.route_table_id)
                    .customize()
                    .config_override(once())
                    .send()
                    .await
                    .creating("ec2:ReplaceRouteTableAssociation")
                    .map_err(not_yet)?;
                answer.new_association_id
            }
            None => {
                let answer = clients
                    .ec2()
                    .associate_route_table()
                    .route_table_id(&desired.route_table_id)
                    .subnet_id(&desired.subnet_id)
                    .customize()
                    .config_override(once())
                    .send()
                    .await
                    .creating(OPERATION)
                    .map_err(not_yet)?;
                answer.association_id
            }
        };
        Ok(as_physical(&told(OPERATION, id)?))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&AssociationProperties>,
    ) -> Outcome<Option<(Physical, AssociationProperties)>> {
        let association = named(clients, identifier).await?;
        Ok(association.map(|association| {
            let live = AssociationProperties {
                route_table_id: association.route_table_id.unwrap_or_default(),
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
        const OPERATION: &str = "ec2:DisassociateRouteTable";
        let Some(association) = named(clients, identifier).await? else {
            return Ok(());
        };
        let subnet_id = association.subnet_id.unwrap_or_default();
        let Some(live_tags) = subnet::tags_of(clients, &subnet_id).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &subnet::named(&subnet_id), &live_tags)?;
        let deleted = clients
            .ec2()
            .disassociate_route_table()
            .association_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &AssociationProperties,
    ) -> Outcome<Found> {
        let Some(association) = of_subnet(clients, &desired.subnet_id).await? else {
            return Ok(Found::Absent);
        };
        let Some(live_tags) = subnet::tags_of(clients, &desired.subnet_id).await? else {
            return Ok(Found::Absent);
        };
        let what = subnet::named(&desired.subnet_id);
        let wanted = association.route_table_id.as_deref() == Some(&desired.route_table_id);
        Ok(match tags::ownership(cx, &live_tags) {
            Ownership::Stranger(why) => Found::Stranger(format!("{what} has a table and {why}")),
            _ if wanted => super::ours([association.route_table_association_id]),
            // Another table of our subnet: to be replaced, not to be kept.
            _ => Found::Absent,
        })
    }
}

pub(super) async fn require_our_subnet(
    cx: &Context<'_>,
    clients: &Clients,
    operation: &str,
    id: &str,
) -> Outcome<()> {
    let Some(live_tags) = subnet::tags_of(clients, id).await? else {
        let message = format!("{} is not there yet", subnet::named(id));
        return Err(HandlerError::ours(ErrorKind::Transient, operation, message));
    };
    tags::require_ours(cx, operation, &subnet::named(id), &live_tags)
}

async fn of_subnet(clients: &Clients, subnet_id: &str) -> Outcome<Option<RouteTableAssociation>> {
    associations(clients, "association.subnet-id", subnet_id)
        .await
        .map(|all| {
            let mut all = all.into_iter();
            all.find(|association| association.subnet_id.as_deref() == Some(subnet_id))
        })
}

async fn named(clients: &Clients, id: &str) -> Outcome<Option<RouteTableAssociation>> {
    associations(clients, "association.route-table-association-id", id)
        .await
        .map(|all| {
            let mut all = all.into_iter();
            all.find(|association| association.route_table_association_id.as_deref() == Some(id))
        })
}

/// A filter that finds nothing is a positive "not there".
async fn associations(
    clients: &Clients,
    name: &str,
    value: &str,
) -> Outcome<Vec<RouteTableAssociation>> {
    let answer = clients
        .ec2()
        .describe_route_tables()
        .filters(filter(name, value))
        .send()
        .await
        .during("ec2:DescribeRouteTables")?;
    let tables = answer.route_tables.unwrap_or_default().into_iter();
    let all = tables.flat_map(|table| table.associations.unwrap_or_default());
    Ok(all
        .filter(|association| !is_gone(association.association_state.as_ref()))
        .collect())
}

fn is_gone(state: Option<&RouteTableAssociationState>) -> bool {
    let code = state.and_then(|state| state.state.as_ref());
    matches!(code, Some(State::Disassociated | State::Disassociating))
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("Id", id.to_owned())])
}
