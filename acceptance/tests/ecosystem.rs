//! What a configuration may use of the provider beside its resource, through
//! Terraform itself: functions, the data source of a pipeline, the API key that
//! is written nowhere, and an address that changes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::Sandbox;
use acceptance::terraform::Terraform;
use common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox,
    terraform,
};
use serde_json::{Value, json};

const ID: &str = "documents-dev@us-east-1";

#[track_caller]
fn outputs(terraform: &Terraform) -> Value {
    let ran = terraform.run(&["output", "-json"]).expect("runs");
    expect_code(&ran, 0, "the outputs");
    serde_json::from_str(&ran.stdout).expect("JSON")
}

fn output(name: &str, value: &str) -> String {
    format!("output \"{name}\" {{\n  value = {value}\n}}\n")
}

#[test]
fn functions_split_an_id_and_name_what_stands_beside_a_pipeline() {
    let sandbox = sandbox();
    let long = "documents-of-all-the-departments-of-the-company";
    let configuration = [
        output(
            "parsed",
            "provider::tap::parse_id(\"my-documents-dev@eu-west-1\")",
        ),
        output(
            "short",
            "provider::tap::resource_name(\"reports\", \"documents\", \"dev\", 63)",
        ),
        output(
            "long",
            &format!("provider::tap::resource_name(\"reports\", \"{long}\", \"dev\", 32)"),
        ),
        output(
            "other",
            &format!("provider::tap::resource_name(\"reports\", \"{long}\", \"prod\", 32)"),
        ),
    ];
    let terraform = terraform(&sandbox, &configuration.join("\n"));
    apply(&terraform);
    let outputs = outputs(&terraform);
    assert_eq!(
        outputs["parsed"]["value"],
        json!({ "name": "my-documents", "environment_suffix": "dev", "region": "eu-west-1" })
    );
    assert_eq!(outputs["short"]["value"], "reports-documents-dev");
    let long = outputs["long"]["value"].as_str().expect("a text");
    assert_eq!(long.len(), 32, "{long}");
    assert!(long.starts_with("reports-documents-of-al"), "{long}");
    assert_ne!(outputs["other"]["value"], long, "two long names never meet");

    for (call, says) in [
        (
            "parse_id(\"documents-dev\")",
            "name-environment_suffix@region",
        ),
        (
            "parse_id(\"Documents-dev@us-east-1\")",
            "name-environment_suffix@region",
        ),
        (
            "resource_name(\"Reports\", \"b\", \"c\", 64)",
            "\"Reports\" is not one or more lower-case letters, digits and hyphens",
        ),
        (
            "resource_name(\"a\", \"b\", \"c\", 15)",
            "15 is not a whole number of 16 or more",
        ),
        (
            "resource_name(\"a\", \"b\", \"c\", 20.5)",
            "20.5 is not a whole number",
        ),
    ] {
        terraform
            .configure(&output("wrong", &format!("provider::tap::{call}")))
            .expect("written");
        let ran = terraform.plan(&[]).expect("runs");
        expect_code(&ran, 1, call);
        assert!(ran.flat().contains(says), "{call}:\n{}", ran.text);
    }
}

#[test]
fn the_data_source_says_of_a_pipeline_what_its_resource_says() {
    let sandbox = sandbox();
    let of_another = format!(
        "provider \"tap\" {{}}\ndata \"tap_secure_pipeline\" \"documents\" {{\n  id = \"{ID}\"\n}}\n{}",
        output("seen", "data.tap_secure_pipeline.documents")
    );
    let elsewhere = terraform(&sandbox, &of_another);
    let ran = elsewhere.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a pipeline that is not there");
    assert!(
        ran.flat().contains(&format!("There is no pipeline {ID}")),
        "{}",
        ran.text
    );

    let owner = terraform(&sandbox, &(pipeline("") + &output("made", ADDRESS)));
    apply(&owner);
    let before = sandbox.last_sequence().expect("recorded");
    apply(&elsewhere);
    let changed = sandbox.mutations_since(before).expect("recorded");
    assert!(
        changed.is_empty(),
        "a data source changes nothing: {changed:?}"
    );
    let (seen, made) = (outputs(&elsewhere), outputs(&owner));
    let (seen, made) = (&seen["seen"]["value"], &made["made"]["value"]);
    for (name, value) in seen.as_object().expect("an object") {
        assert_eq!(value, &made[name], "{name}");
    }
    for name in [
        "api_endpoint",
        "bucket_names",
        "role_arns",
        "physical_ids",
        "status",
    ] {
        assert!(!seen[name].is_null(), "{name} is missing: {seen}");
    }
    expect_clean_destroy(&owner, &sandbox);
}

/// The API key's current value, as boto3 reads it.
#[track_caller]
fn key(sandbox: &Sandbox) -> String {
    let script = r#"
secrets = boto3.client("secretsmanager")
value = secrets.get_secret_value(SecretId="api-key-documents-dev")["SecretString"]
print(json.dumps(json.loads(value)["api_key"]))
"#;
    let key = sandbox.boto3(script).expect("a secret");
    key.as_str().expect("a text").to_owned()
}

/// A provisioner may use what is ephemeral; nothing else would write it down.
const USES_THE_KEY: &str = r#"
ephemeral "tap_api_key" "documents" {
  pipeline_id = tap_secure_pipeline.documents.id
  secret_arn  = tap_secure_pipeline.documents.api_key_secret_arn
}

resource "terraform_data" "caller" {
  provisioner "local-exec" {
    command     = "printf %s \"$KEY\" > key.txt"
    environment = { KEY = ephemeral.tap_api_key.documents.value }
  }
}
"#;

#[test]
fn the_api_key_is_opened_for_a_run_and_stands_in_no_plan_and_no_state() {
    let sandbox = sandbox();
    let mut terraform = terraform(&sandbox, &(pipeline("") + USES_THE_KEY));
    terraform.set("TF_LOG", "trace");
    let log = terraform.dir().join("trace.log");
    terraform.set("TF_LOG_PATH", log.clone());
    let ran = apply(&terraform);
    let key = key(&sandbox);
    assert_eq!(key.len(), 40);
    let read = |name: &str| std::fs::read(terraform.dir().join(name)).expect("readable");
    assert_eq!(String::from_utf8(read("key.txt")).expect("UTF-8"), key);

    let holds = |bytes: &[u8]| bytes.windows(key.len()).any(|part| part == key.as_bytes());
    assert!(
        !ran.text.contains(&key),
        "what Terraform printed holds the key"
    );
    assert!(
        !holds(&read("terraform.tfstate")),
        "the state holds the key"
    );
    assert!(
        !holds(&std::fs::read(log).expect("a log")),
        "the log holds the key"
    );
    let ran = terraform.plan(&["-out=plan"]).expect("runs");
    expect_code(&ran, 0, "the plan after it");
    let shown = terraform.run(&["show", "-json", "plan"]).expect("runs");
    assert!(!shown.text.contains(&key), "the plan holds the key");

    // A secret of that name which is another pipeline's is not handed out.
    let script = r#"
secrets = boto3.client("secretsmanager")
secrets.tag_resource(SecretId="api-key-documents-dev", Tags=[{"Key": "tap:pipeline", "Value": "other-dev@us-east-1"}])
print("{}")
"#;
    sandbox.boto3(script).expect("tagged");
    let only = format!(
        "provider \"tap\" {{}}\nephemeral \"tap_api_key\" \"documents\" {{\n  pipeline_id = \"{ID}\"\n}}\n"
    );
    let elsewhere = common::terraform(&sandbox, &only);
    let ran = elsewhere.plan(&[]).expect("runs");
    expect_code(&ran, 1, "another pipeline's secret");
    let says = format!("is not of the pipeline {ID}");
    assert!(ran.flat().contains(&says), "{}", ran.text);
}

#[test]
fn a_pipeline_whose_address_changes_is_moved_and_not_touched() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(""));
    apply(&terraform);
    let renamed = pipeline("").replace("\"documents\" {", "\"archive\" {")
        + "moved {\n  from = tap_secure_pipeline.documents\n  to   = tap_secure_pipeline.archive\n}\n";
    terraform.configure(&renamed).expect("written");
    let before = sandbox.last_sequence().expect("recorded");
    let ran = terraform.plan(&[]).expect("runs");
    assert!(
        ran.flat()
            .contains("tap_secure_pipeline.documents has moved to tap_secure_pipeline.archive"),
        "{}",
        ran.text
    );
    assert!(
        ran.text.contains("0 to add, 0 to change, 0 to destroy"),
        "{}",
        ran.text
    );
    apply(&terraform);
    let changed = sandbox.mutations_since(before).expect("recorded");
    assert!(changed.is_empty(), "a move changes nothing: {changed:?}");
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

/// What a user supplies for a credential, and a function that would put the next
/// one into effect.
fn with_password(version: &str) -> String {
    let more = format!(
        "  secrets = {{\n    credentials = {{ database = \"app\", warehouse = \"loader\" }}\n    rotation_function_arn = \"arn:aws:lambda:us-east-1:123456789012:function:rotate-database\"\n  }}\n  credential_passwords_wo = {{ database = var.password }}\n{version}"
    );
    "variable \"password\" {\n  type = string\n  ephemeral = true\n}\n".to_owned()
        + &pipeline(&more)
}

#[track_caller]
fn secret(sandbox: &Sandbox, name: &str) -> Value {
    let script = format!(
        "print(boto3.client(\"secretsmanager\").get_secret_value(SecretId=\"credentials-{name}-documents-dev\")[\"SecretString\"])"
    );
    sandbox.boto3(&script).expect("a secret")
}

#[test]
fn a_password_of_the_users_is_only_ever_written() {
    const FIRST: &str = "hunter2-of-the-first-day";
    const SECOND: &str = "hunter2-of-the-second-day";
    const THIRD: &str = "hunter2-of-another-life";
    let sandbox = sandbox();
    let mut terraform = terraform(&sandbox, &with_password(""));
    terraform.set("TF_LOG", "trace");
    let log = terraform.dir().join("trace.log");
    terraform.set("TF_LOG_PATH", log.clone());
    terraform.set("TF_VAR_password", FIRST);
    let ran = apply(&terraform);
    assert_eq!(
        secret(&sandbox, "database"),
        json!({ "username": "app", "password": FIRST })
    );
    let generated = secret(&sandbox, "warehouse")["password"].clone();
    assert_eq!(generated.as_str().map(str::len), Some(32));
    expect_empty_plan(&terraform);

    // Another one is put when the version counts up, and that of nobody else.
    terraform.set("TF_VAR_password", SECOND);
    expect_empty_plan(&terraform);
    let counted = with_password("  credential_passwords_wo_version = 2\n");
    terraform.configure(&counted).expect("written");
    apply(&terraform);
    assert_eq!(secret(&sandbox, "database")["password"], SECOND);
    assert_eq!(secret(&sandbox, "warehouse")["password"], generated);
    expect_empty_plan(&terraform);

    let shown = terraform.run(&["show", "-json", "plan"]).expect("runs");
    let state = std::fs::read_to_string(terraform.dir().join("terraform.tfstate"));
    let log = std::fs::read_to_string(log).expect("a log");
    let manifest = r#"
parameters = boto3.client("ssm").get_parameters_by_path(Path="/tap", Recursive=True, WithDecryption=True)["Parameters"]
print(json.dumps([parameter["Value"] for parameter in parameters]))
"#;
    let manifest = sandbox.boto3(manifest).expect("parameters").to_string();
    for (place, text) in [
        ("what was printed", ran.text),
        ("the plan", shown.text),
        ("the state", state.expect("a state")),
        ("the log", log),
        ("the manifest", manifest),
    ] {
        assert!(!text.contains("hunter2"), "{place} holds the password");
    }

    // Nobody would tell what it opens of the next one.
    let alone = counted.replace("rotation_function_arn", "# rotation_function_arn");
    terraform.configure(&alone).expect("written");
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a password without a function");
    assert!(
        ran.flat().contains("Write secrets.rotation_function_arn"),
        "{}",
        ran.text
    );

    // A version without a password would say that one was put.
    let missing = counted
        .replace("credential_passwords_wo =", "# credential_passwords_wo =")
        .replace("version = 2", "version = 3");
    terraform.configure(&missing).expect("written");
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a version without a password");
    assert!(
        ran.flat()
            .contains("Write the passwords, or leave the version"),
        "{}",
        ran.text
    );

    terraform.configure(&counted).expect("written");
    expect_clean_destroy(&terraform, &sandbox);

    // A secret that waits for its deletion comes back with the password of the
    // new life, not with that of the old one. Under a key that was brought: the
    // pipeline's own goes with it.
    let key = sandbox
        .boto3("print(json.dumps(boto3.client(\"kms\").create_key()[\"KeyMetadata\"][\"Arn\"]))")
        .expect("a key");
    let brought = format!("  encryption = {{ key_arns = {{ data = {key} }} }}\n");
    let version = "  credential_passwords_wo_version = 2\n";
    let kept = format!("{version}{brought}  storage = {{ force_destroy = false }}\n");
    terraform.configure(&with_password(&kept)).expect("written");
    apply(&terraform);
    let generated = secret(&sandbox, "warehouse")["password"].clone();
    expect_code(&terraform.destroy().expect("runs"), 0, "destroy");
    terraform.set("TF_VAR_password", THIRD);
    apply(&terraform);
    assert_eq!(secret(&sandbox, "database")["password"], THIRD);
    assert_eq!(
        secret(&sandbox, "warehouse")["password"],
        generated,
        "what AWS generated is restored"
    );
    expect_empty_plan(&terraform);
    terraform
        .configure(&with_password(&format!("{version}{brought}")))
        .expect("written");
    apply(&terraform);
    expect_code(&terraform.destroy().expect("runs"), 0, "destroy");
}
