//! The network, row by row.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod endpoints;
mod rules;

use super::*;
use crate::blueprint::calls::CALLS;
use crate::blueprint::{Facts, expand};
use crate::engine::template::Template;

fn facts() -> Facts {
    Facts::documentation()
}

fn template(change: impl FnOnce(&mut Spec, &mut Facts)) -> Template {
    let (mut spec, mut facts) = (Spec::new("documents", "dev"), facts());
    change(&mut spec, &mut facts);
    expand(&spec, &facts).expect("the spec is valid")
}

fn default() -> Template {
    template(|_, _| {})
}

fn brought(spec: &mut Spec) {
    spec.network.vpc_id = Some("vpc-1".into());
    spec.network.subnet_ids = vec!["subnet-1".into(), "subnet-2".into()];
}

fn of_type<'t>(template: &'t Template, type_name: &str) -> Vec<(&'t str, &'t Value)> {
    let resources = template.resources.iter();
    resources
        .filter(|(_, resource)| resource.type_name == type_name)
        .map(|(id, resource)| (id.as_str(), &resource.properties))
        .collect()
}

fn properties<'t>(template: &'t Template, id: &str) -> &'t Value {
    &template.resources[id].properties
}

fn endpoints(template: &Template) -> Vec<(&str, &Value)> {
    of_type(template, "AWS::EC2::VPCEndpoint")
}

fn entries(template: &Template) -> Vec<(&str, &Value)> {
    of_type(template, "AWS::EC2::NetworkAclEntry")
}

fn statement<'t>(template: &'t Template, id: &str, policy: &str, sid: &str) -> &'t Value {
    let statements = properties(template, id)[policy]["Statement"].as_array();
    let mut statements = statements.expect("statements").iter();
    let found = statements.find(|statement| statement["Sid"] == sid);
    found.unwrap_or_else(|| panic!("{id} has no statement {sid}"))
}

/// R019.
#[test]
fn the_vpc_spreads_over_three_zones_that_are_named_by_id() {
    let template = default();
    let zones: Vec<&Value> = of_type(&template, "AWS::EC2::Subnet")
        .into_iter()
        .map(|(_, subnet)| &subnet["AvailabilityZoneId"])
        .collect();
    assert_eq!(zones, ["use1-az1", "use1-az2", "use1-az3"]);
    let text = serde_json::to_string(&template.resources["PrivateSubnet1"].properties).unwrap();
    assert!(!text.contains("\"AvailabilityZone\""), "{text}");
}

/// R019.
#[test]
fn a_region_with_fewer_zones_has_the_subnets_that_are_wanted_and_endpoints_once_in_a_zone() {
    let template = template(|spec, facts| {
        spec.network.availability_zones = 3;
        facts.zone_ids.truncate(2);
    });
    let subnets = of_type(&template, "AWS::EC2::Subnet");
    assert_eq!(subnets.len(), 3);
    assert_eq!(subnets[2].1["AvailabilityZoneId"], "use1-az1");
    for (id, endpoint) in endpoints(&template) {
        if endpoint["VpcEndpointType"] == "Interface" {
            assert_eq!(endpoint["SubnetIds"].as_array().unwrap().len(), 2, "{id}");
        }
    }
}

/// R019: subnets are sixteenths of the block, and none meets another.
#[test]
fn each_subnet_is_a_sixteenth_of_the_block() {
    for (block, index, subnet) in [
        ("10.0.0.0/16", 0, "10.0.0.0/20"),
        ("10.0.0.0/16", 5, "10.0.80.0/20"),
        ("172.16.8.0/22", 1, "172.16.8.64/26"),
        ("192.168.0.0/20", 2, "192.168.2.0/24"),
    ] {
        assert_eq!(subnet_cidr(block, index), subnet);
    }
}

/// R020.
#[test]
fn every_subnet_is_private() {
    let template = default();
    let subnets = of_type(&template, "AWS::EC2::Subnet");
    assert_eq!(subnets.len(), 3);
    for (id, subnet) in subnets {
        assert_eq!(subnet["MapPublicIpOnLaunch"], false, "{id}");
        let association = properties(&template, &format!("{id}RouteTableAssociation"));
        assert_eq!(association["SubnetId"], reference(id));
        assert_eq!(association["RouteTableId"], reference("PrivateRouteTable"));
    }
}

/// R021.
#[test]
fn there_is_no_way_to_the_internet() {
    for (id, resource) in &default().resources {
        let kind = resource.type_name.as_str();
        for way in [
            "AWS::EC2::EgressOnlyInternetGateway",
            "AWS::EC2::EIP",
            "AWS::EC2::InternetGateway",
            "AWS::EC2::NatGateway",
            "AWS::EC2::Route",
            "AWS::EC2::TransitGatewayAttachment",
            "AWS::EC2::VPCGatewayAttachment",
            "AWS::EC2::VPCPeeringConnection",
        ] {
            assert_ne!(kind, way, "{id}");
        }
    }
}

/// R029.
#[test]
fn all_traffic_is_recorded_in_the_log_bucket() {
    let template = default();
    let log = &template.resources["FlowLog"];
    assert_eq!(log.properties["TrafficType"], "ALL");
    assert_eq!(log.properties["ResourceId"], reference("Vpc"));
    assert_eq!(
        log.properties["LogDestination"],
        "arn:aws:s3:::documents-logs-documents-dev-111122223333-us-east-1/flow-logs/"
    );
    assert!(log.depends_on.iter().any(|id| id == "LogsBucketPolicy"));
}

/// R029: without these two statements, AWS writes a policy of its own over
/// ours; without the grant, delivery fails and nobody is told.
#[test]
fn log_delivery_may_write_to_the_log_bucket_and_use_its_key() {
    let template = default();
    let of_bucket = |sid| statement(&template, "LogsBucketPolicy", "PolicyDocument", sid);
    let write = of_bucket("AWSLogDeliveryWrite");
    assert_eq!(
        write["Resource"],
        "arn:aws:s3:::documents-logs-documents-dev-111122223333-us-east-1/flow-logs/AWSLogs/111122223333/*"
    );
    assert_eq!(
        write["Condition"]["StringEquals"]["s3:x-amz-acl"],
        "bucket-owner-full-control"
    );
    let grant = statement(&template, "LogsKey", "KeyPolicy", "FlowLogDelivery");
    for statement in [write, of_bucket("AWSLogDeliveryAclCheck"), grant] {
        assert_eq!(
            statement["Principal"],
            json!({ "Service": "delivery.logs.amazonaws.com" })
        );
        let condition = &statement["Condition"];
        assert_eq!(
            condition["StringEquals"]["aws:SourceAccount"],
            "111122223333"
        );
        assert_eq!(
            condition["ArnLike"]["aws:SourceArn"],
            "arn:aws:logs:us-east-1:111122223333:*"
        );
    }
    let rules = &properties(&template, "LogsBucket")["LifecycleConfiguration"]["Rules"];
    let mut rules = rules.as_array().unwrap().iter();
    assert!(rules.any(|rule| rule["Prefix"] == "flow-logs/" && rule["ExpirationInDays"] == 400));
}

#[test]
fn a_network_that_was_brought_gets_groups_and_endpoints_and_is_else_left_alone() {
    let without = template(|spec, _| brought(spec));
    let kinds: Vec<&str> = without
        .resources
        .values()
        .map(|resource| resource.type_name.as_str())
        .filter(|kind| kind.starts_with("AWS::EC2::"))
        .collect();
    for kind in &kinds {
        assert!(
            [
                "AWS::EC2::SecurityGroup",
                "AWS::EC2::SecurityGroupIngress",
                "AWS::EC2::VPCEndpoint"
            ]
            .contains(kind),
            "{kind}"
        );
    }
    assert!(!without.resources.contains_key("S3Endpoint"));
    let endpoint = properties(&without, "LogsEndpoint");
    assert_eq!(endpoint["SubnetIds"], json!(["subnet-1", "subnet-2"]));
    assert_eq!(endpoint["VpcId"], "vpc-1");
    let policy = properties(&without, "LogsBucketPolicy").to_string();
    assert!(!policy.contains("delivery.logs"), "{policy}");

    let with = template(|spec, _| {
        brought(spec);
        spec.network.route_table_ids = vec!["rtb-1".into()];
    });
    let tables = &properties(&with, "S3Endpoint")["RouteTableIds"];
    assert_eq!(tables, &json!(["rtb-1"]));
}

#[test]
fn a_log_bucket_that_was_brought_or_is_under_sse_s3_needs_no_grant_of_the_key() {
    use crate::blueprint::spec::AccessLogEncryption::Aes256;
    let brought = template(|spec, _| spec.storage.log_bucket_name = Some("central-logs".into()));
    let plain = template(|spec, _| spec.storage.access_log_encryption = Aes256);
    for template in [&brought, &plain] {
        let policy = properties(template, "LogsKey")["KeyPolicy"].to_string();
        assert!(!policy.contains("delivery.logs"), "{policy}");
    }
    let log = &brought.resources["FlowLog"];
    assert_eq!(
        log.properties["LogDestination"],
        "arn:aws:s3:::central-logs/flow-logs/"
    );
    assert!(log.depends_on.is_empty());
}
