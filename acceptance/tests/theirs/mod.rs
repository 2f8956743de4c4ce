//! What a user has before the pipeline comes, and brings.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use crate::live;
use acceptance::Sandbox;
use acceptance::terraform::program;
use serde_json::{Value, json};
use std::process::Command;

/// Keys, a bucket for logs that admits what delivers to it, one with a zip of
/// the functions, and a function that puts credentials into effect.
const BRING: &str = r#"
account, region = "123456789012", "us-east-1"
kms, s3, iam = boto3.client("kms"), boto3.client("s3"), boto3.client("iam")
root = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
services = [f"logs.{region}.amazonaws.com", "logging.s3.amazonaws.com", "delivery.logs.amazonaws.com", "cloudwatch.amazonaws.com",
            "events.amazonaws.com", "sns.amazonaws.com"]
admits = {"Sid": "Services", "Effect": "Allow", "Principal": {"Service": services}, "Resource": "*",
          "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]}
keys = {}
for name in ("data", "environment", "logs"):
    made = kms.create_key(Description=f"theirs, for {name}", Tags=[{"TagKey": "of", "TagValue": "others"}],
                          Policy=json.dumps({"Version": "2012-10-17", "Statement": [root, admits] if name == "logs" else [root]}))["KeyMetadata"]
    kms.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=200)
    keys[name] = made["Arn"]
for bucket in ("their-logs", "their-releases"):
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "of", "Value": "others"}]})
deliver = {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": f"arn:aws:logs:{region}:{account}:*"}}
s3.put_bucket_policy(Bucket="their-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Sid": "AccessLogs", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
     "Resource": "arn:aws:s3:::their-logs/*"},
    {"Sid": "AWSLogDeliveryWrite", "Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"}, "Action": "s3:PutObject",
     "Resource": f"arn:aws:s3:::their-logs/*", "Condition": deliver | {"StringEquals": {"aws:SourceAccount": account, "s3:x-amz-acl": "bucket-owner-full-control"}}},
    {"Sid": "AWSLogDeliveryAclCheck", "Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"},
     "Action": ["s3:GetBucketAcl", "s3:ListBucket"], "Resource": "arn:aws:s3:::their-logs", "Condition": deliver},
]}))
code = open("{zip}", "rb").read()
version = s3.put_object(Bucket="their-releases", Key="functions.zip", Body=code)["VersionId"]
role = iam.create_role(RoleName="their-rotation", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))["Role"]["Arn"]
rotation = boto3.client("lambda").create_function(FunctionName="their-rotation", Role=role, Runtime="provided.al2023", Handler="bootstrap",
    Code={"ZipFile": code}, Tags={"of": "others"})
for settled in ("function_active", "function_updated"):
    boto3.client("lambda").get_waiter(settled).wait(FunctionName="their-rotation", WaiterConfig={"Delay": 1})
print(json.dumps({"keys": keys, "version": version, "rotation": rotation["FunctionArn"], "code": rotation["CodeSha256"]}))
"#;

/// What of it the block names. The zip is the provider's, as a user would build
/// one of their own.
pub fn bring(sandbox: &Sandbox) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = folder.path().join("functions.zip");
    let provider = program("terraform-provider-tap").expect("built");
    let done = Command::new(provider)
        .args(["functions", "arm64"])
        .arg(&zip)
        .status()
        .expect("runs");
    assert!(done.success(), "the functions are in the provider");
    let script = BRING.replace("{zip}", &zip.display().to_string());
    sandbox.boto3(&script).expect("brought")
}

/// A network of somebody's, with two subnets and a route table.
const NETWORK: &str = r#"
ec2 = boto3.client("ec2")
vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
subnets = []
for number, zone in enumerate("ab"):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
    subnets.append(subnet["Subnet"]["SubnetId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[-1])
"#;

/// Its endpoints, for whatever is in it.
const ENDPOINTS: &str = r#"
group = ec2.create_security_group(VpcId=vpc, GroupName="endpoints", Description="of the network")["GroupId"]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.40.0.0/16"}]}])
service = lambda name: "com.amazonaws.iam" if name == "iam" else f"com.amazonaws.us-east-1.{name}"
for name in SERVICES:
    ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Interface", ServiceName=service(name), SubnetIds=subnets, SecurityGroupIds=[group], PrivateDnsEnabled=True)
for name in ("dynamodb", "s3"):
    ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Gateway", ServiceName=service(name), RouteTableIds=[table])
"#;

/// The network, as an example's variables take it.
pub fn network(sandbox: &Sandbox) -> Value {
    sandbox
        .boto3(&format!(
            r#"{NETWORK}
print(json.dumps({{"vpc_id": vpc, "subnet_ids": subnets, "route_table_ids": [table]}}))"#
        ))
        .expect("a network")
}

/// A network with all endpoints that a pipeline calls, as `network` of an
/// example.
pub fn network_with_endpoints(sandbox: &Sandbox) -> Value {
    let spec = json!({ "name": "documents", "environment_suffix": "dev" });
    let template = live::template(&spec, live::REGION);
    let services: Vec<&str> = template["Resources"]
        .as_object()
        .into_iter()
        .flat_map(|resources| resources.values())
        .filter(|resource| resource["Properties"]["VpcEndpointType"] == "Interface")
        .filter_map(|resource| resource["Properties"]["ServiceName"].as_str())
        .filter_map(|name| name.rsplit('.').next())
        .collect();
    sandbox
        .boto3(&format!(
            r#"SERVICES = {}
{NETWORK}{ENDPOINTS}
print(json.dumps({{"vpc_id": vpc, "subnet_ids": subnets, "endpoint_security_group_id": group}}))"#,
            json!(services)
        ))
        .expect("a network")
}

/// The truststore of [`live::mutual_tls`], which this returns.
pub fn mutual_tls(sandbox: &Sandbox) -> Value {
    let truststore = r#"
s3 = boto3.client("s3")
s3.create_bucket(Bucket="of-the-certificate-authority")
s3.put_object(Bucket="of-the-certificate-authority", Key="clients.pem", Body=b"-----BEGIN CERTIFICATE-----\n")
print("{}")
"#;
    sandbox.boto3(truststore).expect("a truststore");
    live::mutual_tls()
}
