//! The published contract: templates without an account, judged by
//! cfn-lint, and the golden files in `schemas/`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod live;

use acceptance::sandbox::install;
use acceptance::terraform::Terraform;
use live::{Settings, template_command};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the checkout")
        .to_path_buf()
}

/// The settings of examples/quickstart.
fn quickstart() -> Settings {
    Settings::new("documents")
        .with("storage.noncurrent_glacier_after_days", 30)
        .with("alerts.emails", json!(["security@example.com"]))
}

/// Every setting, none at its default.
fn full() -> Settings {
    Settings::new("a-name-of-thirty-two-characters0")
        .with("encryption.rotation_period_days", 90)
        .with("encryption.deletion_window_days", 30)
        .with(
            "encryption.key_arns",
            json!({ "data": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab" }),
        )
        .with("storage.noncurrent_glacier_after_days", 1)
        .with("storage.noncurrent_expire_after_days", 3650)
        .with("storage.access_log_retention_days", 3650)
        .with("storage.abort_incomplete_uploads_after_days", 365)
        .with("storage.force_destroy", false)
        .with("storage.access_log_encryption", "AES256")
        .with("api.endpoint_type", "PRIVATE")
        .with("audit.recovery_period_days", 1)
        .with(
            "compliance.custom_policies",
            json!({ "data-encrypted": "rule encrypted { supplementaryConfiguration exists }" }),
        )
        .with("alerts.emails", json!(["a@example.com", "b@example.com"]))
        .with("tags", json!({ "cost-center": "42", "team": "payments" }))
        .with(
            "overrides",
            json!({
                "AuditTable": json!({ "DeletionProtectionEnabled": true }).to_string(),
                "LogsKey": json!({ "Description": "ours" }).to_string(),
            }),
        )
}

/// A pipeline whose keys and log bucket are all brought.
fn brought() -> Settings {
    let arn = |end: &str| {
        format!("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890{end}")
    };
    Settings::new("documents")
        .with(
            "encryption.key_arns",
            json!({ "data": arn("aa"), "environment": arn("bb"), "logs": arn("cc") }),
        )
        .with("storage.log_bucket_name", "central-logs")
        .with("audit.point_in_time_recovery", false)
}

fn rendered(settings: &Settings) -> Value {
    let (code, text, errors) = template_command(&settings.spec());
    assert_eq!(code, 0, "the template of {settings:?}:\n{errors}");
    serde_json::from_str(&text).expect("JSON")
}

/// Nothing of AWS' can be reached, and nobody is anybody.
fn nowhere() -> BTreeMap<String, String> {
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

#[test]
fn the_data_source_and_the_command_give_the_same_template_without_touching_aws() {
    let cases = [
        ("quickstart", quickstart()),
        ("full", full()),
        ("brought", brought()),
    ];
    let mut text = String::from("provider \"tap\" {}\n");
    for (label, settings) in &cases {
        let name = settings.spec()["name"].clone();
        text += &format!(
            "data \"tap_secure_pipeline_template\" \"{label}\" {{\n  name = {name}\n  environment_suffix = \"dev\"\n{}\n}}\noutput \"{label}\" {{\n  value = data.tap_secure_pipeline_template.{label}\n}}\n",
            settings.hcl()
        );
    }
    let terraform = Terraform::new(&nowhere()).expect("Terraform and the provider are there");
    terraform.configure(&text).expect("written");
    let ran = terraform.apply(&[]).expect("runs");
    assert_eq!(ran.code, 0, "a template needs no account:\n{}", ran.text);
    let ran = terraform.run(&["output", "-json"]).expect("runs");
    let outputs: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    for (label, settings) in &cases {
        let output = &outputs[label]["value"];
        let (_, printed, _) = template_command(&settings.spec());
        assert_eq!(
            output["json"].as_str().map(str::trim),
            Some(printed.trim()),
            "the {label} template is the same from Terraform and from the command line"
        );
        assert_eq!(output["account_id"], "111122223333");
        assert_eq!(output["region"], "us-east-1");
    }
    // What was left out is filled in with the defaults.
    assert_eq!(
        outputs["quickstart"]["value"]["encryption"]["rotation_period_days"],
        365
    );
}

#[test]
fn account_and_region_are_arguments_and_reach_arns_names_and_partition() {
    for (region, partition) in [
        ("eu-central-1", "aws"),
        ("us-gov-west-1", "aws-us-gov"),
        ("cn-north-1", "aws-cn"),
    ] {
        let template = live::template(&quickstart().spec(), region);
        let resources = &template["Resources"];
        assert_eq!(
            resources["RawBucket"]["Properties"]["BucketName"],
            format!("documents-raw-documents-dev-{}-{region}", live::ACCOUNT)
        );
        let root =
            &resources["DataKey"]["Properties"]["KeyPolicy"]["Statement"][0]["Principal"]["AWS"];
        assert_eq!(
            root,
            &json!(format!("arn:{partition}:iam::{}:root", live::ACCOUNT))
        );
    }
}

#[test]
fn what_is_told_of_an_account_takes_the_place_of_the_documentation_s() {
    let mut spec = quickstart().spec();
    spec["facts"] = json!({
        "zone_ids": ["use1-az6", "use1-az5", "use1-az4"],
        "prefix_list_ids": { "dynamodb": "pl-0d", "s3": "pl-05" },
        "administrator_arn": "arn:aws:iam::111122223333:user/alice",
        "account": { "recorder": "", "api_logging_role": "" },
    });
    let (code, text, errors) = template_command(&spec);
    assert_eq!(code, 0, "{errors}");
    for part in ["\"use1-az6\"", "\"pl-0d\"", "\"pl-05\"", ":user/alice\""] {
        assert!(text.contains(part), "{part} should be in the template");
    }
    for part in [
        "use1-az1",
        "pl-63a5400a",
        "AWS::Config::ConfigRule",
        "/administrator",
        "0000.zip",
    ] {
        assert!(!text.contains(part), "{part} should not be there");
    }
    for (facts, said) in [
        (json!([]), "facts: "),
        (json!({ "zones": [] }), "unknown field `zones`"),
        (json!({ "zone_ids": [1] }), "facts.zone_ids"),
    ] {
        spec["facts"] = facts;
        let (code, _, errors) = template_command(&spec);
        assert_eq!(code, 1, "{errors}");
        assert!(errors.contains(said), "{errors}");
    }
}

#[test]
fn the_command_refuses_what_is_wrong_with_its_path_and_advice() {
    for (spec, says) in [
        (
            json!({ "name": "Documents", "environment_suffix": "dev" }),
            "name: Invalid value: \"Documents\" is not a name for a pipeline",
        ),
        (
            json!({ "name": "documents", "environment_suffix": "dev", "storage": { "noncurrent_glacier_after_days": 0 } }),
            "storage.noncurrent_glacier_after_days: 0 is not possible here. Write a whole number",
        ),
        (
            json!({ "name": "documents", "environment_suffix": "dev", "colour": "red" }),
            "colour",
        ),
        (
            json!({ "name": "documents", "environment_suffix": "dev", "storage": { "colour": "red" } }),
            "storage.colour is not an attribute of it",
        ),
        (
            json!({ "name": "documents", "environment_suffix": "dev", "storage": { "noncurrent_glacier_after_days": "many" } }),
            "storage",
        ),
        (
            json!({ "name": "documents", "environment_suffix": "dev", "overrides": { "RawBucket": "{\"Colour\": 1}" } }),
            "Colour",
        ),
        (
            json!({ "name": "documents", "environment_suffix": "dev", "account_id": "12" }),
            "\"12\" is not an AWS account id. Write twelve digits",
        ),
        (json!([1]), "is not the JSON of a tap_secure_pipeline"),
    ] {
        let (code, text, errors) = template_command(&spec);
        assert_eq!(code, 1, "{spec} should be refused, and gave {text}");
        assert!(
            errors.contains(says),
            "{spec} should be refused with {says:?}:\n{errors}"
        );
        assert_eq!(text, "", "what is refused prints no template");
    }
}

/// cfn-lint in an environment of its own, installed at the first time.
fn cfn_lint() -> PathBuf {
    let sandbox = install::default_directory();
    let mut name = sandbox.file_name().expect("a name").to_owned();
    name.push("-lint");
    let requirements = include_str!("../lint-requirements.txt");
    let python = install::install(&sandbox.with_file_name(name), requirements, &|line| {
        eprintln!("cfn-lint: {line}");
    })
    .expect("cfn-lint is installed");
    python.with_file_name("cfn-lint")
}

#[test]
fn cfn_lint_finds_no_error_and_no_warning_in_any_template() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for (label, settings) in [
        ("quickstart", quickstart()),
        ("full", full()),
        ("brought", brought()),
    ] {
        let file = folder.path().join(format!("{label}.json"));
        std::fs::write(&file, rendered(&settings).to_string()).expect("written");
        files.push(file);
    }
    let output = Command::new(cfn_lint())
        .args(["--regions", "us-east-1", "--format", "parseable", "--"])
        .args(&files)
        .output()
        .expect("cfn-lint runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cfn-lint should find nothing, and ended with {}:\n{text}",
        output.status
    );
}

#[test]
fn the_files_in_schemas_are_what_the_code_says() {
    let output = Command::new("python3")
        .arg(root().join("tools/schemas.py"))
        .env(
            "TAP_PROVIDER",
            acceptance::terraform::program("terraform-provider-tap").expect("built"),
        )
        .output()
        .expect("python3 runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

#[test]
fn the_quickstart_of_the_golden_file_is_the_example() {
    let example =
        std::fs::read_to_string(root().join("examples/quickstart/main.tf")).expect("read");
    let golden = std::fs::read_to_string(root().join("schemas/templates/quickstart.json"))
        .expect("there is one; run: make schemas");
    let golden: Value = serde_json::from_str(&golden).expect("JSON");
    assert_eq!(golden, rendered(&quickstart()), "run: make schemas");
    for part in [
        "name               = \"documents\"",
        "environment_suffix = \"dev\"",
        "default     = 30",
        "emails = [\"security@example.com\"]",
    ] {
        assert!(example.contains(part), "the example should say {part:?}");
    }
}
