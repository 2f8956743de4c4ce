//! The network.

use super::syntax::{Range, aws_id, words};
use crate::blueprint::spec::Network;
use crate::pipeline::state::{NetworkBlock, TextList};
use crate::pipeline::values::{Place, Reader};
use std::net::IpAddr;
use tf_provider::value::Value;

pub(super) fn network(r: &mut Reader, block: &Value<NetworkBlock>) -> Network {
    let place = Place::root().at("network");
    if block.is_unknown() {
        // Ours or brought: that decides which resources there are.
        return r.either(Network::default(), brought());
    }
    let block = r.block(block);
    let block = block.as_ref();
    let default = Network::default();
    let network = Network {
        cidr_block: cidr_block(r, &place.at("cidr_block"), block.map(|b| &b.cidr_block))
            .unwrap_or(default.cidr_block),
        availability_zones: r.whole(
            &place.at("availability_zones"),
            block.map(|b| &b.availability_zones),
            default.availability_zones,
            2..=6,
        ),
        endpoint_zones: r.maybe_whole(
            &place.at("endpoint_zones"),
            block.map(|b| &b.endpoint_zones),
            1..=6,
        ),
        extra_endpoints: extra_endpoints(r, &place, block.map(|b| &b.extra_endpoints)),
        vpc_id: vpc_id(r, &place.at("vpc_id"), block.map(|b| &b.vpc_id)),
        subnet_ids: ids(
            r,
            &place.at("subnet_ids"),
            block.map(|b| &b.subnet_ids),
            "subnet",
            2,
        ),
        route_table_ids: ids(
            r,
            &place.at("route_table_ids"),
            block.map(|b| &b.route_table_ids),
            "rtb",
            1,
        ),
        endpoint_security_group_id: security_group(r, &place, block),
    };
    if let Some(block) = block {
        together(r, &place, block, &network);
    }
    network
}

fn brought() -> Network {
    Network {
        vpc_id: Some("vpc-0000000000000000a".into()),
        subnet_ids: [1, 2].map(|n| format!("subnet-{n:017x}")).into(),
        ..Network::default()
    }
}

fn cidr_block(r: &mut Reader, place: &Place, value: Option<&Value<String>>) -> Option<String> {
    let text = r.text(place, value, ["10.0.0.0/16", "10.1.0.0/16"])?;
    r.check(
        place,
        &text,
        valid_network(&text),
        "is not an address range for the VPC",
        "Write a private IPv4 range from /16 to /22 that begins at its first address, for example \"10.0.0.0/16\" or \"172.16.4.0/22\".",
    );
    Some(text)
}

/// RFC 1918, and wide enough for six subnets with room.
fn valid_network(text: &str) -> bool {
    let Some(range) = Range::parse(text) else {
        return false;
    };
    let IpAddr::V4(address) = range.address else {
        return false;
    };
    (16..=22).contains(&range.prefix) && address.is_private() && range.begins_at_its_first_address()
}

fn extra_endpoints(r: &mut Reader, place: &Place, value: Option<&TextList>) -> Vec<String> {
    let place = place.at("extra_endpoints");
    let list = r.texts(&place, value, "the name of a service", 0, |n| {
        format!("probe-{n}")
    });
    let list = words(list);
    for name in &list {
        let gateway = ["s3", "dynamodb"].contains(&name.as_str());
        let shaped = (1..=64).contains(&name.len())
            && !name.starts_with("com.")
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c));
        r.check(
            &place,
            name,
            shaped,
            "is not the name of a service with endpoints",
            "Write what stands after com.amazonaws.<region>. in the endpoint's service name, for example \"ecr.api\".",
        );
        r.check(
            &place,
            name,
            !gateway,
            "has a gateway endpoint already",
            "Remove it.",
        );
    }
    list
}

fn vpc_id(r: &mut Reader, place: &Place, value: Option<&Value<String>>) -> Option<String> {
    let text = r.text(
        place,
        value,
        ["vpc-0000000000000000a", "vpc-0000000000000000b"],
    )?;
    r.check(
        place,
        &text,
        aws_id("vpc", &text),
        "is not the id of a VPC",
        "Write an id such as \"vpc-0123456789abcdef0\", or leave it out to have a VPC created.",
    );
    Some(text)
}

fn security_group(r: &mut Reader, place: &Place, block: Option<&NetworkBlock>) -> Option<String> {
    let place = place.at("endpoint_security_group_id");
    let text = r.text(
        &place,
        block.map(|b| &b.endpoint_security_group_id),
        ["sg-0000000000000000a", "sg-0000000000000000b"],
    )?;
    r.check(
        &place,
        &text,
        aws_id("sg", &text),
        "is not the id of a security group",
        "Write an id such as \"sg-0123456789abcdef0\", or leave it out to have endpoints created.",
    );
    Some(text)
}

fn ids(
    r: &mut Reader,
    place: &Place,
    value: Option<&TextList>,
    kind: &'static str,
    least: usize,
) -> Vec<String> {
    let what = match kind {
        "subnet" => "the id of a subnet",
        _ => "the id of a route table",
    };
    let list = r.texts(place, value, what, least, |n| format!("{kind}-{n:017x}"));
    let list = words(list);
    for id in &list {
        r.check(
            place,
            id,
            aws_id(kind, id),
            &format!("is not {what}"),
            &format!("Write an id such as \"{kind}-0123456789abcdef0\"."),
        );
    }
    list
}

/// What holds of several attributes, as far as they are known: one that is not
/// may turn out to be null.
fn together(r: &mut Reader, place: &Place, block: &NetworkBlock, network: &Network) {
    let subnets = network.subnet_ids.len();
    if network.vpc_id.is_none() {
        for (name, given) in [
            (
                "subnet_ids",
                !network.subnet_ids.is_empty() && !block.subnet_ids.is_unknown(),
            ),
            (
                "route_table_ids",
                !network.route_table_ids.is_empty() && !block.route_table_ids.is_unknown(),
            ),
            (
                "endpoint_security_group_id",
                block.endpoint_security_group_id.is_value(),
            ),
        ] {
            if given {
                r.problem(
                    &place.at(name),
                    "Parts of a network without the network",
                    format!("{name} is given without vpc_id. Write vpc_id, the VPC that they are in, or remove {name} to have a network created."),
                );
            }
        }
    } else {
        if subnets < 2 {
            r.problem(
                &place.at("subnet_ids"),
                "Too few subnets",
                format!("vpc_id is given with {subnets} subnet_ids. Write two or more private subnets of it, each in another availability zone."),
            );
        }
        for (name, given) in [
            ("cidr_block", !block.cidr_block.is_null()),
            ("availability_zones", !block.availability_zones.is_null()),
        ] {
            if given && block.vpc_id.is_value() {
                r.problem(
                    &place.at(name),
                    "An attribute of a network that is not created",
                    format!("{name} says how a VPC is created, and vpc_id brings one. Remove one of them."),
                );
            }
        }
    }
    if block.endpoint_security_group_id.is_value() {
        for (name, given) in [
            ("endpoint_zones", block.endpoint_zones.is_value()),
            (
                "extra_endpoints",
                !network.extra_endpoints.is_empty() && !block.extra_endpoints.is_unknown(),
            ),
        ] {
            if given {
                r.problem(
                    &place.at(name),
                    "An attribute of endpoints that are not created",
                    format!("{name} says which interface endpoints are created, and endpoint_security_group_id brings them. Remove one of them."),
                );
            }
        }
    }
    let known = [
        block.endpoint_zones.is_unknown(),
        block.availability_zones.is_unknown(),
        block.subnet_ids.is_unknown(),
        block.vpc_id.is_unknown(),
    ];
    let (zones, name) = match network.vpc_id {
        None => (network.availability_zones as usize, "availability_zones"),
        Some(_) => (subnets, "the number of subnet_ids"),
    };
    if let Some(endpoints) = network.endpoint_zones
        && endpoints as usize > zones
        && known == [false; 4]
    {
        r.problem(
            &place.at("endpoint_zones"),
            "Endpoints in more zones than there are",
            format!("endpoint_zones is {endpoints} and {name} is {zones}. Write a number from 1 to {zones}, or leave endpoint_zones out for all."),
        );
    }
}
