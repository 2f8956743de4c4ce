//! Each type as a case.

use super::{boto3, group, policy, subnet, tags, vpc};
use crate::contract::{Bench, Case, hold};
use crate::story;
use serde_json::{Value, json};

fn case<'a>(id: &'a str, type_name: &'a str, first: Value, then: Vec<Value>) -> Case<'a> {
    Case {
        id,
        type_name,
        first,
        then,
        unique: false,
        refuses_strangers: true,
    }
}

#[test]
fn a_vpc_keeps_the_contract() {
    story(async |sandbox| {
        let vpc = |hostnames: bool, team: &str| {
            json!({
                "CidrBlock": "10.0.0.0/16",
                "EnableDnsSupport": true,
                "EnableDnsHostnames": hostnames,
                "Tags": tags(team),
            })
        };
        let then = vec![vpc(false, "red"), vpc(true, "red")];
        let case = case("Vpc", "AWS::EC2::VPC", vpc(true, "blue"), then);
        hold(&Bench::new(sandbox), case).await;
    });
}

#[test]
fn a_subnet_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let subnet = |public: bool, team: &str| {
            json!({
                "VpcId": vpc,
                "CidrBlock": "10.0.16.0/20",
                "AvailabilityZoneId": "use1-az2",
                "MapPublicIpOnLaunch": public,
                "Tags": tags(team),
            })
        };
        let then = vec![subnet(true, "blue"), subnet(false, "red")];
        let first = subnet(false, "blue");
        hold(
            &bench,
            case("PrivateSubnet2", "AWS::EC2::Subnet", first, then),
        )
        .await;
    });
}

#[test]
fn a_route_table_and_its_association_keep_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let table = |team: &str| json!({ "VpcId": vpc, "Tags": tags(team) });
        const TABLE: &str = "AWS::EC2::RouteTable";
        hold(
            &bench,
            case(
                "PrivateRouteTable",
                TABLE,
                table("blue"),
                vec![table("red")],
            ),
        )
        .await;
        let made = bench.made("PrivateRouteTable", TABLE, &table("blue")).await;
        let subnet = subnet(&bench, "PrivateSubnet1", &vpc, "10.0.0.0/20").await;
        let association = json!({ "RouteTableId": made.identifier, "SubnetId": subnet });
        let association = case(
            "PrivateSubnet1RouteTableAssociation",
            "AWS::EC2::SubnetRouteTableAssociation",
            association,
            vec![],
        );
        hold(&bench, association).await;
    });
}

#[test]
fn a_network_acl_its_entries_and_associations_keep_the_contract() {
    story(async |sandbox| {
        const ACL: &str = "AWS::EC2::NetworkAcl";
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let acl = |team: &str| json!({ "VpcId": vpc, "Tags": tags(team) });
        let then = vec![acl("red")];
        hold(&bench, case("NetworkAcl", ACL, acl("blue"), then)).await;

        let made = bench.made("NetworkAcl", ACL, &acl("blue")).await;
        let entry = |egress: bool, to: u16, action: &str| {
            json!({
                "NetworkAclId": made.identifier,
                "Egress": egress,
                "RuleNumber": 100,
                "Protocol": 6,
                "RuleAction": action,
                "CidrBlock": "10.0.0.0/16",
                "PortRange": { "From": 443, "To": to },
            })
        };
        let all = json!({
            "NetworkAclId": made.identifier,
            "Egress": true,
            "RuleNumber": 100,
            "Protocol": -1,
            "RuleAction": "deny",
            "CidrBlock": "0.0.0.0/0",
        });
        for (egress, then) in [
            (
                false,
                vec![entry(false, 444, "allow"), entry(false, 443, "deny")],
            ),
            (true, vec![all]),
        ] {
            let first = entry(egress, 443, "allow");
            let mut case = case("NetworkAclHttps", "AWS::EC2::NetworkAclEntry", first, then);
            case.unique = true;
            hold(&bench, case).await;
        }

        let subnet = subnet(&bench, "PrivateSubnet1", &vpc, "10.0.0.0/20").await;
        let association = json!({ "NetworkAclId": made.identifier, "SubnetId": subnet });
        let association = case(
            "PrivateSubnet1NetworkAclAssociation",
            "AWS::EC2::SubnetNetworkAclAssociation",
            association,
            vec![],
        );
        hold(&bench, association).await;
    });
}

fn https(peer: &str, value: &str, description: &str) -> Value {
    json!({
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        peer: value,
        "Description": description,
    })
}

#[test]
fn a_security_group_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let endpoints = group(&bench, "EndpointSecurityGroup", &vpc).await;
        let functions = |ingress: Vec<Value>, egress: Vec<Value>, team: &str| {
            json!({
                "GroupName": "functions",
                "GroupDescription": "Functions",
                "VpcId": vpc,
                "SecurityGroupIngress": ingress,
                "SecurityGroupEgress": egress,
                "Tags": tags(team),
            })
        };
        let to_group = https("DestinationSecurityGroupId", &endpoints, "to endpoints");
        let to_list = https("DestinationPrefixListId", "pl-63a5400a", "to S3");
        let from_cidr = https("CidrIp", "10.0.0.0/16", "from the VPC");
        let mut case = case(
            "FunctionSecurityGroup",
            "AWS::EC2::SecurityGroup",
            functions(vec![], vec![to_group.clone(), to_list.clone()], "blue"),
            vec![
                functions(vec![from_cidr], vec![to_list.clone()], "blue"),
                functions(vec![], vec![to_list, to_group], "red"),
                functions(vec![], vec![], "red"),
            ],
        );
        case.unique = true;
        hold(&bench, case).await;
    });
}

#[test]
fn a_rule_of_its_own_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let to = group(&bench, "EndpointSecurityGroup", &vpc).await;
        let from = group(&bench, "FunctionSecurityGroup", &vpc).await;
        let rule = |description: &str| {
            let mut rule = https("SourceSecurityGroupId", &from, description);
            rule["GroupId"] = json!(to);
            rule
        };
        let mut case = case(
            "EndpointIngressFromFunctions",
            "AWS::EC2::SecurityGroupIngress",
            rule("HTTPS from the functions"),
            vec![rule("HTTPS of the functions")],
        );
        case.unique = true;
        hold(&bench, case).await;
    });
}

#[test]
fn a_gateway_endpoint_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let script = format!(
            "print(json.dumps([ec2.create_route_table(VpcId='{vpc}')['RouteTable']['RouteTableId'] for _ in range(2)]))"
        );
        let tables = boto3(&bench, &script);
        let endpoint = |tables: Vec<&Value>, account: &str, team: &str| {
            json!({
                "VpcId": vpc,
                "ServiceName": "com.amazonaws.us-east-1.s3",
                "VpcEndpointType": "Gateway",
                "RouteTableIds": tables,
                "PolicyDocument": policy(account),
                "Tags": tags(team),
            })
        };
        let first = endpoint(vec![&tables[0]], "111122223333", "blue");
        let then = vec![
            endpoint(vec![&tables[1], &tables[0]], "111122223333", "red"),
            endpoint(vec![&tables[1]], "444455556666", "red"),
        ];
        hold(
            &bench,
            case("S3Endpoint", "AWS::EC2::VPCEndpoint", first, then),
        )
        .await;
    });
}

#[test]
fn an_interface_endpoint_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let one = group(&bench, "EndpointSecurityGroup", &vpc).await;
        let two = group(&bench, "OtherSecurityGroup", &vpc).await;
        let zone = subnet(&bench, "PrivateSubnet1", &vpc, "10.0.0.0/20").await;
        let other = subnet(&bench, "PrivateSubnet2", &vpc, "10.0.16.0/20").await;
        let endpoint = |subnets: Vec<&str>, groups: Vec<&str>, dns: bool, account: &str| {
            json!({
                "VpcId": vpc,
                "ServiceName": "com.amazonaws.iam",
                "ServiceRegion": "us-west-2",
                "VpcEndpointType": "Interface",
                "PrivateDnsEnabled": dns,
                "SubnetIds": subnets,
                "SecurityGroupIds": groups,
                "PolicyDocument": policy(account),
                "Tags": tags("blue"),
            })
        };
        let first = endpoint(vec![&zone], vec![&one], true, "111122223333");
        let then = vec![
            endpoint(vec![&other, &zone], vec![&one], true, "111122223333"),
            endpoint(vec![&other], vec![&two], false, "444455556666"),
        ];
        hold(
            &bench,
            case("IamEndpoint", "AWS::EC2::VPCEndpoint", first, then),
        )
        .await;
    });
}

#[test]
fn a_flow_log_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        // Where flow logs are not admitted, none are made.
        boto3(
            &bench,
            r#"
s3 = boto3.client("s3")
s3.create_bucket(Bucket="logs")
deliver = {"Sid": "AWSLogDeliveryWrite", "Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*"}
s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deliver]}))"#,
        );
        let log = |team: &str| {
            json!({
                "ResourceId": vpc,
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogDestinationType": "s3",
                "LogDestination": "arn:aws:s3:::logs/flow-logs/",
                "MaxAggregationInterval": 60,
                "DestinationOptions": {
                    "FileFormat": "parquet",
                    "HiveCompatiblePartitions": true,
                    "PerHourPartition": false,
                },
                "Tags": tags(team),
            })
        };
        let mut case = case(
            "FlowLog",
            "AWS::EC2::FlowLog",
            log("blue"),
            vec![log("red")],
        );
        case.unique = true;
        hold(&bench, case).await;
    });
}
