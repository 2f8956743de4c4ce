//! The compliance report: what it says of a live pipeline as it was made, and
//! of one that somebody has weakened with boto3; that it changes nothing; and
//! that a report which could not look is none.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;

use acceptance::Sandbox;
use acceptance::terraform::{Terraform, program};
use acceptance::{Action, Rule};
use common::{
    apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox, terraform,
};
use live::Settings;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

const ID: &str = "documents-dev@us-east-1";

const DATA: &str = r#"
data "tap_compliance_report" "documents" {
  pipeline_id = tap_secure_pipeline.documents.id
}

output "report" {
  value = data.tap_compliance_report.documents
}
"#;

/// The provider's binary as a person runs it, with the sandbox for AWS.
fn command(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    Command::new(program("terraform-provider-tap").expect("built"))
        .args(arguments)
        .envs(sandbox.env())
        .output()
        .expect("runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The findings of the command, and its exit code.
#[track_caller]
fn findings(sandbox: &Sandbox) -> (Vec<Value>, Option<i32>) {
    let output = command(sandbox, &["report", "--ocsf", ID]);
    let findings = serde_json::from_slice(&output.stdout);
    let findings = findings.unwrap_or_else(|_| panic!("no report: {}", text(&output.stderr)));
    (findings, output.status.code())
}

/// Check and resource of those that failed.
fn failed(findings: &[Value]) -> BTreeSet<(String, String)> {
    let word = |value: &Value| value.as_str().expect("a text").to_owned();
    findings
        .iter()
        .filter(|finding| finding["compliance"]["status"] == "Fail")
        .map(|finding| {
            (
                word(&finding["compliance"]["control"]),
                word(&finding["resources"][0]["name"]),
            )
        })
        .collect()
}

fn output(terraform: &Terraform) -> Value {
    let ran = terraform.run(&["output", "-json", "report"]).expect("runs");
    expect_code(&ran, 0, "the output");
    serde_json::from_str(&ran.text).expect("JSON")
}

/// A pipeline that another account audits.
fn audited() -> Settings {
    Settings::new("documents")
        .with("access.trusted_account_ids", json!(["210987654321"]))
        .with("access.external_id", "b8f3d1c2-audit")
}

/// What somebody does with boto3, by what it breaks.
const WEAKEN: &str = r#"
state = json.loads(STATE)
physical = state["physical_ids"]
s3, kms, ec2 = boto3.client("s3"), boto3.client("kms"), boto3.client("ec2")
s3.put_public_access_block(Bucket=physical["RawBucket"], PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": True})
kms.disable_key_rotation(KeyId=physical["DataKey"])
ec2.authorize_security_group_ingress(GroupId=physical["FunctionSecurityGroup"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
boto3.client("dynamodb").update_continuous_backups(TableName=physical["AuditTable"], PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False})
boto3.client("wafv2").disassociate_web_acl(ResourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{physical['RestApi']}/stages/v1")
boto3.client("logs").put_retention_policy(logGroupName=physical["ApiAccessLogGroup"], retentionInDays=30)
boto3.client("cloudwatch").disable_alarm_actions(AlarmNames=[physical["AlertsUndeliveredAlarm"]])
iam = boto3.client("iam")
iam.put_role_policy(RoleName=physical["EncryptRole"], PolicyName="extra", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}))
iam.attach_role_policy(RoleName=physical["ScanRole"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
iam.delete_role_permissions_boundary(RoleName=physical["ScanRole"])
other = {"Sid": "Other", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}}
trust = iam.get_role(RoleName=physical["ValidateRole"])["Role"]["AssumeRolePolicyDocument"]
trust["Statement"].append(other | {"Action": "sts:AssumeRole"})
iam.update_assume_role_policy(RoleName=physical["ValidateRole"], PolicyDocument=json.dumps(trust))
policy = json.loads(kms.get_key_policy(KeyId=physical["LogsKey"], PolicyName="default")["Policy"])
policy["Statement"].append(other | {"Action": "kms:Decrypt", "Resource": "*"})
kms.put_key_policy(KeyId=physical["LogsKey"], PolicyName="default", Policy=json.dumps(policy))
trust = iam.get_role(RoleName=physical["AuditorRole"])["Role"]["AssumeRolePolicyDocument"]
del trust["Statement"][0]["Condition"]
iam.update_assume_role_policy(RoleName=physical["AuditorRole"], PolicyDocument=json.dumps(trust))
policy = json.loads(s3.get_bucket_policy(Bucket=physical["ProcessedBucket"])["Policy"])
tls, = (one for one in policy["Statement"] if one["Sid"] == "OnlyTls")
tls["Condition"]["StringNotEquals"] = {"aws:PrincipalAccount": "123456789012"}
s3.put_bucket_policy(Bucket=physical["ProcessedBucket"], Policy=json.dumps(policy))
secrets = boto3.client("secretsmanager")
secrets.cancel_rotate_secret(SecretId=physical["ApiKeySecret"])
"#;

#[test]
fn a_report_passes_what_was_made_and_fails_what_was_weakened_and_changes_nothing() {
    let sandbox = sandbox();
    let settings = audited();
    let configuration = pipeline(&settings.hcl());
    let terraform = terraform(&sandbox, &format!("{configuration}{DATA}"));
    apply(&terraform);
    let report = output(&terraform);
    assert_eq!(report["failed"], 0, "{:#}", report["findings"][0]);
    let count = |status: &str| {
        let findings = report["findings"].as_array().expect("a list").iter();
        findings.filter(|one| one["status"] == status).count()
    };
    for (attribute, status) in [
        ("passed", "pass"),
        ("failed", "fail"),
        ("waived", "waived"),
        ("account_level", "account"),
    ] {
        assert_eq!(report[attribute], count(status), "{attribute}");
    }
    assert_eq!(report["account_id"], live::ACCOUNT);
    let page = report["html"].as_str().expect("a page");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains(ID));

    // The same from the command line, and nothing but reads.
    let since = sandbox.last_sequence().expect("recorded");
    let (sound, code) = findings(&sandbox);
    assert_eq!(code, Some(0));
    assert_eq!(failed(&sound), BTreeSet::new());
    let ocsf: Value = serde_json::from_str(report["ocsf_json"].as_str().unwrap()).expect("JSON");
    assert_eq!(ocsf.as_array().map(Vec::len), Some(sound.len()));
    let said = text(&command(&sandbox, &["report", ID]).stdout);
    let passed = report["passed"].as_u64().expect("a number");
    assert!(
        said.contains(&format!("{passed} passed, 0 failed")),
        "{said}"
    );
    assert_eq!(
        sandbox.mutations_since(since).expect("recorded"),
        [],
        "a report changes nothing"
    );
    expect_physical_ids(&sandbox, &terraform, &settings, &sound);

    let state = terraform.state_of(common::ADDRESS).expect("a state");
    let state = Value::from(json!({ "physical_ids": state["physical_ids"] }).to_string());
    sandbox
        .boto3(&WEAKEN.replace("STATE", &state.to_string()))
        .expect("weakened");
    let (weakened, code) = findings(&sandbox);
    assert_eq!(code, Some(3), "a report with failures");
    let pair = |(check, id): (&str, &str)| (check.to_owned(), id.to_owned());
    let expected: BTreeSet<_> = [
        ("alarms_act", "AlertsUndeliveredAlarm"),
        ("auditors_prove_who_they_are", "AuditorRole"),
        ("buckets_block_public_access", "RawBucket"),
        ("buckets_refuse_what_is_not_tls", "ProcessedBucket"),
        ("keys_are_not_public", "LogsKey"),
        ("keys_rotate", "DataKey"),
        ("log_groups_keep_a_year", "ApiAccessLogGroup"),
        ("roles_admit_only_who_is_named", "ValidateRole"),
        ("roles_have_no_inline_policies", "EncryptRole"),
        ("roles_have_no_policies_of_others", "ScanRole"),
        ("roles_have_their_boundary", "ScanRole"),
        ("secrets_have_rotated_in_time", "ApiKeySecret"),
        ("secrets_rotate", "ApiKeySecret"),
        (
            "security_groups_closed_to_the_internet",
            "FunctionSecurityGroup",
        ),
        ("stages_are_behind_a_web_acl", "ApiStage"),
        ("tables_recover_to_a_point_in_time", "AuditTable"),
    ]
    .into_iter()
    .map(pair)
    .collect();
    assert_eq!(failed(&weakened), expected);

    apply(&terraform);
    let (mended, _) = findings(&sandbox);
    assert_eq!(failed(&mended), BTreeSet::new(), "an apply mends all of it");
    terraform.configure(&configuration).expect("written");
    apply(&terraform);
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

/// The resources of the report are those that Terraform has.
#[track_caller]
fn expect_physical_ids(
    sandbox: &Sandbox,
    terraform: &Terraform,
    settings: &Settings,
    findings: &[Value],
) {
    let state = terraform.state_of(common::ADDRESS).expect("a state");
    let template = live::template_here(sandbox, &settings.spec(), live::REGION);
    for finding in findings {
        let resource = &finding["resources"][0];
        let id = resource["name"].as_str().expect("a name");
        if id == live::ACCOUNT {
            continue;
        }
        assert_eq!(resource["uid"], state["physical_ids"][id], "{id}");
        assert_eq!(resource["type"], template["Resources"][id]["Type"], "{id}");
    }
}

#[test]
fn a_report_that_could_not_look_is_none() {
    let sandbox = sandbox();
    let output = command(&sandbox, &["report", ID]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("There is no pipeline documents-dev@us-east-1"));
    for wrong in ["documents-dev", "@us-east-1"] {
        let output = command(&sandbox, &["report", wrong]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("is not the id of a pipeline"));
    }

    let terraform = terraform(&sandbox, &pipeline(""));
    apply(&terraform);
    for (service, operation) in [
        ("kms", "GetKeyRotationStatus"),
        ("secretsmanager", "DescribeSecret"),
        ("s3", "GetPublicAccessBlock"),
    ] {
        let denied = Rule::new(Action::AccessDenied)
            .service(service)
            .operation(operation);
        sandbox.weather([denied]).expect("weather");
        let output = command(&sandbox, &["report", "--html", ID]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{operation}: {said}");
        assert!(said.contains(operation), "{said}");
        assert!(output.stdout.is_empty(), "no page of half a look");
        sandbox.clear_weather().expect("cleared");
    }

    terraform
        .configure(&format!(
            "{}data \"tap_compliance_report\" \"other\" {{\n  pipeline_id = \"other\"\n}}\n",
            pipeline("")
        ))
        .expect("written");
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a plan with an id that is none");
    assert!(
        ran.flat()
            .contains("is not of the form name-environment_suffix@region"),
        "{}",
        ran.text
    );
    terraform.configure(&pipeline("")).expect("written");
    expect_clean_destroy(&terraform, &sandbox);
}

/// Rows of `tools/exam/catalogue.csv`: standard and control to stance, and for
/// which resources it is waived.
fn catalogue() -> BTreeMap<(String, String), (String, String)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/exam/catalogue.csv");
    let lines = std::fs::read_to_string(file).expect("read");
    let mut rows = lines.lines().map(cells);
    let header = rows.next().expect("a header");
    let column = |name: &str| {
        header
            .iter()
            .position(|cell| cell == name)
            .expect("a column")
    };
    let [source, id, stance, at] = ["source", "control_id", "stance", "where"].map(column);
    rows.map(|row| {
        let key = (row[source].clone(), row[id].clone());
        (key, (row[stance].clone(), row[at].clone()))
    })
    .collect()
}

/// The cells of a line of CSV.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().expect("one").push(other),
        }
    }
    cells
}

/// Where the report may say otherwise of a control than the exam of a template
/// does.
const OTHERWISE: [(&str, &str); 2] = [
    // The pipeline has no instances: the template shows it, an account cannot.
    ("Config pack PCI v4.0", "CLOUDWATCH_ALARM_RESOURCE_CHECK"),
    // The report judges the keys of a pipeline that stands.
    ("prowler pci_4.0_aws", "kms_cmk_not_deleted_unintentionally"),
];

#[test]
fn the_report_judges_every_control_of_the_catalogue_s_v4_standards_as_the_exam_does() {
    let output = Command::new(program("terraform-provider-tap").expect("built"))
        .args(["report", "--controls"])
        .env_clear()
        .output()
        .expect("runs");
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let word = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    let judged: BTreeMap<(String, String), String> = rows
        .iter()
        .map(|row| {
            let key = (word(row, "standard"), word(row, "control"));
            (key, word(row, "stance"))
        })
        .collect();
    assert_eq!(judged.len(), rows.len(), "each control once");
    let standards: BTreeSet<&String> = judged.keys().map(|(standard, _)| standard).collect();
    let catalogue = catalogue();
    let expected: BTreeMap<(String, String), String> = catalogue
        .iter()
        .filter(|((standard, _), _)| standards.contains(standard))
        .map(|(key, (stance, at))| {
            let stance = match (stance.as_str(), at.as_str()) {
                ("waive", "*" | "Vpc" | "AlertsTopic") => "waived",
                ("waive" | "pass", _) => "pass",
                ("report" | "optional", _) => "account",
                other => panic!("{other:?}"),
            };
            (key.clone(), stance.to_owned())
        })
        .collect();
    assert_eq!(
        judged.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "the controls"
    );
    let differ: Vec<(&str, &str)> = judged
        .iter()
        .filter(|(key, stance)| expected.get(*key) != Some(*stance))
        .map(|((standard, id), _)| (standard.as_str(), id.as_str()))
        .collect();
    assert_eq!(differ, OTHERWISE);
}
