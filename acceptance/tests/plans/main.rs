//! What the real CLI prints in the situations in which people read a plan, held
//! against golden files beside this one: what changes and why is there, and
//! nothing that does not change.
//!
//! `TAP_GOLDEN=write cargo test --workspace --test plans` writes them anew: read
//! the difference, it is what users will read.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../live/mod.rs"]
mod live;
mod masks;

use acceptance::terraform::{Ran, Terraform};
use acceptance::{Action, Rule, Sandbox};
use common::{ADDRESS, apply, expect_clean_destroy, expect_code, pipeline, sandbox, terraform};
use live::Settings;
use masks::Masks;
use serde_json::{Value, json};
use std::path::PathBuf;

const ID: &str = "documents-dev@us-east-1";

fn documents() -> Settings {
    Settings::new("documents")
        .with("alerts.emails", json!(["security@example.com"]))
        .with("storage.force_destroy", false)
}

fn configure(terraform: &Terraform, settings: &Settings) {
    let text = pipeline(&settings.hcl());
    terraform.configure(&text).expect("written");
}

/// Compares with the golden file of that name, or writes it.
#[track_caller]
fn hold(name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("TAP_GOLDEN").is_some_and(|what| what == "write") {
        std::fs::write(path, text).expect("written");
        return;
    }
    let golden = std::fs::read_to_string(&path).expect("a golden file");
    if golden == text {
        return;
    }
    let (was, is): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), text.lines().collect());
    let first = was
        .iter()
        .zip(&is)
        .take_while(|(was, is)| was == is)
        .count();
    panic!(
        "{name}.txt differs from line {}:\n  golden: {}\n  now:    {}\n\nThe whole of it now:\n{text}",
        first + 1,
        was.get(first).unwrap_or(&"(its end)"),
        is.get(first).unwrap_or(&"(its end)"),
    );
}

/// Runs a command that shows a plan, expects its exit code and holds what it
/// printed.
#[track_caller]
fn shows(name: &str, terraform: &Terraform, masks: &Masks, arguments: &[&str], code: i32) -> Ran {
    let mut all = vec!["plan", "-input=false", "-no-color", "-detailed-exitcode"];
    all.extend(arguments);
    let ran = terraform.run(&all).expect("runs");
    expect_code(&ran, code, name);
    hold(name, &masks.applied(&ran.text));
    ran
}

#[track_caller]
fn boto3(sandbox: &Sandbox, script: &str) {
    let script = format!("{script}\nprint('null')\n");
    sandbox.boto3(&script).expect("done");
}

const OPEN_POLICY: &str = r#"
s3 = boto3.client("s3")
bucket = "documents-raw-documents-dev-123456789012-us-east-1"
policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
policy["Statement"] = policy["Statement"][1:] + [{
    "Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
    "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
}, {
    "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:role/reader"},
    "Action": ["s3:ListBucket", "s3:ListBucketVersions"], "Resource": f"arn:aws:s3:::{bucket}",
}]
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
"#;

const WIDER_ROLE: &str = r#"
iam = boto3.client("iam")
arn = "arn:aws:iam::123456789012:policy/encrypt-documents-dev-us-east-1"
version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
policy["Statement"][0]["Action"] = "s3:*"
iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(policy), SetAsDefault=True)
"#;

const WITHOUT_SCAN: &str = r#"
boto3.client("lambda").delete_function(FunctionName="scan-documents-dev")
"#;

const A_DOCUMENT: &str = r#"
boto3.client("s3").put_object(Bucket="documents-raw-documents-dev-123456789012-us-east-1", Key="raw/a.txt", Body=b"a")
"#;

#[test]
fn of_a_new_pipeline() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(&documents().hcl()));
    let ran = shows("create", &terraform, &Masks::default(), &[], 2);
    // The block with its defaults and what follows from it, and one line for
    // each resource.
    let template = live::template_here(&sandbox, &documents().spec(), live::REGION);
    let count = template["Resources"].as_object().expect("resources").len();
    let lines = ran.text.lines();
    let listed = lines
        .clone()
        .filter(|line| line.contains("\"AWS::"))
        .count();
    assert_eq!(listed, count, "one line for each resource");
    assert!(lines.count() < count + 180, "too long to be read");
}

#[test]
fn in_an_account_that_has_nothing_switched_on() {
    let sandbox = common::bare();
    let terraform = terraform(&sandbox, &pipeline(&documents().hcl()));
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a plan with warnings");
    let warnings = Masks::default().applied(&ran.text);
    let from = warnings.find("Warning: ").expect("a warning");
    hold("prerequisites-missing", &warnings[from..]);
}

#[test]
fn of_a_pipeline_that_stands() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(&documents().hcl()));
    apply(&terraform);
    let state = terraform.state_of(ADDRESS).expect("a state");
    let masks = Masks::of(&state);
    let shows = |name, arguments: &[&str], code| shows(name, &terraform, &masks, arguments, code);

    shows("no-change", &[], 0);
    let planned = |name, settings: &Settings, code| {
        configure(&terraform, settings);
        shows(name, &[], code);
    };
    planned(
        "one-property",
        &documents().with("storage.noncurrent_glacier_after_days", 60),
        2,
    );
    planned(
        "a-zone-more",
        &documents().with("network.availability_zones", 4),
        2,
    );
    planned(
        "keys-rotate-sooner",
        &documents().with("encryption.rotation_period_days", 180),
        2,
    );
    planned(
        "a-policy-is-widened",
        &documents().with("threats.remediate_account", true),
        2,
    );
    let weaker = json!({ "PublicAccessBlockConfiguration": { "BlockPublicPolicy": false } });
    planned(
        "an-override-weakens-a-control",
        &documents().with("overrides", json!({ "RawBucket": weaker.to_string() })),
        2,
    );
    let keyed = json!({
        "KeySchema": [{ "AttributeName": "requestId", "KeyType": "HASH" }],
        "GlobalSecondaryIndexes": null,
        "AttributeDefinitions": [{ "AttributeName": "requestId", "AttributeType": "S" }],
    });
    planned(
        "a-replacement-is-refused",
        &documents().with("overrides", json!({ "AuditTable": keyed.to_string() })),
        1,
    );
    let later = "resource \"terraform_data\" \"later\" {\n  input = \"payments\"\n}\n";
    let unknown = "  audit = { recovery_period_days = length(terraform_data.later.output) + 12 }\n";
    let text = pipeline(&(documents().hcl() + "\n" + unknown)) + later;
    terraform.configure(&text).expect("written");
    shows("an-input-is-not-known-yet", &[], 2);
    let moved = pipeline(&documents().hcl()).replace("\"documents\" {", "\"archive\" {")
        + "moved {\n  from = tap_secure_pipeline.documents\n  to   = tap_secure_pipeline.archive\n}\n";
    terraform.configure(&moved).expect("written");
    shows("the-address-is-another", &[], 2);

    configure(&terraform, &documents());
    boto3(&sandbox, OPEN_POLICY);
    shows("a-bucket-policy-was-changed-outside", &[], 2);
    apply(&terraform);
    boto3(&sandbox, WIDER_ROLE);
    shows("a-role-was-widened-outside", &[], 2);
    apply(&terraform);
    boto3(&sandbox, WITHOUT_SCAN);
    shows("a-function-has-vanished", &[], 2);
    apply(&terraform);

    boto3(&sandbox, A_DOCUMENT);
    shows("destroy", &["-destroy"], 2);
    configure(&terraform, &documents().with("deletion_protection", true));
    apply(&terraform);
    shows("destroy-is-refused", &["-destroy"], 1);

    let ran = terraform.run(&["state", "rm", ADDRESS]).expect("runs");
    expect_code(&ran, 0, "state rm");
    shows("it-exists-already", &[], 2);
    let import = pipeline(&documents().with("deletion_protection", true).hcl())
        + &format!("import {{\n  to = {ADDRESS}\n  id = \"{ID}\"\n}}\n");
    terraform.configure(&import).expect("written");
    shows("import", &[], 2);
}

/// The state as a provider wrote it whose blueprint did not have a resource yet.
fn without(state: &mut Value, id: &str) {
    let attributes = &mut state["resources"][0]["instances"][0]["attributes"];
    for map in ["resources", "physical_ids", "ledger"] {
        let rows = attributes[map].as_object_mut().expect("a map");
        assert!(rows.remove(id).is_some(), "{id} is not in {map}");
    }
    let serial = state["serial"].as_u64().expect("a number");
    state["serial"] = json!(serial + 1);
}

#[test]
fn of_a_provider_whose_blueprint_has_a_resource_more() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(&documents().hcl()));
    apply(&terraform);
    let masks = Masks::of(&terraform.state_of(ADDRESS).expect("a state"));
    let path = terraform.dir().join("terraform.tfstate");
    let text = std::fs::read_to_string(&path).expect("a state");
    let mut state: Value = serde_json::from_str(&text).expect("JSON");
    without(&mut state, "AlertsUndeliveredAlarm");
    std::fs::write(&path, state.to_string()).expect("written");
    boto3(
        &sandbox,
        "boto3.client('cloudwatch').delete_alarms(AlarmNames=['alerts-undelivered-documents-dev'])",
    );
    shows("the-provider-is-newer", &terraform, &masks, &[], 2);
}

#[test]
fn of_a_pipeline_that_is_not_whole() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(&documents().hcl()));
    let no_tables = Rule::new(Action::AccessDenied)
        .service("dynamodb")
        .operation("CreateTable");
    sandbox.weather([no_tables.clone()]).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a create without tables");
    sandbox.clear_weather().expect("cleared");
    let masks = Masks::of(&terraform.state_of(ADDRESS).expect("a state"));
    shows("a-create-that-failed-goes-on", &terraform, &masks, &[], 2);
    let ran = terraform.run(&["untaint", ADDRESS]).expect("runs");
    expect_code(&ran, 0, "untaint");
    shows("an-untainted-one-goes-on", &terraform, &masks, &[], 2);
    apply(&terraform);
    configure(&terraform, &documents().with("storage.force_destroy", true));
    apply(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}
