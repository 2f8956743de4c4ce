//! What crosses the border of a subnet (R027). Security groups can only
//! allow; this list also refuses.
//!
//! It knows no state, so that answers need rules of their own, and no prefix
//! lists, so that S3 and DynamoDB, whose gateway endpoints have public
//! addresses, must be written as `0.0.0.0/0`. That is no way to the internet:
//! there is no route to any other address. Answers come to the ports from
//! which functions call, 1024 to 65535
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>),
//! except 3389: no list of ours may let remote desktop in from everywhere, and
//! the one connection in 64,000 that would have used it is made again. DNS by
//! the VPC's own resolver passes no list.

use super::{VPC_ID, subnet_id};
use crate::blueprint::{Expansion, naming};
use crate::engine::template::intrinsics::reference;
use serde_json::{Value, json};

const ACL_ID: &str = "NetworkAcl";
const TCP: i32 = 6;
const ALL: i32 = -1;
const EVERYWHERE: &str = "0.0.0.0/0";

struct Entry<'a> {
    id: &'static str,
    egress: bool,
    number: u32,
    peer: &'a str,
    /// `None`: everything, which is refused.
    ports: Option<(u16, u16)>,
}

fn entries(vpc: &str) -> [Entry<'_>; 8] {
    let entry = |id, egress, number, peer, ports| Entry {
        id,
        egress,
        number,
        peer,
        ports,
    };
    [
        // Calls of the interface endpoints, and their answers.
        entry("InboundHttps", false, 100, vpc, Some((443, 443))),
        entry("InboundAnswers", false, 110, vpc, Some((1024, 65535))),
        // Answers of S3 and DynamoDB.
        entry(
            "InboundGatewayAnswersLow",
            false,
            120,
            EVERYWHERE,
            Some((1024, 3388)),
        ),
        entry(
            "InboundGatewayAnswersHigh",
            false,
            130,
            EVERYWHERE,
            Some((3390, 65535)),
        ),
        entry("InboundRest", false, 32000, EVERYWHERE, None),
        // Calls of all endpoints, and answers of the interface endpoints.
        entry("OutboundHttps", true, 100, EVERYWHERE, Some((443, 443))),
        entry("OutboundAnswers", true, 110, vpc, Some((1024, 65535))),
        entry("OutboundRest", true, 32000, EVERYWHERE, None),
    ]
}

/// By which the list tells entries that somebody adds from those here.
fn numbers() -> String {
    let of = |egress: bool| {
        let entries = entries("").into_iter();
        entries
            .filter(move |entry| entry.egress == egress)
            .map(|entry| entry.number.to_string())
    };
    let words = std::iter::once("ingress".to_owned()).chain(of(false));
    let words = words
        .chain(std::iter::once("egress".to_owned()))
        .chain(of(true));
    words.collect::<Vec<_>>().join(" ")
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    let name = naming::name("private", x.spec, naming::limit::TAG_VALUE);
    let tags = x.tags(&[("Name", name), ("tap:entries", numbers())]);
    let properties = json!({ "VpcId": reference(VPC_ID), "Tags": tags });
    x.add(ACL_ID, "AWS::EC2::NetworkAcl", properties);
    for entry in entries(&x.spec.network.cidr_block) {
        let range = entry
            .ports
            .map_or(Value::Null, |(from, to)| json!({ "From": from, "To": to }));
        let properties = crate::blueprint::object(json!({
            "NetworkAclId": reference(ACL_ID),
            "Egress": entry.egress,
            "RuleNumber": entry.number,
            "Protocol": if entry.ports.is_some() { TCP } else { ALL },
            "RuleAction": if entry.ports.is_some() { "allow" } else { "deny" },
            "CidrBlock": entry.peer,
            "PortRange": range,
        }));
        x.add(
            format!("{ACL_ID}{}", entry.id),
            "AWS::EC2::NetworkAclEntry",
            properties,
        );
    }
    // Until its entries are there, the list refuses everything.
    let ids = entries(&x.spec.network.cidr_block).map(|entry| format!("{ACL_ID}{}", entry.id));
    let after: Vec<&str> = ids.iter().map(String::as_str).collect();
    for number in 1..=x.spec.network.availability_zones {
        let subnet = subnet_id(number);
        x.add_after(
            format!("{subnet}NetworkAclAssociation"),
            "AWS::EC2::SubnetNetworkAclAssociation",
            json!({ "NetworkAclId": reference(ACL_ID), "SubnetId": reference(&subnet) }),
            &after,
        );
    }
}
