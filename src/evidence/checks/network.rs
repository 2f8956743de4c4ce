//! The network, and what is let through.

use super::{Check, Controls, Waiver};
use crate::evidence::subject::{Subject, Verdict, list, many, seen, show, texts};
use serde_json::Value;

const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];
const ADMINISTRATION: [i64; 2] = [22, 3389];

const NO_REGISTRY: &str = "the functions call no container registry, and without an endpoint none is reached; network.extra_endpoints adds it";
const NO_INCIDENTS: &str = "the functions do not call Incident Manager, and without an endpoint it is not reached; network.extra_endpoints adds it";

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "security_groups_closed_to_the_internet",
        title: "No security group lets anybody in from everywhere",
        requirements: &["1.3.1"],
        controls: Controls {
            security_hub: &["EC2.13", "EC2.14", "EC2.53", "EC2.54"],
            fsbp: &["EC2.18", "EC2.19"],
            config_pack: &["INCOMING_SSH_DISABLED"],
            prowler: &[
                "ec2_securitygroup_allow_ingress_from_internet_to_any_port",
                "ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22",
            ],
        },
        types: &["AWS::EC2::SecurityGroup"],
        judge: closed,
        waiver: None,
    },
    Check {
        name: "network_acls_close_ports_of_administration",
        title: "No network ACL lets everybody in on ports of administration",
        requirements: &["1.3.1"],
        controls: Controls {
            security_hub: &["EC2.21"],
            fsbp: &["EC2.21"],
            config_pack: &["NACL_NO_UNRESTRICTED_SSH_RDP"],
            prowler: &["ec2_networkacl_allow_ingress_tcp_port_3389"],
        },
        types: &["AWS::EC2::NetworkAcl"],
        judge: administration,
        waiver: None,
    },
    Check {
        name: "network_acls_are_used",
        title: "Every network ACL is of a subnet",
        requirements: &["1.2.7"],
        controls: Controls {
            security_hub: &["EC2.16"],
            prowler: &["ec2_networkacl_unused"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::NetworkAcl"],
        judge: used,
        waiver: None,
    },
    Check {
        name: "default_security_groups_are_closed",
        title: "The VPC's default security group lets nothing through",
        requirements: &["1.3.1", "1.3.2"],
        controls: Controls {
            fsbp: &["EC2.2"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::VPC"],
        judge: |vpc| {
            let rules = texts(vpc.at("DefaultSecurityGroupRules"));
            seen(rules.is_empty(), format!("its rules: {}", list(&rules)))
        },
        waiver: None,
    },
    Check {
        name: "subnets_give_no_public_addresses",
        title: "Subnets give no public addresses",
        requirements: &["1.4.4"],
        controls: Controls {
            security_hub: &["EC2.15"],
            fsbp: &["EC2.15"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::Subnet"],
        judge: |subnet| subnet.expects("MapPublicIpOnLaunch", false),
        waiver: None,
    },
    Check {
        name: "route_tables_lead_to_no_gateway",
        title: "No route leads to the internet",
        requirements: &["1.4.4"],
        controls: Controls {
            config_pack: &["INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::RouteTable"],
        judge: |table| {
            let routes = texts(table.at("Routes"));
            seen(
                routes.is_empty(),
                format!(
                    "routes beside the VPC's own and its endpoints': {}",
                    list(&routes)
                ),
            )
        },
        waiver: None,
    },
    Check {
        name: "vpcs_log_all_traffic",
        title: "All traffic of the VPC is logged",
        requirements: &["10.2.1"],
        controls: Controls {
            fsbp: &["EC2.6"],
            prowler: &["vpc_flow_logs_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::VPC"],
        judge: logged,
        waiver: None,
    },
    Check {
        name: "vpcs_have_endpoint_ec2",
        title: "The VPC reaches EC2 by an endpoint",
        requirements: &["1.4.2"],
        controls: Controls {
            fsbp: &["EC2.10"],
            prowler: &["vpc_endpoint_for_ec2_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::VPC"],
        judge: |vpc| endpoint(vpc, "ec2"),
        waiver: None,
    },
    Check {
        name: "vpcs_have_endpoint_ssm",
        title: "The VPC reaches Systems Manager by an endpoint",
        requirements: &["1.4.2"],
        controls: Controls {
            fsbp: &["EC2.57"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::VPC"],
        judge: |vpc| endpoint(vpc, "ssm"),
        waiver: None,
    },
    Check {
        name: "vpcs_have_endpoint_ecr_api",
        title: "The VPC reaches the container registry's API by an endpoint",
        requirements: &["1.4.2"],
        controls: Controls {
            fsbp: &["EC2.55"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::VPC"],
        judge: |vpc| endpoint(vpc, "ecr.api"),
        waiver: Waiver::of_all(NO_REGISTRY),
    },
    Check {
        name: "vpcs_have_endpoint_ecr_dkr",
        title: "The VPC reaches the container registry by an endpoint",
        requirements: &["1.4.2"],
        controls: Controls {
            fsbp: &["EC2.56"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::VPC"],
        judge: |vpc| endpoint(vpc, "ecr.dkr"),
        waiver: Waiver::of_all(NO_REGISTRY),
    },
    Check {
        name: "vpcs_have_endpoint_ssm_contacts",
        title: "The VPC reaches Incident Manager's contacts by an endpoint",
        requirements: &["1.4.2"],
        controls: Controls {
            fsbp: &["EC2.58"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::VPC"],
        judge: |vpc| endpoint(vpc, "ssm-contacts"),
        waiver: Waiver::of_all(NO_INCIDENTS),
    },
    Check {
        name: "vpcs_have_endpoint_ssm_incidents",
        title: "The VPC reaches Incident Manager by an endpoint",
        requirements: &["1.4.2"],
        controls: Controls {
            fsbp: &["EC2.60"],
            ..Controls::NONE
        },
        types: &["AWS::EC2::VPC"],
        judge: |vpc| endpoint(vpc, "ssm-incidents"),
        waiver: Waiver::of_all(NO_INCIDENTS),
    },
];

/// Its own rules, and those that are resources of their own.
fn closed(group: &Subject<'_>) -> Option<Verdict> {
    let apart = group
        .others("AWS::EC2::SecurityGroupIngress")
        .filter(|rule| group.is_named_by(rule.at("GroupId")))
        .map(|rule| &rule.resource.properties);
    let rules: Vec<&Value> = many(group.at("SecurityGroupIngress"))
        .into_iter()
        .chain(apart)
        .collect();
    let open: Vec<String> = rules
        .iter()
        .filter(|rule| is_everywhere(rule))
        .map(|rule| show(rule))
        .collect();
    let observed = match open.as_slice() {
        [] => format!("rules of ingress: {}, none from everywhere", rules.len()),
        open => format!("from everywhere: {}", list(open)),
    };
    seen(open.is_empty(), observed)
}

fn is_everywhere(rule: &Value) -> bool {
    ["CidrIp", "CidrIpv6", "CidrBlock", "Ipv6CidrBlock"]
        .iter()
        .filter_map(|name| rule.get(name)?.as_str())
        .any(|cidr| EVERYWHERE.contains(&cidr))
}

/// Whatever an entry before it refuses: scanners look at each by itself. An
/// entry that is not the pipeline's own is seen by its number alone.
fn administration(acl: &Subject<'_>) -> Option<Verdict> {
    let foreign = texts(acl.at("ForeignEntries"));
    let mut open: Vec<String> = foreign
        .iter()
        .map(|entry| format!("an entry of others, {entry}"))
        .collect();
    for entry in acl.others("AWS::EC2::NetworkAclEntry") {
        let admits = acl.is_named_by(entry.at("NetworkAclId"))
            && *entry.at("Egress") != Value::Bool(true)
            && entry.at("RuleAction").as_str() == Some("allow")
            && is_everywhere(&entry.resource.properties);
        if admits && spans(&entry) {
            open.push(entry.id.to_owned());
        }
    }
    seen(open.is_empty(), format!("open by: {}", list(&open)))
}

/// Without a range, all ports.
fn spans(entry: &Subject<'_>) -> bool {
    let (from, to) = (entry.at("PortRange.From"), entry.at("PortRange.To"));
    match (from.as_i64(), to.as_i64()) {
        (Some(from), Some(to)) => ADMINISTRATION.iter().any(|port| (from..=to).contains(port)),
        _ => true,
    }
}

fn used(acl: &Subject<'_>) -> Option<Verdict> {
    let subnets = acl
        .others("AWS::EC2::SubnetNetworkAclAssociation")
        .filter(|one| acl.is_named_by(one.at("NetworkAclId")))
        .count();
    seen(subnets > 0, format!("of {subnets} subnets"))
}

fn logged(vpc: &Subject<'_>) -> Option<Verdict> {
    let traffic: Vec<&str> = vpc
        .others("AWS::EC2::FlowLog")
        .filter(|log| vpc.is_named_by(log.at("ResourceId")))
        .filter_map(|log| log.at("TrafficType").as_str())
        .collect();
    seen(
        traffic.contains(&"ALL"),
        format!("flow logs: {}", list(&traffic)),
    )
}

/// By the last part of the service's name: `com.amazonaws.us-east-1.ecr.api`.
fn endpoint(vpc: &Subject<'_>, service: &str) -> Option<Verdict> {
    let region = format!(".{}.", vpc.pipeline.region);
    let there = vpc
        .others("AWS::EC2::VPCEndpoint")
        .filter(|one| vpc.is_named_by(one.at("VpcId")))
        .filter_map(|one| one.at("ServiceName").as_str())
        .filter_map(|name| name.split_once(&region))
        .any(|(_, name)| name == service);
    let observed = match there {
        true => format!("an endpoint for {service}"),
        false => format!("no endpoint for {service}"),
    };
    seen(there, observed)
}
