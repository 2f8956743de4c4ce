//! Functions and their permissions, against the contract.

use crate::contract::{Bench, Case, hold};
use crate::story;
use acceptance::{Action, Rule};
use serde_json::{Value, json};
use terraform_provider_tap::bundle;
use terraform_provider_tap::engine::ErrorKind;

/// The properties of a function without a network; its role is made first.
async fn function(bench: &Bench<'_>) -> Value {
    let role = json!({
        "RoleName": "scan",
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "lambda.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        },
    });
    let role = bench.made("ScanRole", "AWS::IAM::Role", &role).await;
    let held = bundle::all().first().expect("make functions comes first");
    json!({
        "FunctionName": "scan",
        "Runtime": "provided.al2023",
        "Handler": "scan",
        "Role": role.attributes["Arn"],
        "Code": { "S3Bucket": bundle::BUCKET, "S3Key": format!("{}.zip", held.sha256) },
        "Architectures": [held.architecture.as_str()],
        "Tags": [{ "Key": "team", "Value": "blue" }],
    })
}

fn with(base: &Value, more: Value) -> Value {
    let mut all = base.as_object().expect("an object").clone();
    all.extend(more.as_object().expect("an object").clone());
    Value::Object(all)
}

async fn dead_letters(bench: &Bench<'_>) -> Value {
    let queue = json!({ "QueueName": "dead-letters" });
    let queue = bench.made("DeadLetterQueue", "AWS::SQS::Queue", &queue);
    queue.await.attributes["Arn"].clone()
}

/// Two subnets of a VPC and a group in it.
fn network(sandbox: &acceptance::Sandbox) -> (Vec<String>, String) {
    let script = r#"
ec2 = boto3.client("ec2")
vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{n}.0/24")["Subnet"]["SubnetId"] for n in (1, 2)]
print(json.dumps([subnets, ec2.create_security_group(VpcId=vpc, GroupName="g", Description="g")["GroupId"]]))"#;
    let made = sandbox.boto3(script).expect("a network");
    serde_json::from_value(made).expect("subnets and a group")
}

#[test]
fn a_function_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let base = function(&bench).await;
        let queue = dead_letters(&bench).await;
        let (subnets, group) = network(sandbox);
        let key = sandbox
            .boto3(r#"print(json.dumps(boto3.client("kms").create_key()["KeyMetadata"]["Arn"]))"#)
            .expect("a key");
        let full = json!({
            "MemorySize": 512,
            "Timeout": 15,
            "Description": "Scans documents",
            "KmsKeyArn": key,
            "Environment": { "Variables": { "TAP_PIPELINE": "documents-dev@us-east-1" } },
            "VpcConfig": { "SubnetIds": [subnets[1], subnets[0]], "SecurityGroupIds": [group] },
            "DeadLetterConfig": { "TargetArn": queue },
            "TracingConfig": { "Mode": "Active" },
            "ReservedConcurrentExecutions": 5,
        });
        hold(
            &bench,
            Case {
                id: "ScanFunction",
                type_name: "AWS::Lambda::Function",
                first: with(&base, full),
                then: vec![
                    base.clone(),
                    with(
                        &base,
                        json!({
                            "Environment": { "Variables": { "TAP_PIPELINE": "other" } },
                            "VpcConfig": { "SubnetIds": [subnets[0]], "SecurityGroupIds": [group] },
                            "Tags": [{ "Key": "team", "Value": "red" }],
                        }),
                    ),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn aws_has_the_function_that_was_asked_for_with_the_code_of_this_provider() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let base = function(&bench).await;
        let properties = with(
            &base,
            json!({
                "Timeout": 15,
                "TracingConfig": { "Mode": "Active" },
                "Environment": { "Variables": { "A": "b" } },
            }),
        );
        bench
            .made("ScanFunction", "AWS::Lambda::Function", &properties)
            .await;
        let seen = sandbox
            .boto3(
                r#"
answer = boto3.client("lambda").get_function(FunctionName="scan")
c = answer["Configuration"]
import base64
print(json.dumps({
    "sha256": base64.b64decode(c["CodeSha256"]).hex(), "timeout": c["Timeout"], "handler": c["Handler"],
    "tracing": c["TracingConfig"]["Mode"], "environment": c["Environment"]["Variables"],
    "owner": answer["Tags"]["tap:logical-id"],
}))
"#,
            )
            .expect("boto3");
        let held = bundle::all().first().expect("make functions comes first");
        assert_eq!(
            seen,
            json!({
                "sha256": held.sha256, "timeout": 15, "handler": "scan", "tracing": "Active",
                "environment": { "A": "b" }, "owner": "ScanFunction",
            })
        );
    });
}

/// The hyperplane interfaces hold subnets and groups until no function uses
/// them.
#[test]
fn a_function_leaves_its_vpc_before_it_is_deleted() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let base = function(&bench).await;
        let (subnets, group) = network(sandbox);
        let vpc = json!({ "SubnetIds": [subnets[0]], "SecurityGroupIds": [group] });
        let properties = with(&base, json!({ "VpcConfig": vpc }));
        bench
            .made("ScanFunction", "AWS::Lambda::Function", &properties)
            .await;
        let before = sandbox.calls().expect("the record").len();
        bench
            .delete("ScanFunction", "AWS::Lambda::Function", "scan")
            .await;
        let calls = sandbox.calls().expect("the record");
        let changes: Vec<&str> = calls
            .iter()
            .skip(before)
            .filter(|call| call.mutating)
            .map(|call| call.operation.as_str())
            .collect();
        let [left, deleted] = changes.as_slice() else {
            panic!("{changes:?}");
        };
        assert!(left.to_lowercase().contains("configuration"), "{left}");
        assert!(deleted.to_lowercase().starts_with("delete"), "{deleted}");
    });
}

/// IAM takes seconds to tell Lambda of a new role
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
#[test]
fn a_role_that_lambda_cannot_assume_yet_is_waited_for() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let base = function(&bench).await;
        let not_yet = Rule::new(Action::Error {
            status: 400,
            code: "InvalidParameterValueException".into(),
            message: "The role defined for the function cannot be assumed by Lambda.".into(),
        })
        .service("lambda")
        .operations(&["CreateFunction", "POST /2015-03-31/functions"])
        .first(2);
        sandbox.weather([not_yet]).expect("the weather");
        let handler = bench.handler("AWS::Lambda::Function");
        let refused = handler.create(&bench.cx("ScanFunction"), &base).await;
        let refused = refused.expect_err("the role is too new");
        assert_eq!(refused.kind, ErrorKind::Transient, "{refused}");
        bench
            .made("ScanFunction", "AWS::Lambda::Function", &base)
            .await;
    });
}

#[test]
fn a_permission_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let base = function(&bench).await;
        bench
            .made("ScanFunction", "AWS::Lambda::Function", &base)
            .await;
        hold(
            &bench,
            Case {
                id: "ScanRulePermission",
                type_name: "AWS::Lambda::Permission",
                first: json!({
                    "FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:scan",
                    "Action": "lambda:InvokeFunction",
                    "Principal": "events.amazonaws.com",
                    "SourceArn": "arn:aws:events:us-east-1:123456789012:rule/scan",
                    "SourceAccount": "123456789012",
                }),
                then: vec![],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

/// R048: whom a function's policy admits is the pipeline's to say.
#[test]
fn a_permission_that_nobody_wanted_is_drift_and_goes() {
    story(async |sandbox| {
        const FUNCTION: &str = "AWS::Lambda::Function";
        let bench = Bench::new(sandbox);
        let named =
            json!({ "Key": "tap:permissions", "Value": "ScanRulePermission UploadPermission" });
        let wanted = with(&function(&bench).await, json!({ "Tags": [named] }));
        let made = bench.made("ScanFunction", FUNCTION, &wanted).await;
        let admit = |id: &str, principal: &str| {
            let script = format!(
                r#"
boto3.client("lambda").add_permission(
    FunctionName="scan", StatementId="{id}", Action="lambda:InvokeFunction", Principal="{principal}")
print("{{}}")
"#
            );
            bench.sandbox.boto3(&script).expect("a permission");
        };
        let (handler, cx) = (bench.handler(FUNCTION), bench.cx("ScanFunction"));
        let read = async || {
            let live = handler.read(&cx, &made.identifier, Some(&wanted)).await;
            live.expect("readable").expect("there").properties
        };
        admit("ScanRulePermission", "events.amazonaws.com");
        assert_eq!(read().await, handler.normalise(&wanted).unwrap());

        admit("debug", "210987654321");
        let drifted = read().await;
        // AWS writes an account as its root's ARN, and the emulator as it came.
        let foreign = drifted["ForeignPermissions"].to_string();
        assert!(foreign.starts_with("[\"debug admits "), "{foreign}");
        assert!(foreign.contains("210987654321"), "{foreign}");
        assert!(
            foreign.ends_with("to lambda:InvokeFunction\"]"),
            "{foreign}"
        );
        handler
            .update(&cx, &made.identifier, &drifted, &wanted)
            .await
            .expect("taken away");
        let script = r#"
policy = json.loads(boto3.client("lambda").get_policy(FunctionName="scan")["Policy"])
print(json.dumps([statement["Sid"] for statement in policy["Statement"]]))
"#;
        let left = bench.sandbox.boto3(script).expect("a policy");
        assert_eq!(left, json!(["ScanRulePermission"]));
        let asked = with(&wanted, json!({ "ForeignPermissions": ["debug"] }));
        assert!(handler.normalise(&asked).is_err());

        // What another template made says nothing of who is wanted.
        let unnamed = with(&wanted, json!({ "Tags": [] }));
        admit("debug", "210987654321");
        let live = handler.read(&cx, &made.identifier, Some(&unnamed)).await;
        let live = live.expect("readable").expect("there").properties;
        assert_eq!(live.get("ForeignPermissions"), None, "{live}");
        bench
            .delete("ScanFunction", FUNCTION, &made.identifier)
            .await;
    });
}

/// Variables that nobody can read are taken to be as they were put, and put
/// again with a key that can be used.
#[test]
fn a_function_whose_key_is_on_its_way_out_is_read_and_repaired() {
    story(async |sandbox| {
        const FUNCTION: &str = "AWS::Lambda::Function";
        let bench = Bench::new(sandbox);
        let key = || {
            let script =
                r#"print(json.dumps(boto3.client("kms").create_key()["KeyMetadata"]["Arn"]))"#;
            sandbox.boto3(script).expect("a key")
        };
        let variables = json!({ "Variables": { "TAP_PIPELINE": "documents-dev@us-east-1" } });
        let (first, second) = (key(), key());
        let with_key = |base: &Value, key: &Value| {
            with(base, json!({ "KmsKeyArn": key, "Environment": variables }))
        };
        let base = function(&bench).await;
        let made = with_key(&base, &first);
        bench.made("ScanFunction", FUNCTION, &made).await;
        for lost in ["disable_key", "schedule_key_deletion"] {
            let script = format!("boto3.client('kms').{lost}(KeyId={first})\nprint('{{}}')");
            sandbox.boto3(&script).expect("lost");
            let (handler, cx) = (bench.handler(FUNCTION), bench.cx("ScanFunction"));
            let live = handler.read(&cx, "scan", Some(&made)).await;
            let live = live.expect("readable").expect("there").properties;
            assert_eq!(live, handler.normalise(&made).unwrap(), "{lost}");
        }
        let (handler, cx) = (bench.handler(FUNCTION), bench.cx("ScanFunction"));
        let wanted = handler.normalise(&with_key(&base, &second)).unwrap();
        let live = handler.read(&cx, "scan", Some(&made)).await;
        let live = live.expect("readable").expect("there").properties;
        bench
            .patiently(async || handler.update(&cx, "scan", &live, &wanted).await)
            .await
            .expect("repaired");
        let live = handler.read(&cx, "scan", Some(&wanted)).await;
        assert_eq!(live.expect("readable").expect("there").properties, wanted);
    });
}
