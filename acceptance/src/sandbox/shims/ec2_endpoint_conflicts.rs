//! A VPC has one interface endpoint of a service that answers under the
//! service's own name, and a route table one gateway endpoint of it
//! (<https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html>,
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>).
//! moto makes as many as it is asked for.

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "ec2_endpoint_conflicts";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("ec2", &["CreateVpcEndpoint"]) {
        return None;
    }
    let (vpc, service) = (call.field("VpcId")?, call.field("ServiceName")?);
    let fields = [
        ("Action", "DescribeVpcEndpoints"),
        ("Version", "2016-11-15"),
        ("Filter.1.Name", "vpc-id"),
        ("Filter.1.Value.1", &vpc),
    ];
    let there = backend.query("ec2", &fields).await;
    let text = String::from_utf8_lossy(there.body()).into_owned();
    let others = reply::items(&text, "vpcEndpointSet").into_iter();
    let others: Vec<&str> = others
        .filter(|one| reply::element(one, "serviceName") == Some(&service))
        .filter(|one| !one.contains("<state>deleted<"))
        .collect();
    if call.field("VpcEndpointType").as_deref() == Some("Interface") {
        let named = call.field("PrivateDnsEnabled").as_deref() != Some("false");
        let taken = others
            .iter()
            .any(|one| one.contains("<privateDnsEnabled>true<"));
        let name = service.rsplit('.').next().unwrap_or_default();
        let message = format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name}.{}.amazonaws.com in the VPC {vpc}",
            call.region
        );
        return (named && taken).then(|| reply::error(call, 400, "InvalidParameter", &message));
    }
    let tables = call.fields().into_iter();
    let mut tables = tables
        .filter(|(name, _)| name.starts_with("RouteTableId."))
        .map(|(_, table)| table);
    let taken = tables.find(|table| {
        let held = format!(">{table}<");
        others.iter().any(|one| {
            reply::element(one, "routeTableIdSet").is_some_and(|set| set.contains(&held))
        })
    })?;
    let message = format!(
        "route table {taken} already has a route with destination-prefix-list-id of {service}"
    );
    Some(reply::error(call, 400, "RouteAlreadyExists", &message))
}
