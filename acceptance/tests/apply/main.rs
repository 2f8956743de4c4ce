//! What a user does on a good day: apply, change, import, destroy.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod changes;
#[path = "../common/mod.rs"]
mod common;
#[path = "../live/mod.rs"]
mod live;
mod loss;
mod unknown;

use acceptance::Sandbox;
use acceptance::terraform::{Terraform, changed_lines};
use common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox,
    terraform,
};
use live::{Settings, expect_exactly};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const KEYS: &[&str] = &["DataKey", "EnvironmentKey", "LogsKey"];
const BUCKETS: &[&str] = &["LogsBucket", "ProcessedBucket", "RawBucket"];

fn documents() -> Settings {
    Settings::new("documents")
}

/// The ids of the template's resources of which this is true.
fn resources(wanted: impl Fn(&str, &Value) -> bool) -> BTreeSet<String> {
    let template = live::template(&documents().spec(), live::REGION);
    let resources = template["Resources"].as_object().expect("resources");
    let found = resources
        .iter()
        .filter(|(id, resource)| wanted(id, resource));
    found.map(|(id, _)| id.clone()).collect()
}

/// What carries tags, and so those of `tags`.
fn tagged() -> BTreeSet<String> {
    resources(|_, resource| resource["Properties"].get("Tags").is_some())
}

/// What carries a tag of that key.
fn tagged_with(key: &str) -> BTreeSet<String> {
    resources(|_, resource| {
        let tags = resource["Properties"]["Tags"].as_array();
        tags.is_some_and(|tags| tags.iter().any(|tag| tag["Key"] == key))
    })
}

/// What says the ARN or the name of one of these, which is another when they
/// are replaced.
fn referring_to(replaced: &[&str]) -> BTreeSet<String> {
    resources(|_, resource| {
        let text = resource["Properties"].to_string();
        let says = |id: &&str| {
            let parts = [
                format!("\"Ref\":\"{id}\""),
                format!("\"Fn::GetAtt\":[\"{id}\","),
                format!("${{{id}}}"),
                format!("${{{id}."),
            ];
            parts.iter().any(|part| text.contains(part))
        };
        replaced.iter().any(says)
    })
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Plans into the plan file, expects changes, and returns the logical ids
/// whose lines change.
#[track_caller]
fn planned_lines(terraform: &Terraform, what: &str) -> BTreeSet<String> {
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, &format!("{what} should plan changes"));
    let plan = terraform.shown_plan().expect("shown");
    changed_lines(&plan, ADDRESS).into_keys().collect()
}

#[track_caller]
fn apply_plan(terraform: &Terraform, what: &str) {
    let ran = terraform
        .run(&["apply", "-input=false", "-no-color", "plan"])
        .expect("runs");
    expect_code(&ran, 0, &format!("apply of {what}"));
}

/// Plans and expects a refusal that says all of this.
#[track_caller]
fn expect_refused(terraform: &Terraform, arguments: &[&str], says: &[&str]) {
    let ran = terraform.plan(arguments).expect("runs");
    expect_code(&ran, 1, &format!("the plan should be refused ({says:?})"));
    let text = ran.flat();
    for part in says {
        assert!(
            text.contains(part),
            "the refusal should say {part:?}:\n{}",
            ran.text
        );
    }
}

fn configured(sandbox: &Sandbox, settings: &Settings) -> Terraform {
    terraform(sandbox, &pipeline(&settings.hcl()))
}

fn configure(terraform: &Terraform, settings: &Settings) {
    terraform
        .configure(&pipeline(&settings.hcl()))
        .expect("written");
}

#[test]
fn apply_creates_exactly_the_template_and_the_second_plan_is_empty() {
    let sandbox = sandbox();
    let settings = documents()
        .with("alerts.emails", json!(["a@example.com", "b@example.com"]))
        .with("tags", json!({ "cost-center": "42" }));
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);

    let state = terraform.state_of(ADDRESS).expect("a state");
    let bucket = |base: &str| {
        format!(
            "documents-{base}-documents-dev-{}-{}",
            live::ACCOUNT,
            live::REGION
        )
    };
    for (attribute, expected) in [
        ("id", json!("documents-dev@us-east-1")),
        ("status", json!("READY")),
        ("account_id", json!(live::ACCOUNT)),
        ("region", json!(live::REGION)),
        (
            "bucket_names",
            json!({ "raw": bucket("raw"), "processed": bucket("processed"), "logs": bucket("logs") }),
        ),
        ("audit_table_name", json!("audit-documents-dev")),
        (
            "alert_topic_arn",
            json!(format!(
                "arn:aws:sns:us-east-1:{}:alerts-documents-dev",
                live::ACCOUNT
            )),
        ),
        ("drifted", json!({})),
        ("changes", json!({})),
    ] {
        assert_eq!(state[attribute], expected, "output {attribute}");
    }
    let template = live::template_here(&sandbox, &settings.spec(), live::REGION);
    let ids = |value: &Value| -> BTreeSet<String> {
        value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(id, _)| id.clone())
            .collect()
    };
    for map in ["resources", "physical_ids", "ledger"] {
        assert_eq!(
            ids(&state[map]),
            ids(&template["Resources"]),
            "{map} has one line for each resource of the template"
        );
    }
    for (name, alias) in [
        ("data", "data"),
        ("environment", "environment"),
        ("logs", "logs"),
    ] {
        let target = sandbox
            .boto3(&format!("print(json.dumps(boto3.client('kms').describe_key(KeyId='alias/{alias}-documents-dev')['KeyMetadata']['Arn']))"))
            .expect("the alias is there");
        assert_eq!(
            state["key_arns"][name], target,
            "key_arns.{name} is what the alias stands for"
        );
    }
    // Not by its exit code: Terraform 1.11 says 2 whenever a state holds a
    // number, whatever a provider answers.
    let ran = terraform
        .run(&["plan", "-refresh-only", "-no-color", "-out=plan"])
        .expect("runs");
    expect_code(&ran, 0, "plan -refresh-only");
    assert!(
        ran.text.contains("No changes."),
        "a refresh should find nothing after an apply:\n{}",
        ran.text
    );
    let plan = terraform.shown_plan().expect("shown");
    assert_eq!(
        plan["resource_drift"],
        Value::Null,
        "a refresh should find no drift after an apply"
    );
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn an_override_that_refers_to_nothing_is_refused_by_the_plan_and_not_by_the_apply() {
    let sandbox = sandbox();
    let settings = documents().with(
        "overrides",
        json!({ "DataKeyAlias": json!({ "TargetKeyId": { "Ref": "DataKei" } }).to_string() }),
    );
    let terraform = configured(&sandbox, &settings);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a plan with a mistyped reference");
    let said = ran.flat();
    for part in [
        "DataKeyAlias refers to DataKei, which is not in the template",
        "Mend the override of DataKeyAlias",
    ] {
        assert!(said.contains(part), "{part}:\n{}", ran.text);
    }
    assert_eq!(common::account(&sandbox), json!({}), "nothing was begun");
}

#[test]
fn a_change_of_how_the_provider_behaves_changes_no_line_and_deletion_protection_refuses_destroy() {
    let sandbox = sandbox();
    let mut settings = documents();
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    settings.set("allow_data_loss", true);
    settings.set("on_create_failure", "resume");
    settings.set("timeouts.create", "30m");
    settings.set("deletion_protection", true);
    configure(&terraform, &settings);
    assert_eq!(
        planned_lines(&terraform, "settings"),
        set(&[]),
        "settings are no resource's property"
    );
    apply_plan(&terraform, "settings");
    expect_empty_plan(&terraform);
    expect_exactly(&sandbox, &documents());

    let before = sandbox.last_sequence().expect("recorded");
    expect_refused(
        &terraform,
        &["-destroy"],
        &[
            "protected from deletion",
            "deletion_protection = false, apply, and destroy again",
        ],
    );
    let renamed = pipeline(&settings.hcl()).replace("name = \"documents\"", "name = \"papers\"");
    terraform.configure(&renamed).expect("written");
    expect_refused(&terraform, &[], &["protected from deletion"]);
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 1, "destroy of what is protected");
    configure(&terraform, &settings);
    let ran = terraform
        .apply(&[&format!("-replace={ADDRESS}")])
        .expect("runs");
    expect_code(&ran, 1, "a replacement of what is protected");
    assert!(
        ran.flat().contains("protected from deletion"),
        "{}",
        ran.text
    );
    assert!(
        sandbox
            .mutations_since(before)
            .expect("recorded")
            .is_empty(),
        "a refused destroy deletes nothing"
    );
    expect_empty_plan(&terraform);
    settings.set("deletion_protection", false);
    configure(&terraform, &settings);
    apply(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn an_import_by_id_plans_empty_and_the_generated_configuration_too() {
    let sandbox = sandbox();
    let settings = documents()
        .with("encryption.rotation_period_days", 180)
        .with("storage.noncurrent_glacier_after_days", 45)
        .with("storage.access_log_encryption", "AES256")
        .with("audit.recovery_period_days", 30)
        .with("alerts.emails", json!(["b@example.com", "a@example.com"]))
        .with("tags", json!({ "team": "payments" }))
        .with(
            "overrides",
            json!({ "AuditTable": json!({ "DeletionProtectionEnabled": false }).to_string() }),
        );
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    let ran = terraform.run(&["state", "rm", ADDRESS]).expect("runs");
    expect_code(&ran, 0, "state rm");
    let before = sandbox.last_sequence().expect("recorded");
    let ran = terraform
        .run(&[
            "import",
            "-input=false",
            "-no-color",
            ADDRESS,
            "documents-dev@us-east-1",
        ])
        .expect("runs");
    expect_code(&ran, 0, "import by id");
    expect_empty_plan(&terraform);
    assert!(
        sandbox
            .mutations_since(before)
            .expect("recorded")
            .is_empty(),
        "an import changes nothing"
    );

    let elsewhere = common::terraform(
        &sandbox,
        &format!(
            "provider \"tap\" {{}}\nimport {{\n  to = {ADDRESS}\n  id = \"documents-dev@us-east-1\"\n}}\n"
        ),
    );
    let ran = elsewhere
        .run(&[
            "plan",
            "-input=false",
            "-no-color",
            "-generate-config-out=generated.tf",
        ])
        .expect("runs");
    expect_code(&ran, 0, "plan -generate-config-out");
    let generated =
        std::fs::read_to_string(elsewhere.dir().join("generated.tf")).expect("generated");
    let ran = elsewhere.plan(&[]).expect("runs");
    assert!(
        ran.text
            .contains("1 to import, 0 to add, 0 to change, 0 to destroy"),
        "the generated configuration should plan the import and nothing else:\n{generated}\n{}",
        ran.text
    );
    let ran = elsewhere.apply(&[]).expect("runs");
    expect_code(&ran, 0, "apply of the import");
    expect_empty_plan(&elsewhere);
    expect_exactly(&sandbox, &settings);

    for (id, says) in [
        (
            "documents-dev",
            "not of the form name-environment_suffix@region",
        ),
        (
            "other-dev@us-east-1",
            "There is no pipeline other-dev@us-east-1",
        ),
    ] {
        let ran = elsewhere.run(&["state", "rm", ADDRESS]).expect("runs");
        assert!(ran.code == 0 || id.starts_with("other"), "{}", ran.text);
        let ran = elsewhere
            .run(&["import", "-input=false", "-no-color", ADDRESS, id])
            .expect("runs");
        expect_code(&ran, 1, "import of a wrong id");
        assert!(ran.flat().contains(says), "import of {id}:\n{}", ran.text);
    }
    expect_clean_destroy(&terraform, &sandbox);
}
