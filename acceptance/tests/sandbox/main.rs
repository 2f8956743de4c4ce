//! The sandbox itself, driven by the real boto3: what it answers is what AWS
//! documents, what it records is what was called, and its weather does what its
//! rules say.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod account;
mod apigateway;
mod dynamodb;
mod firewall;
mod functions;
mod kms;
mod lifetime;
mod monitoring;
mod network;
mod s3;
mod settling;
mod sns;
mod ssm;
mod weather;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use acceptance::{Call, Sandbox};
use serde_json::{Value, json};

/// A bucket in which CloudTrail and Config may write.
const LOG_BUCKET: &str = include_str!("../account/log_bucket.py");

/// One sandbox for the tests that tell their things apart by name.
fn shared() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(own)
}

/// A sandbox for a test that makes weather or resets.
fn own() -> Sandbox {
    Sandbox::start().expect("the sandbox starts")
}

/// Runs a script in which `c(service)` makes a client and `code(call, ...)`
/// returns the error code of a call that is refused ("ok" if it is not).
fn run(sandbox: &Sandbox, script: &str) -> Value {
    let prelude = r#"
import time, botocore
from botocore.config import Config
def c(service, region="us-east-1", **more):
    return boto3.client(service, region_name=region, config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, signature_version="s3v4" if service == "s3" else None), **more)
def code(call, **arguments):
    try:
        call(**arguments)
        return "ok"
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    except botocore.exceptions.HTTPClientError as error:
        return type(error).__name__
def out(value):
    print(json.dumps(value, default=str))
"#;
    sandbox.boto3(&format!("{prelude}{script}")).unwrap()
}

fn operations(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.operation.as_str()).collect()
}

#[test]
fn every_service_of_a_pipeline_answers_in_one_account() {
    let found = run(
        shared(),
        r#"
out({
    "sts": c("sts").get_caller_identity()["Account"],
    "kms": c("kms").create_key()["KeyMetadata"]["Arn"].split(":")[4],
    "sns": c("sns").create_topic(Name="one-account")["TopicArn"].split(":")[4],
    "ec2": c("ec2").describe_vpcs()["Vpcs"][0]["OwnerId"],
    "guardduty": c("guardduty").list_detectors()["DetectorIds"],
    "wafv2": c("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"],
    "lambda": c("lambda").list_functions()["Functions"],
})"#,
    );
    let account = "123456789012";
    assert_eq!(
        found,
        json!({"sts": account, "kms": account, "sns": account, "ec2": account, "guardduty": [], "wafv2": [], "lambda": []})
    );
}

#[test]
fn a_presigned_url_and_a_posted_form_reach_s3_in_their_region() {
    let sandbox = shared();
    let found = run(
        sandbox,
        r#"
import urllib.request
s3 = c("s3", "eu-central-1")
s3.create_bucket(Bucket="presigned-eu", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
url = s3.generate_presigned_url("put_object", Params={"Bucket": "presigned-eu", "Key": "by-url"})
assert "X-Amz-Credential" in url, url
urllib.request.urlopen(urllib.request.Request(url, data=b"one", method="PUT"))
post = s3.generate_presigned_post("presigned-eu", "by-form")
import requests
answer = requests.post(post["url"], data=post["fields"], files={"file": b"two"})
out([s3.get_object(Bucket="presigned-eu", Key=key)["Body"].read().decode() for key in ("by-url", "by-form")] + [answer.status_code])"#,
    );
    assert_eq!(found, json!(["one", "two", 204]));
    let calls = sandbox.calls().unwrap();
    let of = |operation: &str| {
        calls
            .iter()
            .find(|call| call.operation == operation && call.resource.starts_with("presigned-eu"))
            .unwrap()
    };
    assert_eq!(
        (
            of("PutObject").region.as_str(),
            of("PostObject").region.as_str()
        ),
        ("eu-central-1", "eu-central-1")
    );
}

#[test]
fn a_role_of_another_account_acts_in_that_account_whichever_emulator_answers() {
    let found = run(
        shared(),
        r#"
role = c("sts").assume_role(RoleArn="arn:aws:iam::210987654321:role/deploy", RoleSessionName="test", ExternalId="external", DurationSeconds=900)["Credentials"]
keys = dict(aws_access_key_id=role["AccessKeyId"], aws_secret_access_key=role["SecretAccessKey"], aws_session_token=role["SessionToken"])
out([c("sts", **keys).get_caller_identity()["Account"], c("kms", **keys).create_key()["KeyMetadata"]["Arn"].split(":")[4], c("ec2", **keys).create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["OwnerId"]])"#,
    );
    assert_eq!(
        found,
        json!(["210987654321", "210987654321", "210987654321"])
    );
}

#[test]
fn the_record_names_operation_resource_region_and_outcome() {
    let sandbox = own();
    run(
        &sandbox,
        r#"
s3 = c("s3")
s3.create_bucket(Bucket="record-1")
s3.put_bucket_versioning(Bucket="record-1", VersioningConfiguration={"Status": "Enabled"})
code(s3.get_bucket_policy, Bucket="record-1")
s3.put_object(Bucket="record-1", Key="a/b.pdf", Body=b"x")
s3.delete_objects(Bucket="record-1", Delete={"Objects": [{"Key": "a/b.pdf"}]})
s3.list_object_versions(Bucket="record-1")
c("sns", "eu-west-1").create_topic(Name="record")
code(c("dynamodb").describe_table, TableName="record")
c("kms").create_key(Tags=[{"TagKey": "tap:logical-id", "TagValue": "DataKey"}])"#,
    );
    let calls = sandbox.calls().unwrap();
    let seen: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call.service.as_str(),
                call.operation.as_str(),
                call.resource.as_str(),
                call.region.as_str(),
                call.mutating,
                call.status.unwrap(),
                call.error.as_deref(),
            )
        })
        .collect();
    let us = "us-east-1";
    assert_eq!(
        seen,
        [
            ("s3", "CreateBucket", "record-1", us, true, 200, None),
            ("s3", "PutBucketVersioning", "record-1", us, true, 200, None),
            (
                "s3",
                "GetBucketPolicy",
                "record-1",
                us,
                false,
                404,
                Some("NoSuchBucketPolicy")
            ),
            ("s3", "PutObject", "record-1/a/b.pdf", us, true, 200, None),
            ("s3", "DeleteObjects", "record-1", us, true, 200, None),
            ("s3", "ListObjectVersions", "record-1", us, false, 200, None),
            ("sns", "CreateTopic", "record", "eu-west-1", true, 200, None),
            (
                "dynamodb",
                "DescribeTable",
                "record",
                us,
                false,
                400,
                Some("ResourceNotFoundException")
            ),
            ("kms", "CreateKey", "DataKey", us, true, 200, None),
        ]
    );
    assert!(
        calls
            .iter()
            .all(|call| call.user_agent.contains("Boto3") && call.duration_ms.is_some())
    );
    let later = sandbox.mutations_since(calls[1].sequence).unwrap();
    assert_eq!(
        operations(&later),
        ["PutObject", "DeleteObjects", "CreateTopic", "CreateKey"]
    );
    assert_eq!(sandbox.rates().unwrap()["s3"].calls, 6);
}

#[test]
fn the_account_lists_what_exists_and_leaves_out_keys_pending_deletion() {
    let sandbox = own();
    assert_eq!(sandbox.account().unwrap(), json!({}));
    let keys = run(
        &sandbox,
        r#"
kms = c("kms")
kept, gone = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
kms.schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
kms.create_alias(AliasName="alias/listed", TargetKeyId=kept)
c("s3", "eu-central-1").create_bucket(Bucket="listed-eu", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
c("s3").create_bucket(Bucket="listed")
topic = c("sns").create_topic(Name="listed")["TopicArn"]
c("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
for number in range(11):
    c("ssm").put_parameter(Name=f"/listed/{number:02}", Value="x", Type="String")
c("dynamodb").create_table(TableName="listed", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
out([kept])"#,
    );
    let topic = "arn:aws:sns:us-east-1:123456789012:listed";
    let parameters: Vec<String> = (0..11)
        .map(|number| format!("/listed/{number:02}"))
        .collect();
    assert_eq!(
        sandbox.account().unwrap(),
        json!({
            "eu-central-1": {"buckets": ["listed-eu"]},
            "us-east-1": {
                "aliases": ["alias/listed"], "buckets": ["listed"], "keys": keys, "parameters": parameters,
                "subscriptions": [format!("{topic} a@example.com")], "tables": ["listed"], "topics": [topic],
            },
        })
    );
}

#[test]
fn a_reset_leaves_nothing_and_takes_no_time() {
    let sandbox = own();
    run(
        &sandbox,
        r#"c("kms").create_key(); c("s3").create_bucket(Bucket="reset"); c("sns").create_topic(Name="reset"); c("ssm").put_parameter(Name="/reset", Value="x", Type="String")"#,
    );
    sandbox.aws_limits().unwrap();
    let begin = Instant::now();
    sandbox.reset().unwrap();
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(sandbox.account().unwrap(), json!({}));
    assert_eq!(sandbox.calls().unwrap(), []);
    assert_eq!(
        sandbox.control::<Value>("GET", "weather", "").unwrap(),
        json!([])
    );
}

#[test]
fn two_sandboxes_know_nothing_of_each_other() {
    let (one, other) = (own(), own());
    assert_ne!(one.endpoint(), other.endpoint());
    run(&one, r#"c("s3").create_bucket(Bucket="mine")"#);
    assert_eq!(
        one.account().unwrap(),
        json!({"us-east-1": {"buckets": ["mine"]}})
    );
    assert_eq!(other.account().unwrap(), json!({}));
    assert_eq!(other.calls().unwrap(), []);
}
