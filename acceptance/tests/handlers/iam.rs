//! Roles and managed policies, against the contract.

use crate::contract::{Bench, Case, hold};
use crate::story;
use serde_json::{Value, json};

fn tags(team: &str) -> Value {
    json!([{ "Key": "team", "Value": team }])
}

fn trust(service: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "aws:SourceAccount": "123456789012" } },
        }],
    })
}

fn document(action: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "One",
            "Effect": "Allow",
            "Action": [action, "s3:GetObject"],
            "Resource": "arn:aws:s3:::documents-raw/raw/*",
        }],
    })
}

async fn policy(bench: &Bench<'_>, id: &str, name: &str) -> String {
    let properties = json!({
        "ManagedPolicyName": name,
        "PolicyDocument": document("s3:PutObject"),
    });
    let made = bench.made(id, "AWS::IAM::ManagedPolicy", &properties);
    made.await.reference
}

#[test]
fn a_role_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let one = policy(&bench, "OnePolicy", "one").await;
        let other = policy(&bench, "OtherPolicy", "other").await;
        hold(
            &bench,
            Case {
                id: "ScanRole",
                type_name: "AWS::IAM::Role",
                first: json!({
                    "RoleName": "scan",
                    "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
                    "ManagedPolicyArns": [one],
                    "Tags": tags("blue"),
                }),
                then: vec![
                    json!({
                        "RoleName": "scan",
                        "AssumeRolePolicyDocument": trust("config.amazonaws.com"),
                        "Description": "Scans documents",
                        "MaxSessionDuration": 7200,
                        "PermissionsBoundary": other,
                        "ManagedPolicyArns": [one, other],
                        "Tags": tags("red"),
                    }),
                    json!({
                        "RoleName": "scan",
                        "AssumeRolePolicyDocument": trust("config.amazonaws.com"),
                        // The emulator cannot take an empty one.
                        "Description": "Scanned documents",
                        "ManagedPolicyArns": [other],
                    }),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_managed_policy_keeps_the_contract_through_more_changes_than_it_keeps_versions() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let role = json!({
            "RoleName": "scan",
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
        });
        bench.made("ScanRole", "AWS::IAM::Role", &role).await;
        let properties = |action: &str, roles: Value| {
            json!({
                "ManagedPolicyName": "scan",
                "PolicyDocument": document(action),
                "Description": "What scan may do",
                "Roles": roles,
            })
        };
        let actions = ["a", "b", "c", "d", "e", "f", "g"];
        let mut then: Vec<Value> = actions
            .map(|letter| properties(&format!("s3:Put{letter}"), json!(["scan"])))
            .to_vec();
        then.push(properties("s3:Putg", json!([])));
        hold(
            &bench,
            Case {
                id: "ScanPolicy",
                type_name: "AWS::IAM::ManagedPolicy",
                first: properties("s3:PutObject", json!(["scan"])),
                then,
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

/// A policy that names its roles is none of the roles' own business, also when
/// it comes to name another.
#[test]
fn a_role_takes_no_policy_that_names_it_for_somebody_elses() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let role = |name: &str| {
            json!({
                "RoleName": name, "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
                "ManagedPolicyArns": [],
            })
        };
        for name in ["one", "other"] {
            bench.made(name, "AWS::IAM::Role", &role(name)).await;
        }
        let kind = "AWS::IAM::ManagedPolicy";
        let naming = |roles: Value| {
            json!({
                "ManagedPolicyName": "named", "PolicyDocument": document("s3:GetObject"),
                "Description": "", "Roles": roles,
            })
        };
        let first = naming(json!(["one"]));
        let policy = bench.made("Policy", kind, &first).await;
        let policies_of = async |name: &str| {
            let (handler, cx) = (bench.handler("AWS::IAM::Role"), bench.cx(name));
            let live = handler.read(&cx, name, Some(&role(name))).await;
            let live = live.expect("readable").expect("there").properties;
            live["ManagedPolicyArns"].clone()
        };
        assert_eq!(policies_of("one").await, json!([]));
        let moved = naming(json!(["other"]));
        let (handler, cx) = (bench.handler(kind), bench.cx("Policy"));
        handler
            .update(&cx, &policy.identifier, &first, &moved)
            .await
            .expect("moved");
        assert_eq!(policies_of("other").await, json!([]));
        let attach = format!(
            "boto3.client('iam').attach_role_policy(RoleName='one', PolicyArn={:?})",
            policy.identifier
        );
        sandbox.boto3(&attach).expect("attached by hand");
        assert_eq!(policies_of("one").await, json!([policy.identifier]));
    });
}

#[test]
fn aws_has_what_was_asked_for_and_a_role_loses_its_policies_with_itself() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let arn = policy(&bench, "OnePolicy", "one").await;
        let role = json!({
            "RoleName": "scan",
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "Description": "Scans documents",
            "ManagedPolicyArns": [arn],
        });
        bench.made("ScanRole", "AWS::IAM::Role", &role).await;
        let seen = sandbox
            .boto3(
                r#"
iam = boto3.client("iam")
role = iam.get_role(RoleName="scan")["Role"]
# What remediation puts on a role whose sessions are stolen.
iam.put_role_policy(RoleName="scan", PolicyName="tap-deny-sessions-issued-before", PolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}))
print(json.dumps({
    "service": role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"],
    "description": role["Description"],
    "attached": [p["PolicyName"] for p in iam.list_attached_role_policies(RoleName="scan")["AttachedPolicies"]],
    "tags": {t["Key"]: t["Value"] for t in role["Tags"]},
}))
"#,
            )
            .expect("boto3");
        assert_eq!(
            seen["service"],
            json!({ "Service": "lambda.amazonaws.com" })
        );
        assert_eq!(seen["description"], "Scans documents");
        assert_eq!(seen["attached"], json!(["one"]));
        assert_eq!(seen["tags"]["tap:logical-id"], "ScanRole");
        bench.delete("ScanRole", "AWS::IAM::Role", "scan").await;
        bench
            .delete("OnePolicy", "AWS::IAM::ManagedPolicy", &arn)
            .await;
    });
}
