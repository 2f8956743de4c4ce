//! A gateway endpoint has a route in each of its tables, whenever the table
//! was added. moto makes the routes with the endpoint only, and fails to delete
//! an endpoint whose routes it does not find.

use super::backend::Backend;
use crate::sandbox::reply;

pub const NAME: &str = "ec2_endpoint_routes";

/// Makes and deletes the routes; the call itself goes on.
pub async fn follow(backend: &Backend<'_>) -> bool {
    let call = backend.call;
    if !call.is("ec2", &["ModifyVpcEndpoint"]) {
        return false;
    }
    let endpoint = call.field("VpcEndpointId").unwrap_or_default();
    let fields = call.fields();
    let tables = |prefix: &str| -> Vec<String> {
        let named = fields.iter().filter(|(name, _)| name.starts_with(prefix));
        named.map(|(_, table)| table.clone()).collect()
    };
    let (add, remove) = (tables("AddRouteTableId."), tables("RemoveRouteTableId."));
    if add.is_empty() && remove.is_empty() {
        return false;
    }
    let Some(list) = prefix_list(backend, &endpoint).await else {
        return false;
    };
    for (action, tables) in [("CreateRoute", add), ("DeleteRoute", remove)] {
        for table in tables {
            let route = [
                ("Action", action),
                ("Version", "2016-11-15"),
                ("RouteTableId", table.as_str()),
                ("DestinationPrefixListId", list.as_str()),
                ("GatewayId", endpoint.as_str()),
            ];
            let taken = if action == "CreateRoute" { 5 } else { 4 };
            backend.query("ec2", &route[..taken]).await;
        }
    }
    true
}

async fn prefix_list(backend: &Backend<'_>, endpoint: &str) -> Option<String> {
    let described = [
        ("Action", "DescribeVpcEndpoints"),
        ("Version", "2016-11-15"),
        ("VpcEndpointId.1", endpoint),
    ];
    let reply = backend.query("ec2", &described).await;
    let body = String::from_utf8_lossy(reply.body()).into_owned();
    let service = reply::element(&body, "serviceName")?;
    let lists = [
        ("Action", "DescribePrefixLists"),
        ("Version", "2016-11-15"),
        ("Filter.1.Name", "prefix-list-name"),
        ("Filter.1.Value.1", service),
    ];
    let reply = backend.query("ec2", &lists).await;
    let body = String::from_utf8_lossy(reply.body()).into_owned();
    reply::element(&body, "prefixListId").map(ToOwned::to_owned)
}
