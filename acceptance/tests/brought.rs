//! What a user brings is used, and is at the end what it was at the beginning.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;
mod theirs;

use common::{ADDRESS, apply, expect_code, expect_empty_plan, pipeline, sandbox, terraform};
use live::Settings;
use serde_json::json;

/// What of the pipeline uses it.
const USED: &str = r#"
s3, functions = boto3.client("s3"), boto3.client("lambda")
raw = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-raw-" in b["Name"])
encryption = s3.get_bucket_encryption(Bucket=raw)["ServerSideEncryptionConfiguration"]["Rules"][0]
function = functions.get_function(FunctionName="scan-documents-dev")["Configuration"]
group = boto3.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/scan-documents-dev")["logGroups"][0]
topic = boto3.client("sns").get_topic_attributes(TopicArn="arn:aws:sns:us-east-1:123456789012:alerts-documents-dev")["Attributes"]
secrets = boto3.client("secretsmanager")
secrets = {secrets.describe_secret(SecretId=s["ARN"])["KmsKeyId"] for s in secrets.list_secrets()["SecretList"]}
print(json.dumps({
    "documents": encryption["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"],
    "table": boto3.client("dynamodb").describe_table(TableName="audit-documents-dev")["Table"]["SSEDescription"]["KMSMasterKeyArn"],
    "secrets": sorted(secrets),
    "function": function["KMSKeyArn"], "log group": group["kmsKeyId"], "topic": topic["KmsMasterKeyId"],
    "access logs": s3.get_bucket_logging(Bucket=raw)["LoggingEnabled"]["TargetBucket"],
    "code": function["CodeSha256"],
    "rotation": functions.get_function_configuration(FunctionName="rotate-documents-dev")["Environment"]["Variables"]["TAP_ROTATION_HOOK_ARN"],
}))
"#;

/// Everything that could have been changed of it.
const LOOK: &str = r#"
kms, s3, functions = boto3.client("kms"), boto3.client("s3"), boto3.client("lambda")
def said(function, **arguments):
    try:
        answer = function(**arguments)
        answer.pop("ResponseMetadata")
        return answer
    except Exception as error:
        return str(error)
def key(arn):
    return [said(each, KeyId=arn) for each in (kms.describe_key, kms.get_key_rotation_status, kms.list_resource_tags, kms.list_grants, kms.list_aliases)] \
        + [said(kms.get_key_policy, KeyId=arn, PolicyName="default")]
def bucket(name):
    asked = ("get_bucket_policy", "get_bucket_tagging", "get_bucket_versioning", "get_bucket_encryption", "get_public_access_block",
             "get_bucket_lifecycle_configuration", "get_bucket_logging", "get_bucket_notification_configuration", "get_bucket_ownership_controls",
             "get_bucket_acl", "list_object_versions")
    return {each: said(getattr(s3, each), Bucket=name) for each in asked}
def function(name):
    found = said(functions.get_function, FunctionName=name)
    found.pop("Code", None)
    return [found] + [said(each, FunctionName=name) for each in (functions.get_policy, functions.list_event_source_mappings,
        functions.get_function_concurrency, functions.list_aliases, functions.get_function_event_invoke_config)]
def role(name):
    iam = boto3.client("iam")
    return [said(each, RoleName=name) for each in (iam.get_role, iam.list_role_tags, iam.list_role_policies, iam.list_attached_role_policies)]
print(json.dumps({
    "keys": [key(arn) for arn in KEYS],
    "buckets": [bucket(name) for name in ("their-logs", "their-releases")],
    "function": function("their-rotation"),
    "role": role("their-rotation"),
}, default=str))
"#;

#[test]
fn keys_a_log_bucket_code_and_a_rotation_function_are_used_and_left_as_they_were() {
    let sandbox = sandbox();
    let brought = theirs::bring(&sandbox);
    let look = || {
        let keys = &brought["keys"];
        let arns = json!([keys["data"], keys["environment"], keys["logs"]]);
        let script = LOOK.replace("KEYS", &arns.to_string());
        sandbox.boto3(&script).expect("a look")
    };
    let (before, everything) = (look(), common::account(&sandbox));
    let code = json!({
        "s3_bucket": "their-releases", "s3_key": "functions.zip",
        "s3_object_version": brought["version"],
    });
    let mut settings = Settings::new("documents")
        .with("encryption.key_arns", brought["keys"].clone())
        .with("storage.log_bucket_name", "their-logs")
        .with("functions.code", code)
        .with("secrets.rotation_function_arn", brought["rotation"].clone())
        .with("secrets.credentials", json!({ "database": "dbadmin" }));
    let terraform = terraform(&sandbox, &pipeline(&settings.hcl()));
    apply(&terraform);
    let used = sandbox.boto3(USED).expect("a look");
    let keys = &brought["keys"];
    assert_eq!(
        used,
        json!({
            "documents": keys["data"], "table": keys["data"], "secrets": [keys["data"]],
            "function": keys["environment"], "log group": keys["logs"], "topic": keys["logs"],
            "access logs": "their-logs", "code": brought["code"],
            "rotation": brought["rotation"],
        })
    );
    expect_empty_plan(&terraform);
    assert_eq!(look(), before, "after the apply");
    let state = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(state["key_arns"], brought["keys"]);
    assert_eq!(state["bucket_names"]["logs"], "their-logs");

    settings.set("functions.memory_mb", 768);
    settings.set("storage.noncurrent_glacier_after_days", 60);
    settings.set("threats.minimum_severity", 8);
    settings.set("tags", json!({ "team": "payments" }));
    terraform
        .configure(&pipeline(&settings.hcl()))
        .expect("written");
    apply(&terraform);
    assert_eq!(look(), before, "after the change");

    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    assert_eq!(look(), before, "after the destroy");
    let left = common::account(&sandbox);
    assert_eq!(left, everything, "nothing more, and nothing less");
}

/// AWS would write a policy of its own over the bucket's.
#[test]
fn a_log_bucket_that_does_not_admit_flow_logs_is_refused_and_its_policy_is_kept() {
    let sandbox = sandbox();
    let policy = |script: &str| {
        let script = format!(
            "s3 = boto3.client('s3')\n{script}\nprint(s3.get_bucket_policy(Bucket='their-logs')['Policy'])"
        );
        sandbox.boto3(&script).expect("a policy")
    };
    let before = policy(
        r#"s3.create_bucket(Bucket="their-logs")
s3.put_bucket_policy(Bucket="their-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Sid": "AccessLogs", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::their-logs/*"}]}))"#,
    );
    let settings = Settings::new("documents").with("storage.log_bucket_name", "their-logs");
    let terraform = terraform(&sandbox, &pipeline(&settings.hcl()));
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "flow logs that may not be delivered");
    let said = ran.flat();
    for part in [
        "FlowLog (AWS::EC2::FlowLog)",
        "their-logs does not admit delivery.logs.amazonaws.com",
        "AWSLogDeliveryWrite",
    ] {
        assert!(said.contains(part), "it should say {part:?}:\n{}", ran.text);
    }
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    assert_eq!(policy(""), before);
}
