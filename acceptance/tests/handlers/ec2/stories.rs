//! What was written, as boto3 sees it, and what lies beside the contract:
//! rules, routes and interfaces of others.

use super::{boto3, group, subnet, tags, vpc};
use crate::contract::{Bench, Case};
use crate::story;
use serde_json::{Value, json};
use terraform_provider_tap::aws::{AwsContext, AwsSettings, Limits, Service, network_facts};
use terraform_provider_tap::engine::ErrorKind;

const VPC: &str = "AWS::EC2::VPC";

fn case<'a>(id: &'a str, type_name: &'a str, first: &Value) -> Case<'a> {
    Case {
        id,
        type_name,
        first: first.clone(),
        then: vec![],
        unique: false,
        refuses_strangers: true,
    }
}

/// R028.
#[test]
fn the_default_security_group_is_emptied_and_a_rule_in_it_is_drift() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let wanted = json!({ "CidrBlock": "10.0.0.0/16", "Tags": tags("blue") });
        let made = bench.made("Vpc", VPC, &wanted).await;
        let default = format!(
            "group = ec2.describe_security_groups(Filters=[{{'Name': 'vpc-id', 'Values': ['{}']}}])['SecurityGroups'][0]\n",
            made.identifier
        );
        let rules = format!(
            "{default}print(json.dumps(group['IpPermissions'] + group['IpPermissionsEgress']))"
        );
        assert_eq!(boto3(&bench, &rules), json!([]));
        boto3(
            &bench,
            &format!(
                "{default}ec2.authorize_security_group_ingress(GroupId=group['GroupId'], IpProtocol='tcp', FromPort=22, ToPort=22, CidrIp='0.0.0.0/0')"
            ),
        );
        let case = case("Vpc", VPC, &wanted);
        let drifted = bench.read(&case, &made.identifier, &wanted).await.unwrap();
        assert!(drifted.properties["DefaultSecurityGroupRules"].is_array());
        let handler = bench.handler(VPC);
        let cx = bench.cx("Vpc");
        handler
            .update(&cx, &made.identifier, &drifted.properties, &wanted)
            .await
            .expect("emptied again");
        assert_eq!(boto3(&bench, &rules), json!([]));
        let live = bench.read(&case, &made.identifier, &wanted).await.unwrap();
        assert_eq!(live.properties, handler.normalise(&wanted).unwrap());
        let asked = json!({ "CidrBlock": "10.0.0.0/16", "DefaultSecurityGroupRules": ["sgr-1"] });
        assert!(handler.normalise(&asked).is_err());
    });
}

/// R027: the lowest number decides, whoever added it.
#[test]
fn an_entry_that_nobody_wanted_in_the_network_acl_is_drift_and_goes() {
    story(async |sandbox| {
        const ACL: &str = "AWS::EC2::NetworkAcl";
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let numbers = json!({ "Key": "tap:entries", "Value": "ingress 100 egress 100 32000" });
        let wanted = json!({ "VpcId": vpc, "Tags": [numbers] });
        let made = bench.made("NetworkAcl", ACL, &wanted).await;
        let add = |number: u16, egress: &str| {
            let python = format!(
                "ec2.create_network_acl_entry(NetworkAclId='{}', RuleNumber={number}, Egress={egress}, Protocol='-1', RuleAction='allow', CidrBlock='0.0.0.0/0')",
                made.identifier
            );
            boto3(&bench, &python);
        };
        let case = case("NetworkAcl", ACL, &wanted);
        let handler = bench.handler(ACL);
        add(100, "False");
        add(32000, "True");
        let live = bench.read(&case, &made.identifier, &wanted).await.unwrap();
        assert_eq!(live.properties, handler.normalise(&wanted).unwrap());

        add(32000, "False");
        add(1, "True");
        let drifted = bench.read(&case, &made.identifier, &wanted).await.unwrap();
        assert_eq!(
            drifted.properties["ForeignEntries"],
            json!([
                "egress 1 allow -1 0.0.0.0/0",
                "ingress 32000 allow -1 0.0.0.0/0"
            ])
        );
        let cx = bench.cx("NetworkAcl");
        handler
            .update(&cx, &made.identifier, &drifted.properties, &wanted)
            .await
            .expect("taken away");
        let left = format!(
            "print(json.dumps(sorted([e['RuleNumber'], e['Egress']] for e in ec2.describe_network_acls(NetworkAclIds=['{}'])['NetworkAcls'][0]['Entries'] if e['RuleNumber'] != 32767)))",
            made.identifier
        );
        assert_eq!(boto3(&bench, &left), json!([[100, false], [32000, true]]));
        let asked = json!({ "VpcId": vpc, "ForeignEntries": ["ingress 1 allow -1 0.0.0.0/0"] });
        assert!(handler.normalise(&asked).is_err());
    });
}

/// R021.
#[test]
fn a_route_that_nobody_wanted_is_drift_and_goes() {
    story(async |sandbox| {
        const TABLE: &str = "AWS::EC2::RouteTable";
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let wanted = json!({ "VpcId": vpc });
        let made = bench.made("PrivateRouteTable", TABLE, &wanted).await;
        let table = made.identifier;
        boto3(
            &bench,
            &format!(
                "gateway = ec2.create_internet_gateway()['InternetGateway']['InternetGatewayId']\n\
                 ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId='{vpc}')\n\
                 ec2.create_route(RouteTableId='{table}', DestinationCidrBlock='0.0.0.0/0', GatewayId=gateway)\n\
                 ec2.create_vpc_endpoint(VpcId='{vpc}', ServiceName='com.amazonaws.us-east-1.s3', VpcEndpointType='Gateway', RouteTableIds=['{table}'])"
            ),
        );
        let case = case("PrivateRouteTable", TABLE, &wanted);
        let drifted = bench.read(&case, &table, &wanted).await.unwrap();
        assert_eq!(drifted.properties["Routes"], json!(["0.0.0.0/0"]));
        let cx = bench.cx("PrivateRouteTable");
        bench
            .handler(TABLE)
            .update(&cx, &table, &drifted.properties, &wanted)
            .await
            .expect("the route goes");
        let live = bench.read(&case, &table, &wanted).await.unwrap();
        assert_eq!(live.properties.get("Routes"), None);
    });
}

/// R026: what the handler writes, as AWS lists it.
#[test]
fn a_group_has_the_rules_that_were_wanted_and_its_siblings_and_nothing_else() {
    story(async |sandbox| {
        const GROUP: &str = "AWS::EC2::SecurityGroup";
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let functions = group(&bench, "FunctionSecurityGroup", &vpc).await;
        let wanted = json!({
            "GroupName": "endpoints",
            "GroupDescription": "Endpoints",
            "VpcId": vpc,
            "SecurityGroupEgress": [{
                "IpProtocol": "6",
                "FromPort": 443,
                "ToPort": 443,
                "DestinationPrefixListId": "pl-63a5400a",
                "Description": "to S3",
            }],
        });
        let endpoints = bench.made("EndpointSecurityGroup", GROUP, &wanted).await;
        let endpoints = endpoints.identifier;
        let rule = json!({
            "GroupId": endpoints,
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "SourceSecurityGroupId": functions,
            "Description": "from functions",
        });
        let type_name = "AWS::EC2::SecurityGroupIngress";
        bench
            .made("EndpointIngressFromFunctions", type_name, &rule)
            .await;
        let rules = format!(
            "rules = ec2.describe_security_group_rules(Filters=[{{'Name': 'group-id', 'Values': ['{endpoints}']}}])['SecurityGroupRules']\n\
             print(json.dumps(sorted([r['IsEgress'], r['FromPort'], r.get('PrefixListId'), r.get('ReferencedGroupInfo', {{}}).get('GroupId')] for r in rules)))"
        );
        assert_eq!(
            boto3(&bench, &rules),
            json!([
                [false, 443, null, functions],
                [true, 443, "pl-63a5400a", null]
            ])
        );
        // The rule of its own is none of the group's business; another is.
        let handler = bench.handler(GROUP);
        let case = case("EndpointSecurityGroup", GROUP, &wanted);
        let live = bench.read(&case, &endpoints, &wanted).await.unwrap();
        assert_eq!(live.properties, handler.normalise(&wanted).unwrap());
        boto3(
            &bench,
            &format!(
                "ec2.authorize_security_group_ingress(GroupId='{endpoints}', IpProtocol='tcp', FromPort=22, ToPort=22, CidrIp='0.0.0.0/0')"
            ),
        );
        let drifted = bench.read(&case, &endpoints, &wanted).await.unwrap();
        assert_eq!(
            drifted.properties["SecurityGroupIngress"][0]["FromPort"],
            22
        );
        let cx = bench.cx("EndpointSecurityGroup");
        handler
            .update(&cx, &endpoints, &drifted.properties, &wanted)
            .await
            .expect("repaired");
        assert_eq!(
            boto3(&bench, &rules),
            json!([
                [false, 443, null, functions],
                [true, 443, "pl-63a5400a", null]
            ])
        );
    });
}

#[test]
fn a_subnet_waits_for_lambdas_interfaces_and_refuses_to_wait_for_others() {
    story(async |sandbox| {
        const SUBNET: &str = "AWS::EC2::Subnet";
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let subnet = subnet(&bench, "PrivateSubnet1", &vpc, "10.0.0.0/20").await;
        let interface = |description: &str| {
            format!(
                "print(json.dumps(ec2.create_network_interface(SubnetId='{subnet}', Description='{description}')['NetworkInterface']['NetworkInterfaceId']))"
            )
        };
        let theirs = boto3(&bench, &interface("bastion"));
        let cx = bench.cx("PrivateSubnet1");
        let refused = bench.handler(SUBNET).delete(&cx, &subnet).await;
        let refused = refused.expect_err("somebody else uses it");
        assert_eq!(refused.kind, ErrorKind::Stranger, "{refused}");
        assert!(refused.message.contains("bastion"), "{refused}");
        let delete = format!("ec2.delete_network_interface(NetworkInterfaceId={theirs})");
        boto3(&bench, &delete);

        boto3(&bench, &interface("AWS Lambda VPC ENI-validate-1"));
        bench.delete("PrivateSubnet1", SUBNET, &subnet).await;
        let left = format!(
            "print(json.dumps(ec2.describe_network_interfaces(Filters=[{{'Name': 'subnet-id', 'Values': ['{subnet}']}}])['NetworkInterfaces']))"
        );
        assert_eq!(boto3(&bench, &left), json!([]));
    });
}

/// Where a subnet's table was changed by hand, making the association again
/// takes its place.
#[test]
fn a_subnet_that_was_given_another_table_and_acl_gets_its_own_back() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let vpc = vpc(&bench);
        let subnet = subnet(&bench, "PrivateSubnet1", &vpc, "10.0.0.0/20").await;
        let table = json!({ "VpcId": vpc });
        let table = bench
            .made("PrivateRouteTable", "AWS::EC2::RouteTable", &table)
            .await;
        let acl = json!({ "VpcId": vpc });
        let acl = bench.made("NetworkAcl", "AWS::EC2::NetworkAcl", &acl).await;
        boto3(
            &bench,
            &format!(
                "table = ec2.create_route_table(VpcId='{vpc}')['RouteTable']['RouteTableId']\n\
                 ec2.associate_route_table(RouteTableId=table, SubnetId='{subnet}')\n\
                 acl = ec2.create_network_acl(VpcId='{vpc}')['NetworkAcl']['NetworkAclId']\n\
                 there = [a for n in ec2.describe_network_acls()['NetworkAcls'] for a in n['Associations'] if a['SubnetId'] == '{subnet}'][0]\n\
                 ec2.replace_network_acl_association(AssociationId=there['NetworkAclAssociationId'], NetworkAclId=acl)"
            ),
        );
        for (type_name, property, id) in [
            (
                "AWS::EC2::SubnetRouteTableAssociation",
                "RouteTableId",
                &table.identifier,
            ),
            (
                "AWS::EC2::SubnetNetworkAclAssociation",
                "NetworkAclId",
                &acl.identifier,
            ),
        ] {
            let wanted = json!({ property: id, "SubnetId": subnet });
            let case = case("Association", type_name, &wanted);
            let made = bench.made("Association", type_name, &wanted).await;
            let live = bench.read(&case, &made.identifier, &wanted).await.unwrap();
            assert_eq!(live.properties, wanted);
        }
    });
}

/// R024: of what the network's expansion has to know.
#[test]
fn the_facts_of_the_network_are_zones_by_id_and_prefix_lists_by_service() {
    story(async |sandbox| {
        let endpoint = |service: &Service| (service.name().to_owned(), sandbox.endpoint().into());
        let settings = AwsSettings {
            region: Some("us-east-1".into()),
            access_key: Some("test".into()),
            secret_key: Some("test".into()),
            endpoints: Service::ALL.iter().map(endpoint).collect(),
            ..AwsSettings::default()
        };
        let context = AwsContext::with_limits(settings, Limits::of_process()).unwrap();
        let clients = context.ready().await.unwrap();
        let facts = network_facts(&clients).await.expect("facts");
        assert_eq!(
            facts.zone_ids,
            [
                "use1-az1", "use1-az2", "use1-az3", "use1-az4", "use1-az5", "use1-az6"
            ]
        );
        let services: Vec<&String> = facts.prefix_list_ids.keys().collect();
        assert_eq!(services, ["dynamodb", "s3"]);
        assert!(
            facts
                .prefix_list_ids
                .values()
                .all(|id| id.starts_with("pl-"))
        );
    });
}
