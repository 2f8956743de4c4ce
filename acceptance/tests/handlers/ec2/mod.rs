//! The network, against the contract, and what a case cannot tell.

mod contracts;
mod stories;

use crate::contract::Bench;
use serde_json::{Value, json};

/// What boto3 says of EC2; `ec2` is the client.
pub fn boto3(bench: &Bench<'_>, script: &str) -> Value {
    let script = format!("ec2 = boto3.client('ec2')\n{script}");
    bench.sandbox.boto3(&script).expect("the script runs")
}

/// A VPC that is nobody's.
pub fn vpc(bench: &Bench<'_>) -> String {
    let id = boto3(
        bench,
        "print(json.dumps(ec2.create_vpc(CidrBlock='10.0.0.0/16')['Vpc']['VpcId']))",
    );
    id.as_str().expect("an id").to_owned()
}

/// A subnet of ours.
pub async fn subnet(bench: &Bench<'_>, id: &str, vpc: &str, cidr_block: &str) -> String {
    let properties = json!({ "VpcId": vpc, "CidrBlock": cidr_block });
    let made = bench.made(id, "AWS::EC2::Subnet", &properties).await;
    made.identifier
}

/// A group of ours that lets nothing through.
pub async fn group(bench: &Bench<'_>, id: &str, vpc: &str) -> String {
    let properties = json!({
        "GroupName": id,
        "GroupDescription": "for a test",
        "VpcId": vpc,
        "SecurityGroupEgress": [],
    });
    let made = bench.made(id, "AWS::EC2::SecurityGroup", &properties).await;
    made.identifier
}

pub fn tags(team: &str) -> Value {
    json!([{ "Key": "team", "Value": team }])
}

/// Everyone may do everything with what is this account's.
pub fn policy(account: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": "*",
            "Resource": "*",
            "Condition": { "StringEquals": { "aws:PrincipalAccount": account } },
        }],
    })
}
