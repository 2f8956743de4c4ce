//! EC2 deletes no subnet in which a network interface or an endpoint is left,
//! no security group that an interface, an endpoint or a rule of another group
//! uses, and no VPC that is not empty: DependencyViolation ("Error codes for the
//! Amazon EC2 API"). moto deletes subnets and groups whatever is in them.

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "ec2_dependencies";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if call.service != "ec2" {
        return None;
    }
    let (held, message) = match call.operation.as_str() {
        "DeleteSubnet" => {
            let id = call.field("SubnetId")?;
            let held = any(backend, INTERFACES, "subnet-id", &id, "").await
                || uses(backend, "subnetIdSet", &id).await;
            let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
            (held, message)
        }
        "DeleteSecurityGroup" => {
            let id = call.field("GroupId")?;
            let held = any(backend, INTERFACES, "group-id", &id, "").await
                || uses(backend, "groupSet", &id).await
                || is_referred_to(backend, &id).await;
            (held, format!("resource {id} has a dependent object"))
        }
        "DeleteVpc" => {
            let id = call.field("VpcId")?;
            let mut held = false;
            for (list, own) in IN_A_VPC {
                held |= any(backend, *list, "vpc-id", &id, own).await;
            }
            let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
            (held, message)
        }
        _ => return None,
    };
    held.then(|| reply::error(call, 400, "DependencyViolation", &message))
}

/// Action, and the set that it answers with.
type List = (&'static str, &'static str);

const INTERFACES: List = ("DescribeNetworkInterfaces", "networkInterfaceSet");
const GROUPS: List = ("DescribeSecurityGroups", "securityGroupInfo");

/// What must be gone before a VPC, and what of it goes with the VPC.
const IN_A_VPC: &[(List, &str)] = &[
    (INTERFACES, ""),
    (("DescribeSubnets", "subnetSet"), ""),
    (
        ("DescribeVpcEndpoints", "vpcEndpointSet"),
        "<state>deleted<",
    ),
    (GROUPS, "<groupName>default<"),
    (("DescribeNetworkAcls", "networkAclSet"), "<default>true<"),
    (("DescribeRouteTables", "routeTableSet"), "<main>true<"),
];

/// Whether anything passes the filter, things that stand for themselves aside.
async fn any(backend: &Backend<'_>, list: List, filter: &str, id: &str, own: &str) -> bool {
    let text = describe(backend, list.0, Some((filter, id))).await;
    let found = reply::items(&text, list.1).into_iter();
    found
        .filter(|item| own.is_empty() || !item.contains(own))
        .count()
        > 0
}

/// Whether an endpoint that is still there has it in that set.
async fn uses(backend: &Backend<'_>, set: &str, id: &str) -> bool {
    let text = describe(backend, "DescribeVpcEndpoints", None).await;
    let endpoints = reply::items(&text, "vpcEndpointSet").into_iter();
    endpoints
        .filter(|endpoint| !endpoint.contains("<state>deleted<"))
        .filter_map(|endpoint| reply::element(endpoint, set))
        .any(|set| set.contains(&format!(">{id}<")))
}

/// Whether a rule of another group has it as its other side.
async fn is_referred_to(backend: &Backend<'_>, id: &str) -> bool {
    let text = describe(backend, GROUPS.0, None).await;
    let named = format!("<groupId>{id}<");
    let groups = reply::items(&text, GROUPS.1).into_iter();
    groups
        .filter(|group| reply::element(group, "groupId") != Some(id))
        .any(|group| group.contains(&named))
}

async fn describe(backend: &Backend<'_>, action: &str, filter: Option<(&str, &str)>) -> String {
    let mut fields = vec![("Action", action), ("Version", "2016-11-15")];
    if let Some((name, value)) = filter {
        fields.extend([("Filter.1.Name", name), ("Filter.1.Value.1", value)]);
    }
    let reply = backend.query("ec2", &fields).await;
    String::from_utf8_lossy(reply.body()).into_owned()
}
