//! The ways to AWS's services (R022-R025). Which there are follows from what
//! the functions call: a call without an endpoint hangs until its timeout.

use super::{
    endpoint_security_group, endpoints_are_brought, is_brought, private_api, route_table_ids,
    subnet_ids, tags, vpc_id,
};
use crate::blueprint::functions::Function;
use crate::blueprint::policy::{Statement, document};
use crate::blueprint::{Expansion, Facts, Spec, calls};
use crate::engine::template::LogicalId;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Services with gateway endpoints: free, and reached by a route instead of a
/// name.
const GATEWAYS: [(&str, &str); 2] = [("dynamodb", "DynamoDBEndpoint"), ("s3", "S3Endpoint")];

/// There whether a function's own calls need them or not, since R024 names
/// them: only a rotation hook is called through `lambda`.
const ALWAYS: [&str; 2] = ["lambda", "logs"];

/// The services that get an interface endpoint: none where the network has
/// them, since a second one cannot answer under the same name
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html>).
fn interfaces(spec: &Spec) -> BTreeSet<&str> {
    if endpoints_are_brought(spec) {
        return BTreeSet::new();
    }
    let extra = spec.network.extra_endpoints.iter().map(String::as_str);
    let is_gateway = |service: &&str| GATEWAYS.iter().any(|(gateway, _)| gateway == service);
    calls::endpoint_services_of(spec)
        .into_iter()
        .chain(extra)
        .chain(ALWAYS)
        .filter(|service| !is_gateway(service))
        .filter(|service| !(private_api::exists(spec) && *service == private_api::SERVICE))
        .collect()
}

/// `KmsEndpoint` of `kms`, `EcrApiEndpoint` of `ecr.api`.
fn interface_id(service: &str) -> LogicalId {
    let words = match service {
        "apigateway" => "api.gateway",
        "secretsmanager" => "secrets.manager",
        other => other,
    };
    let stem: String = words
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(capitalised)
        .collect();
    format!("{stem}Endpoint")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

/// Gateway endpoints need route tables; of a network that was brought, they
/// may not have been named.
fn has_gateways(spec: &Spec) -> bool {
    !is_brought(spec) || !spec.network.route_table_ids.is_empty()
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    if has_gateways(x.spec) {
        for (service, id) in GATEWAYS {
            let properties = json!({
                "VpcId": vpc_id(x.spec),
                "ServiceName": format!("com.amazonaws.{}.{service}", x.facts.region),
                "VpcEndpointType": "Gateway",
                "RouteTableIds": route_table_ids(x.spec),
                "PolicyDocument": policy(x.spec, x.facts),
                "Tags": tags(x, service),
            });
            x.add(id, "AWS::EC2::VPCEndpoint", properties);
        }
    }
    for service in interfaces(x.spec) {
        let (name, region) = service_name(service, x.facts);
        let properties = crate::blueprint::object(json!({
            "VpcId": vpc_id(x.spec),
            "ServiceName": name,
            "ServiceRegion": region,
            "VpcEndpointType": "Interface",
            "PrivateDnsEnabled": true,
            "SubnetIds": endpoint_subnets(x.spec, x.facts),
            "SecurityGroupIds": [endpoint_security_group(x.spec)],
            "PolicyDocument": policy(x.spec, x.facts),
            "Tags": tags(x, &service.replace('.', "-")),
        }));
        x.add(interface_id(service), "AWS::EC2::VPCEndpoint", properties);
    }
}

/// IAM has one endpoint service for the partition, in the region of its
/// control plane
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_interface_vpc_endpoints.html>).
fn service_name(service: &str, facts: &Facts) -> (String, Option<&'static str>) {
    if service != "iam" {
        return (format!("com.amazonaws.{}.{service}", facts.region), None);
    }
    let home = match facts.partition.as_str() {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    };
    let elsewhere = (facts.region != home).then_some(home);
    ("com.amazonaws.iam".to_owned(), elsewhere)
}

/// One subnet in each of `endpoint_zones` zones: an endpoint has one interface
/// in a zone.
pub(super) fn endpoint_subnets(spec: &Spec, facts: &Facts) -> Vec<Value> {
    let mut subnets = subnet_ids(spec);
    if !is_brought(spec) && !facts.zone_ids.is_empty() {
        subnets.truncate(facts.zone_ids.len());
    }
    if let Some(zones) = spec.network.endpoint_zones {
        subnets.truncate(zones as usize);
    }
    subnets
}

/// Only this pipeline's functions, and only what is this account's (R025):
/// stolen credentials of another account cannot carry documents out through
/// an endpoint. Gateway endpoints take no other principal than everyone, hence
/// the conditions
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>).
/// Some actions are about nothing that has an account.
fn policy(spec: &Spec, facts: &Facts) -> Value {
    let roles = Function::ALL.map(|function| function.role_arn(spec, facts));
    document([Statement::allow("PipelineFunctions")
        .everyone()
        .actions(["*"])
        .resource("*")
        .when(
            "StringEquals",
            "aws:PrincipalAccount",
            facts.account_id.clone(),
        )
        .when("ArnEquals", "aws:PrincipalArn", roles.to_vec())
        .when(
            "StringEqualsIfExists",
            "aws:ResourceAccount",
            resource_accounts(spec, facts),
        )])
}

/// This account, and those of the keys and the function that were brought.
fn resource_accounts(spec: &Spec, facts: &Facts) -> Value {
    let keys = &spec.encryption.key_arns;
    let brought = [
        &keys.data,
        &keys.environment,
        &keys.logs,
        &spec.secrets.rotation_function_arn,
    ];
    let of_arn = |arn: &String| arn.split(':').nth(4).map(ToOwned::to_owned);
    let accounts: BTreeSet<String> = brought
        .into_iter()
        .flatten()
        .filter_map(of_arn)
        .chain([facts.account_id.clone()])
        .collect();
    match accounts.len() {
        1 => json!(facts.account_id),
        _ => json!(accounts),
    }
}
