//! The table against the calls in the sources, and the policy of a template
//! like the quickstart's.

use super::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/aws");
const TEMPLATE: &str = include_str!("../../../schemas/templates/quickstart.json");

/// Words of this form that no handler calls: what policies of the template
/// allow others.
const NO_CALLS: [&str; 4] = [
    "aws:SecureTransport",
    "execute-api:Invoke",
    "lambda:InvokeFunction",
    "s3:TlsVersion",
];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // The table itself, and what errors mean, call nothing.
        let aside = ["permissions", "codes"]
            .iter()
            .any(|name| path.ends_with(name));
        if path.is_dir() && !aside {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a source, without its comments and tests.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

fn is_operation(text: &str) -> bool {
    let Some((service, name)) = text.split_once(':') else {
        return false;
    };
    let service_like = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !service.is_empty()
        && service.chars().all(service_like)
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && !NO_CALLS.contains(&text)
}

fn operations(code: &str) -> BTreeSet<String> {
    let literals = code.split('"').skip(1).step_by(2);
    let operations = literals.filter(|text| is_operation(text));
    operations.map(ToOwned::to_owned).collect()
}

fn kinds() -> impl Iterator<Item = &'static Kind> {
    AREAS.iter().flat_map(|kinds| kinds.iter())
}

fn rows() -> impl Iterator<Item = &'static Row> {
    let always = ALWAYS.iter().flat_map(|rows| rows.iter());
    kinds().flat_map(|kind| kind.rows.iter()).chain(always)
}

#[test]
fn the_table_knows_every_call_of_the_sources_and_no_other() {
    let mut called = BTreeSet::new();
    for path in sources(Path::new(SOURCES)) {
        called.extend(operations(&code(&path)));
    }
    let calls = rows().flat_map(|row| row.calls.iter());
    let known: BTreeSet<String> = calls
        .chain(FREE.iter())
        .map(|call| (*call).to_owned())
        .collect();
    let missing: Vec<_> = called.difference(&known).collect();
    let idle: Vec<_> = known.difference(&called).collect();
    assert!(missing.is_empty(), "the table does not know {missing:?}");
    assert!(idle.is_empty(), "no source calls {idle:?}");
}

#[test]
fn what_a_handler_calls_stands_at_its_type() {
    let mut wrong = Vec::new();
    for path in sources(Path::new(SOURCES)) {
        let code = code(&path);
        let Some((_, rest)) = code.split_once("const TYPE: &'static str = \"") else {
            continue;
        };
        let type_name = rest.split('"').next().unwrap_or_default();
        let rows = rows_of(type_name);
        let known: BTreeSet<&str> = rows.iter().flat_map(|row| row.calls).copied().collect();
        let calls = operations(&code).into_iter();
        wrong.extend(
            calls
                .filter(|call| !known.contains(call.as_str()))
                .map(|call| format!("{type_name} {call}")),
        );
        if rows.is_empty() {
            wrong.push(type_name.to_owned());
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_permission_is_a_pattern() {
    for row in rows() {
        for action in row.actions() {
            assert!(!action.contains('*'), "{action}");
            assert_eq!(action.split(':').count(), 2, "{action}");
        }
    }
}

const SCOPE: PolicyScope<'_> = PolicyScope {
    partition: "aws",
    account_id: "111122223333",
    region: "us-east-1",
    pipeline: "documents-dev@us-east-1",
};

fn policy(resources: Value) -> Vec<Value> {
    let template = json!({ "Resources": resources });
    let template: Template = serde_json::from_value(template).unwrap();
    statements_of(&template)
}

fn quickstart() -> Vec<Value> {
    statements_of(&serde_json::from_str(TEMPLATE).unwrap())
}

fn statements_of(template: &Template) -> Vec<Value> {
    let policy = required_policy(template, &SCOPE);
    assert_eq!(policy["Version"], "2012-10-17");
    policy["Statement"].as_array().unwrap().clone()
}

/// The members of what may be a list.
fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

/// Where an action is allowed, and on which condition.
fn allowed<'a>(statements: &'a [Value], action: &str) -> Vec<(Vec<&'a str>, &'a Value)> {
    let allow = statements
        .iter()
        .filter(|statement| list(&statement["Action"]).contains(&action));
    allow
        .map(|statement| (list(&statement["Resource"]), &statement["Condition"]))
        .collect()
}

#[test]
fn the_quickstart_may_touch_its_own_and_nothing_beside_it() {
    let statements = quickstart();
    let named = |action: &str| {
        let places = allowed(&statements, action);
        places
            .into_iter()
            .flat_map(|(on, _)| on)
            .collect::<Vec<_>>()
    };
    let roles = named("iam:CreateRole");
    assert!(roles.contains(&"arn:aws:iam::111122223333:role/encrypt-documents-dev-us-east-1"));
    let buckets = named("s3:PutBucketPolicy");
    assert_eq!(
        buckets,
        [
            "arn:aws:s3:::documents-logs-documents-dev-111122223333-us-east-1",
            "arn:aws:s3:::documents-processed-documents-dev-111122223333-us-east-1",
            "arn:aws:s3:::documents-raw-documents-dev-111122223333-us-east-1",
        ]
    );
    assert!(
        named("ssm:PutParameter")
            .contains(&"arn:aws:ssm:us-east-1:111122223333:parameter/tap/documents-dev/manifest")
    );
    assert_eq!(
        named("secretsmanager:GetSecretValue"),
        ["arn:aws:secretsmanager:us-east-1:111122223333:secret:api-key-documents-dev-??????"]
    );
    for (action, places) in [
        ("iam:CreateRole", &roles),
        ("lambda:CreateFunction", &named("lambda:CreateFunction")),
        ("dynamodb:DeleteTable", &named("dynamodb:DeleteTable")),
        ("sns:DeleteTopic", &named("sns:DeleteTopic")),
        ("sqs:DeleteQueue", &named("sqs:DeleteQueue")),
    ] {
        assert!(!places.is_empty(), "{action}");
        let ours = |place: &&str| place.contains("-documents-dev") && !place.contains('*');
        assert!(places.iter().all(ours), "{action} on {places:?}");
    }
}

#[test]
fn what_aws_names_is_told_by_the_pipelines_tag() {
    let statements = quickstart();
    let of = |by: &str| {
        let key = format!("aws:{by}/tap:pipeline");
        json!({ "StringEquals": { key: "documents-dev@us-east-1" } })
    };
    for action in [
        "kms:ScheduleKeyDeletion",
        "ec2:DeleteSubnet",
        "config:DeleteConfigRule",
    ] {
        for (_, when) in allowed(&statements, action) {
            assert_eq!(when, &of("ResourceTag"), "{action}");
        }
    }
    for action in ["kms:CreateKey", "ec2:CreateVpc"] {
        for (_, when) in allowed(&statements, action) {
            assert_eq!(when, &of("RequestTag"), "{action}");
        }
    }
}

#[test]
fn roles_are_passed_to_what_runs_with_them_alone() {
    let statements = quickstart();
    let passed = allowed(&statements, "iam:PassRole");
    let [(roles, when)] = passed.as_slice() else {
        panic!("{passed:?}");
    };
    assert_eq!(
        *when,
        &json!({ "StringEquals": { "iam:PassedToService": "lambda.amazonaws.com" } })
    );
    assert_eq!(roles.len(), 6, "one for each function: {roles:?}");
}

#[test]
fn a_key_and_a_network_of_somebody_elses_are_named() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let statements = policy(json!({
        "Group": { "Type": "AWS::EC2::SecurityGroup", "Properties": { "VpcId": "vpc-1" } },
        "Secret": { "Type": "AWS::SecretsManager::Secret", "Properties": { "Name": "x", "KmsKeyId": key } },
    }));
    let groups = allowed(&statements, "ec2:CreateSecurityGroup");
    let vpc = "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1";
    assert!(
        groups
            .iter()
            .any(|(on, when)| *on == [vpc] && when.is_null()),
        "{groups:?}"
    );
    let keys = allowed(&statements, "kms:GenerateDataKey");
    assert_eq!(
        keys.iter().map(|(on, _)| on.clone()).collect::<Vec<_>>(),
        [vec![key]]
    );
}

#[test]
fn a_name_that_cannot_be_told_is_the_widest() {
    let statements = policy(json!({
        "Secret": { "Type": "AWS::SecretsManager::Secret", "Properties": { "Name": { "Ref": "Nothing" } } },
    }));
    let secrets = allowed(&statements, "secretsmanager:DeleteSecret");
    assert_eq!(
        secrets[0].0,
        ["arn:aws:secretsmanager:us-east-1:111122223333:secret:*-??????"]
    );
}

#[test]
fn what_is_known_of_a_name_stays_in_it() {
    let statements = policy(json!({
        "Api": { "Type": "AWS::ApiGateway::RestApi", "Properties": {} },
        "Logs": { "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": { "Fn::Sub": "Execution_${Api}/v1" } } },
    }));
    assert_eq!(
        allowed(&statements, "logs:DeleteLogGroup")[0].0,
        ["arn:aws:logs:us-east-1:111122223333:log-group:Execution_*/v1:*"]
    );
}

#[test]
fn code_of_the_providers_own_is_in_no_bucket() {
    assert!(allowed(&quickstart(), "s3:GetObject").is_empty());
    let function = |bucket: &str| {
        json!({ "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": { "FunctionName": "f", "Code": { "S3Bucket": bucket, "S3Key": "f.zip" } },
        } })
    };
    let statements = policy(function("somebodys"));
    assert_eq!(
        allowed(&statements, "s3:GetObject")[0].0,
        ["arn:aws:s3:::somebodys/f.zip"]
    );
}

#[test]
fn each_role_of_a_rules_targets_is_passed() {
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let statements = policy(json!({ "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": { "Name": "r", "Targets": [{ "RoleArn": role("one") }, {}, { "RoleArn": role("two") }] },
    } }));
    let passed = allowed(&statements, "iam:PassRole");
    assert_eq!(passed[0].0, [role("one"), role("two")]);
}

#[test]
fn a_policy_of_an_api_asks_for_one_more_and_a_policy_without_a_name_is_a_pattern() {
    let api = |properties: Value| {
        policy(json!({ "Api": { "Type": "AWS::ApiGateway::RestApi", "Properties": properties } }))
    };
    assert!(allowed(&api(json!({})), "apigateway:UpdateRestApiPolicy").is_empty());
    let places = api(json!({ "Policy": {} }));
    assert_eq!(
        allowed(&places, "apigateway:UpdateRestApiPolicy")[0].0,
        [
            "arn:aws:apigateway:us-east-1::/restapis",
            "arn:aws:apigateway:us-east-1::/restapis/*",
        ]
    );
    let statements = policy(json!({ "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": { "RoleName": "r", "ManagedPolicyArns": [{ "Ref": "Unnamed" }] },
    } }));
    assert_eq!(
        allowed(&statements, "iam:AttachRolePolicy")[0].1,
        &json!({ "StringLike": { "iam:PolicyARN": "arn:aws:iam::111122223333:policy/*" } })
    );
}
