//! `AWS::EC2::Subnet`.

use super::interfaces::{Held, delete_when_free};
use super::{by_our_tags, change_tags, once, ours, tag_map, tagged, told, visible_tags};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagMap};
use crate::aws::waiting::Patience;
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType as Kind, Subnet as Live, SubnetState,
};
use serde::{Deserialize, Serialize};

/// `AWS::EC2::Subnet`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnet.html>),
/// placed by the id of its zone: names of zones differ between accounts.
///
/// Ownership: our tags, which stand in `CreateSubnet`. Deleting waits for the
/// network interfaces in it. Interruption: every call but the first may be
/// made again.
pub(in crate::aws) struct Subnet;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct SubnetProperties {
    vpc_id: String,
    cidr_block: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    availability_zone_id: Option<String>,
    #[serde(default)]
    map_public_ip_on_launch: bool,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[async_trait]
impl ResourceType for Subnet {
    const TYPE: &'static str = "AWS::EC2::Subnet";
    const CREATE_ONLY: &'static [&'static str] = &["AvailabilityZoneId", "CidrBlock", "VpcId"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);
    const AWS_CHOSEN: &'static [&'static str] = &["AvailabilityZoneId"];

    type Properties = SubnetProperties;

    fn normalise(&self, properties: &mut SubnetProperties, _: &str) -> Result<(), String> {
        tags::normalise(&mut properties.tags)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &SubnetProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:CreateSubnet";
        let answer = clients
            .ec2()
            .create_subnet()
            .vpc_id(&desired.vpc_id)
            .cidr_block(&desired.cidr_block)
            .set_availability_zone_id(desired.availability_zone_id.clone())
            .tag_specifications(tagged(cx, Kind::Subnet, &desired.tags))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        let id = told(OPERATION, answer.subnet.and_then(|subnet| subnet.subnet_id))?;
        Ok(as_physical(&id, &desired.vpc_id, &desired.cidr_block))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &SubnetProperties,
    ) -> Outcome<()> {
        set_public(clients, identifier, desired.map_public_ip_on_launch).await
    }

    async fn ready(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let mut patience = Patience::new();
        loop {
            let subnet = describe(clients, identifier).await?;
            if subnet.is_some_and(|subnet| subnet.state == Some(SubnetState::Available)) {
                return Ok(());
            }
            patience
                .pause(cx, "ec2:DescribeSubnets", &named(identifier))
                .await?;
        }
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&SubnetProperties>,
    ) -> Outcome<Option<(Physical, SubnetProperties)>> {
        let Some(subnet) = describe(clients, identifier).await? else {
            return Ok(None);
        };
        let live = SubnetProperties {
            vpc_id: subnet.vpc_id.unwrap_or_default(),
            cidr_block: subnet.cidr_block.unwrap_or_default(),
            availability_zone_id: subnet.availability_zone_id,
            map_public_ip_on_launch: subnet.map_public_ip_on_launch.unwrap_or_default(),
            tags: visible_tags(clients, &tag_map(subnet.tags), applied.map(|a| &a.tags)),
        };
        let physical = as_physical(identifier, &live.vpc_id, &live.cidr_block);
        Ok(Some((physical, live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &SubnetProperties,
        desired: &SubnetProperties,
    ) -> Outcome<Physical> {
        if current.map_public_ip_on_launch != desired.map_public_ip_on_launch {
            set_public(clients, identifier, desired.map_public_ip_on_launch).await?;
        }
        change_tags(clients, identifier, &current.tags, &desired.tags).await?;
        Ok(as_physical(
            identifier,
            &desired.vpc_id,
            &desired.cidr_block,
        ))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:DeleteSubnet";
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let held = Held {
            what: named(identifier),
            filter: "subnet-id",
            id: identifier,
        };
        delete_when_free(cx, clients, held, OPERATION, || async move {
            let call = clients.ec2().delete_subnet().subnet_id(identifier);
            call.send().await.during(OPERATION).map(drop)
        })
        .await
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &SubnetProperties,
    ) -> Outcome<Found> {
        let answer = clients
            .ec2()
            .describe_subnets()
            .set_filters(by_our_tags(cx))
            .send()
            .await
            .during("ec2:DescribeSubnets")?;
        let subnets = answer.subnets.unwrap_or_default().into_iter();
        Ok(ours(subnets.map(|subnet| subnet.subnet_id)))
    }
}

async fn describe(clients: &Clients, id: &str) -> Outcome<Option<Live>> {
    let answer = clients
        .ec2()
        .describe_subnets()
        .subnet_ids(id)
        .send()
        .await
        .during("ec2:DescribeSubnets");
    let subnets = found(answer)?.and_then(|answer| answer.subnets);
    Ok(subnets.and_then(|mut subnets| subnets.pop()))
}

/// The tags of a subnet, under which its associations are owned; `None` when
/// there is no such subnet.
pub(super) async fn tags_of(clients: &Clients, id: &str) -> Outcome<Option<TagMap>> {
    Ok(describe(clients, id)
        .await?
        .map(|subnet| tag_map(subnet.tags)))
}

async fn set_public(clients: &Clients, id: &str, on: bool) -> Outcome<()> {
    clients
        .ec2()
        .modify_subnet_attribute()
        .subnet_id(id)
        .map_public_ip_on_launch(AttributeBooleanValue::builder().value(on).build())
        .send()
        .await
        .during("ec2:ModifySubnetAttribute")
        .map(drop)
}

pub(super) fn named(id: &str) -> String {
    format!("the subnet {id}")
}

fn as_physical(id: &str, vpc_id: &str, cidr_block: &str) -> Physical {
    physical(
        id,
        id,
        [
            ("SubnetId", id.to_owned()),
            ("VpcId", vpc_id.to_owned()),
            ("CidrBlock", cidr_block.to_owned()),
        ],
    )
}
