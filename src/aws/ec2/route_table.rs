//! `AWS::EC2::RouteTable`.

use super::{by_our_tags, change_tags, once, ours, tag_map, tagged, told, visible_tags};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag};
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType as Kind, Route, RouteOrigin, RouteTable as Live};
use serde::{Deserialize, Serialize};

/// `AWS::EC2::RouteTable`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-routetable.html>),
/// with no routes but the VPC's own and those of gateway endpoints: a route
/// that somebody added, to the internet for example, is drift.
///
/// Ownership: our tags, which stand in `CreateRouteTable`. Interruption:
/// every call but the first may be made again.
pub(in crate::aws) struct RouteTable;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct RouteTableProperties {
    vpc_id: String,
    #[serde(default)]
    tags: Vec<Tag>,
    /// Only read: where routes lead that nobody wanted. CloudFormation knows
    /// no such property.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    routes: Vec<String>,
}

#[async_trait]
impl ResourceType for RouteTable {
    const TYPE: &'static str = "AWS::EC2::RouteTable";
    const CREATE_ONLY: &'static [&'static str] = &["VpcId"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);

    type Properties = RouteTableProperties;

    fn normalise(&self, properties: &mut RouteTableProperties, _: &str) -> Result<(), String> {
        super::sort(&mut properties.routes);
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &RouteTableProperties) -> Result<(), String> {
        if !desired.routes.is_empty() {
            return Err("Routes: a table of this pipeline has none".to_owned());
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RouteTableProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:CreateRouteTable";
        let answer = clients
            .ec2()
            .create_route_table()
            .vpc_id(&desired.vpc_id)
            .tag_specifications(tagged(cx, Kind::RouteTable, &desired.tags))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        let table = answer.route_table;
        let id = told(OPERATION, table.and_then(|table| table.route_table_id))?;
        Ok(as_physical(&id))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&RouteTableProperties>,
    ) -> Outcome<Option<(Physical, RouteTableProperties)>> {
        let Some(table) = describe(clients, identifier).await? else {
            return Ok(None);
        };
        let foreign = table.routes().iter().filter(|route| is_foreign(route));
        let live = RouteTableProperties {
            routes: foreign.filter_map(destination).map(Into::into).collect(),
            vpc_id: table.vpc_id.unwrap_or_default(),
            tags: visible_tags(clients, &tag_map(table.tags), applied.map(|a| &a.tags)),
        };
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &RouteTableProperties,
        desired: &RouteTableProperties,
    ) -> Outcome<Physical> {
        if !current.routes.is_empty() {
            delete_foreign_routes(clients, identifier).await?;
        }
        change_tags(clients, identifier, &current.tags, &desired.tags).await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:DeleteRouteTable";
        let Some(table) = describe(clients, identifier).await? else {
            return Ok(());
        };
        let what = format!("the route table {identifier}");
        tags::require_ours(cx, OPERATION, &what, &tag_map(table.tags))?;
        let deleted = clients
            .ec2()
            .delete_route_table()
            .route_table_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &RouteTableProperties,
    ) -> Outcome<Found> {
        let answer = clients
            .ec2()
            .describe_route_tables()
            .set_filters(by_our_tags(cx))
            .send()
            .await
            .during("ec2:DescribeRouteTables")?;
        let tables = answer.route_tables.unwrap_or_default().into_iter();
        Ok(ours(tables.map(|table| table.route_table_id)))
    }
}

async fn describe(clients: &Clients, id: &str) -> Outcome<Option<Live>> {
    let answer = clients
        .ec2()
        .describe_route_tables()
        .route_table_ids(id)
        .send()
        .await
        .during("ec2:DescribeRouteTables");
    let tables = found(answer)?.and_then(|answer| answer.route_tables);
    Ok(tables.and_then(|mut tables| tables.pop()))
}

/// Neither the VPC's own nor that of a gateway endpoint, which leads to a
/// prefix list: an endpoint of a load balancer may lead anywhere.
fn is_foreign(route: &Route) -> bool {
    let endpoint = route.gateway_id().is_some_and(|id| id.starts_with("vpce-"))
        && route.destination_prefix_list_id().is_some();
    route.origin() != Some(&RouteOrigin::CreateRouteTable) && !endpoint
}

fn destination(route: &Route) -> Option<&str> {
    route
        .destination_cidr_block()
        .or(route.destination_ipv6_cidr_block())
        .or(route.destination_prefix_list_id())
}

async fn delete_foreign_routes(clients: &Clients, id: &str) -> Outcome<()> {
    let Some(table) = describe(clients, id).await? else {
        return Ok(());
    };
    for route in table.routes().iter().filter(|route| is_foreign(route)) {
        let deleted = clients
            .ec2()
            .delete_route()
            .route_table_id(id)
            .set_destination_cidr_block(route.destination_cidr_block.clone())
            .set_destination_ipv6_cidr_block(route.destination_ipv6_cidr_block.clone())
            .set_destination_prefix_list_id(route.destination_prefix_list_id.clone())
            .send()
            .await
            .during("ec2:DeleteRoute");
        found(deleted)?;
    }
    Ok(())
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("RouteTableId", id.to_owned())])
}
