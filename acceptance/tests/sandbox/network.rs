//! EC2 as AWS documents it, where moto knows nothing of the other emulator or
//! lacks a check. A test that is named after a shim fails without it.

use super::*;

#[test]
fn ec2_dependencies_keep_what_is_in_use() {
    let found = run(
        shared(),
        r#"
ec2 = c("ec2")
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
group, other = (ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"] for name in ("one", "other"))
ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]}])
eni = ec2.create_network_interface(SubnetId=subnet, Groups=[other])["NetworkInterface"]["NetworkInterfaceId"]
endpoint = ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.kms", SubnetIds=[subnet], SecurityGroupIds=[other])["VpcEndpoint"]["VpcEndpointId"]
subnet_ = lambda: code(ec2.delete_subnet, SubnetId=subnet)
group_ = lambda which: code(ec2.delete_security_group, GroupId=which)
vpc_ = lambda: code(ec2.delete_vpc, VpcId=vpc)
found = [subnet_(), group_(group), group_(other), vpc_()]
ec2.delete_network_interface(NetworkInterfaceId=eni)
found += [subnet_(), group_(other)]
ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
found += [group_(group), group_(other), group_(group), vpc_(), subnet_(), vpc_()]
out(found)"#,
    );
    let held = "DependencyViolation";
    assert_eq!(
        found,
        json!([
            held, held, held, held, held, held, held, "ok", "ok", held, "ok", "ok"
        ])
    );
}

#[test]
fn ec2_flow_logs_go_to_the_bucket_or_group_that_the_account_has() {
    let found = run(
        shared(),
        r#"
ec2 = c("ec2")
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
c("s3").create_bucket(Bucket="flow-logs-here")
c("logs").create_log_group(logGroupName="flow-logs-here")
def create(destination, kind="s3", **more):
    made = ec2.create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType=kind, LogDestination=destination, TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "a", "Value": "b"}]}], **more)
    return (made["FlowLogIds"] or [None])[0], [item["Error"]["Code"] for item in made["Unsuccessful"]]
def read(id):
    log = ec2.describe_flow_logs(FlowLogIds=[id])["FlowLogs"][0]
    return [log.get(name) for name in ("LogDestinationType", "LogDestination", "DeliverLogsStatus", "LogGroupName", "MaxAggregationInterval", "DestinationOptions", "Tags")]
here, _ = create("arn:aws:s3:::flow-logs-here/flow-logs/", MaxAggregationInterval=60, DestinationOptions={"FileFormat": "parquet", "HiveCompatiblePartitions": True})
again = code(ec2.create_flow_logs, ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3", LogDestination="arn:aws:s3:::flow-logs-here/flow-logs/")
_, nowhere = create("arn:aws:s3:::flow-logs-nowhere")
group, _ = create("arn:aws:logs:us-east-1:123456789012:log-group:flow-logs-here", "cloud-watch-logs", DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/any")
admitted = "delivery.logs.amazonaws.com" in c("s3").get_bucket_policy(Bucket="flow-logs-here")["Policy"]
out([read(here), again, len(nowhere), read(group)[2], admitted])"#,
    );
    let tags = json!([{"Key": "a", "Value": "b"}]);
    let options = json!({"FileFormat": "parquet", "HiveCompatiblePartitions": true, "PerHourPartition": false});
    assert_eq!(
        found,
        json!([
            [
                "s3",
                "arn:aws:s3:::flow-logs-here/flow-logs/",
                "SUCCESS",
                null,
                60,
                options,
                tags
            ],
            "FlowLogAlreadyExists",
            1,
            "SUCCESS",
            true
        ])
    );
}

#[test]
fn ec2_endpoint_conflicts_are_refused_in_one_network_and_not_in_another() {
    let found = run(
        shared(),
        r#"
ec2 = c("ec2")
def network():
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    return vpc, subnet, ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
def interface(vpc, subnet, _, service="kms", named=True):
    return code(ec2.create_vpc_endpoint, VpcId=vpc, VpcEndpointType="Interface", ServiceName=f"com.amazonaws.us-east-1.{service}", SubnetIds=[subnet], PrivateDnsEnabled=named)
def gateway(vpc, _, table):
    return code(ec2.create_vpc_endpoint, VpcId=vpc, VpcEndpointType="Gateway", ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table])
one, other = network(), network()
found = [interface(*one), interface(*one), interface(*one, named=False), interface(*one, service="sns"), interface(*other)]
found += [gateway(*one), gateway(*one), gateway(*other)]
ids = [e["VpcEndpointId"] for e in ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [one[0]]}])["VpcEndpoints"]]
ec2.delete_vpc_endpoints(VpcEndpointIds=ids)
out(found + [interface(*one), gateway(*one)])"#,
    );
    let (name, route) = ("InvalidParameter", "RouteAlreadyExists");
    assert_eq!(
        found,
        json!(["ok", name, "ok", "ok", "ok", "ok", route, "ok", "ok", "ok"])
    );
}
