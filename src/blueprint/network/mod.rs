//! Network (R019-R031): a VPC without internet, private subnets, endpoints for
//! what the functions call, and nothing else.
//!
//! What cannot be reached has no route: there is no internet gateway, no NAT
//! and no route but the VPC's own and those of the gateway endpoints. Security
//! groups say who may speak to whom inside, and the network ACL refuses every
//! port that nobody needs.
//!
//! A network that the user brings is left as it is: it gets the security
//! groups, the interface endpoints unless it has them, and, where its route
//! tables are named, the gateway endpoints. Its flow logs are its owner's. Only
//! a private API has an endpoint of its own in every network.

mod acl;
mod endpoints;
mod flow_log;
mod groups;
mod private_api;
#[cfg(test)]
mod tests;

pub(super) use flow_log::{
    PREFIX as FLOW_LOG_PREFIX, log_delivery_key_grant, log_delivery_statements,
};
pub use private_api::EXECUTE_API_ENDPOINT_ID;

use super::{Expansion, Facts, Spec, naming};
use crate::engine::template::intrinsics::reference;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

pub const VPC_ID: &str = "Vpc";
pub const FUNCTION_SECURITY_GROUP_ID: &str = "FunctionSecurityGroup";
pub const ENDPOINT_SECURITY_GROUP_ID: &str = "EndpointSecurityGroup";
pub const QUARANTINE_SECURITY_GROUP_ID: &str = "QuarantineSecurityGroup";
const ROUTE_TABLE_ID: &str = "PrivateRouteTable";

/// The tag by which remediation finds the group that lets nothing through.
pub const QUARANTINE_TAG: &str = "tap:quarantine";

/// The VPC, ours or brought.
pub fn vpc_id(spec: &Spec) -> Value {
    match &spec.network.vpc_id {
        Some(brought) => json!(brought),
        None => reference(VPC_ID),
    }
}

/// The private subnets, ours or brought.
pub fn subnet_ids(spec: &Spec) -> Vec<Value> {
    if is_brought(spec) {
        return spec.network.subnet_ids.iter().map(|id| json!(id)).collect();
    }
    (1..=spec.network.availability_zones)
        .map(|number| reference(&subnet_id(number)))
        .collect()
}

/// The group of the interface endpoints, ours or the network's.
fn endpoint_security_group(spec: &Spec) -> Value {
    match &spec.network.endpoint_security_group_id {
        Some(brought) => json!(brought),
        None => reference(ENDPOINT_SECURITY_GROUP_ID),
    }
}

/// Whether the network has interface endpoints already.
fn endpoints_are_brought(spec: &Spec) -> bool {
    spec.network.endpoint_security_group_id.is_some()
}

/// The group of the functions.
pub fn function_security_group() -> Value {
    reference(FUNCTION_SECURITY_GROUP_ID)
}

fn is_brought(spec: &Spec) -> bool {
    spec.network.vpc_id.is_some()
}

fn subnet_id(number: u32) -> String {
    format!("PrivateSubnet{number}")
}

/// The route tables that get gateway endpoints.
fn route_table_ids(spec: &Spec) -> Vec<Value> {
    if is_brought(spec) {
        let brought = spec.network.route_table_ids.iter();
        return brought.map(|id| json!(id)).collect();
    }
    vec![reference(ROUTE_TABLE_ID)]
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    if !is_brought(x.spec) {
        vpc(x);
        subnets(x);
        acl::expand(x);
        flow_log::expand(x);
    }
    groups::expand(x);
    endpoints::expand(x);
    private_api::expand(x);
}

/// The tags of a thing of the network, which has no other name than `Name`.
fn tags(x: &Expansion<'_>, base: &str) -> Value {
    let name = naming::name(base, x.spec, naming::limit::TAG_VALUE);
    x.tags(&[("Name", name)])
}

/// Interface endpoints answer under the services' own names only where DNS is
/// on.
fn vpc(x: &mut Expansion<'_>) {
    let properties = json!({
        "CidrBlock": x.spec.network.cidr_block,
        "EnableDnsSupport": true,
        "EnableDnsHostnames": true,
        "Tags": tags(x, "vpc"),
    });
    x.add(VPC_ID, "AWS::EC2::VPC", properties);
    let properties = json!({ "VpcId": reference(VPC_ID), "Tags": tags(x, "private") });
    x.add(ROUTE_TABLE_ID, "AWS::EC2::RouteTable", properties);
}

fn subnets(x: &mut Expansion<'_>) {
    for number in 1..=x.spec.network.availability_zones {
        let id = subnet_id(number);
        let properties = super::object(json!({
            "VpcId": reference(VPC_ID),
            "CidrBlock": subnet_cidr(&x.spec.network.cidr_block, number - 1),
            "AvailabilityZoneId": zone_id(x.facts, number - 1),
            "MapPublicIpOnLaunch": false,
            "Tags": tags(x, &format!("private-{number}")),
        }));
        x.add(id.clone(), "AWS::EC2::Subnet", properties);
        x.add(
            format!("{id}RouteTableAssociation"),
            "AWS::EC2::SubnetRouteTableAssociation",
            json!({ "RouteTableId": reference(ROUTE_TABLE_ID), "SubnetId": reference(&id) }),
        );
    }
}

/// A zone each; a region with fewer zones than are wanted has several subnets
/// in some.
fn zone_id(facts: &Facts, index: u32) -> Option<&str> {
    let zones = facts.zone_ids.iter().cycle();
    zones.map(String::as_str).nth(index as usize)
}

/// The `index`th sixteenth of a block: a /20 of a /16.
fn subnet_cidr(block: &str, index: u32) -> String {
    let parsed = block.split_once('/').and_then(|(address, prefix)| {
        let address: Ipv4Addr = address.parse().ok()?;
        Some((u32::from(address), prefix.parse::<u32>().ok()? + 4))
    });
    match parsed {
        Some((base, prefix @ ..=32)) => {
            let offset = index.checked_shl(32 - prefix).unwrap_or_default();
            format!("{}/{prefix}", Ipv4Addr::from(base.wrapping_add(offset)))
        }
        _ => block.to_owned(),
    }
}
