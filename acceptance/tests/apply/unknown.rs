//! Inputs that another resource has yet to make.

use crate::common::{
    self, apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox, terraform,
};
use crate::live::expect_exactly;
use crate::{KEYS, documents, set, tagged};
use acceptance::terraform::resource_change;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn an_unknown_input_leaves_open_only_the_lines_that_it_decides() {
    let sandbox = sandbox();
    let block = |label: &str, more: &str| {
        format!(
            "resource \"tap_secure_pipeline\" \"{label}\" {{\n  name = \"{label}\"\n  environment_suffix = \"dev\"\n{more}\n}}\n"
        )
    };
    let text = [
        "provider \"tap\" {}\nresource \"terraform_data\" \"later\" {\n  input = \"x\"\n}\n"
            .to_owned(),
        block(
            "rotation",
            "encryption = { rotation_period_days = length(terraform_data.later.output) + 179 }",
        ),
        block(
            "table",
            "audit = { recovery_period_days = length(terraform_data.later.output) + 19 }",
        ),
        block(
            "tag",
            "tags = { later = terraform_data.later.output }",
        ),
        block(
            "email",
            "alerts = { emails = [\"${terraform_data.later.output}@example.com\"] }",
        ),
        block(
            "override",
            "overrides = { AuditTable = jsonencode({ DeletionProtectionEnabled = terraform_data.later.output == \"x\" }) }",
        ),
        block("guard", "allow_data_loss = terraform_data.later.output == \"y\""),
    ]
    .concat();
    let terraform = terraform(&sandbox, &text);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a plan with unknown inputs");
    let plan = terraform.shown_plan().expect("shown");
    let unknown = |label: &str| -> Value {
        resource_change(&plan, &format!("tap_secure_pipeline.{label}"))["after_unknown"]["resources"]
            .clone()
    };
    let lines = |label: &str| -> BTreeSet<String> {
        unknown(label)
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, unknown)| **unknown == true)
            .map(|(id, _)| id.clone())
            .collect()
    };
    assert_eq!(lines("rotation"), set(KEYS), "rotation_period_days unknown");
    assert_eq!(
        lines("table"),
        set(&["AuditTable"]),
        "recovery_period_days unknown"
    );
    assert_eq!(lines("tag"), tagged(), "a tag's value unknown");
    assert_eq!(
        lines("override"),
        set(&["AuditTable"]),
        "an override unknown"
    );
    assert_eq!(
        lines("guard"),
        set(&[]),
        "allow_data_loss unknown decides no line"
    );
    assert_eq!(
        unknown("email"),
        json!(true),
        "an unknown address decides which subscriptions there are"
    );
    assert_eq!(
        common::account(&sandbox),
        json!({}),
        "a plan creates nothing"
    );
}

#[test]
fn unknown_inputs_apply_as_what_they_become_and_the_next_plan_is_empty() {
    let sandbox = sandbox();
    let text = |input: &str| {
        format!(
            "resource \"terraform_data\" \"later\" {{\n  input = \"{input}\"\n}}\n{}",
            pipeline(
                "  encryption = { rotation_period_days = length(terraform_data.later.output) + 179 }\n\
                 \u{20} alerts = { emails = [\"${terraform_data.later.output}@example.com\"] }\n\
                 \u{20} tags = { later = terraform_data.later.output }"
            )
        )
    };
    let settings = |word: &str| {
        documents()
            .with("encryption.rotation_period_days", word.len() + 179)
            .with("alerts.emails", json!([format!("{word}@example.com")]))
            .with("tags", json!({ "later": word }))
    };
    let terraform = terraform(&sandbox, &text("one"));
    apply(&terraform);
    expect_exactly(&sandbox, &settings("one"));
    expect_empty_plan(&terraform);
    sandbox.confirm("one@example.com").expect("confirmed");
    terraform.configure(&text("three")).expect("written");
    apply(&terraform);
    expect_exactly(&sandbox, &settings("three"));
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn what_an_unknown_input_becomes_may_not_lose_data_either() {
    let sandbox = sandbox();
    let text = |input: &str| {
        format!(
            "resource \"terraform_data\" \"later\" {{\n  input = \"{input}\"\n}}\n{}",
            pipeline(
                "  overrides = { AuditTable = terraform_data.later.output == \"one\" ? \"{}\" : jsonencode({ TableName = \"other\" }) }"
            )
        )
    };
    let terraform = terraform(&sandbox, &text("one"));
    apply(&terraform);
    let before = sandbox.last_sequence().expect("recorded");
    terraform.configure(&text("two")).expect("written");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "an apply that would replace the audit table");
    for part in ["AuditTable: replaced: TableName", "allow_data_loss = true"] {
        assert!(ran.flat().contains(part), "{part}:\n{}", ran.text);
    }
    let made = sandbox.mutations_since(before).expect("recorded");
    assert!(made.is_empty(), "{made:#?}");
    terraform.configure(&text("one")).expect("written");
    apply(&terraform);
    expect_empty_plan(&terraform);
    expect_exactly(&sandbox, &documents());
    expect_clean_destroy(&terraform, &sandbox);
}
