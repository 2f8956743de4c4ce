//! What happens when AWS, the network or the user gets in the way.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;

use acceptance::terraform::{
    Ran, Terraform, ended, interrupt, interrupt_terraform_alone, resource_change,
};
use acceptance::{Action, Call, Rule, Sandbox};
use common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_account, expect_empty_plan,
    pipeline, sandbox, terraform,
};
use live::{Settings, expect_exactly, names};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Child;
use std::time::{Duration, Instant};

fn documents() -> Settings {
    Settings::new("documents")
}

fn configured(sandbox: &Sandbox, settings: &Settings) -> Terraform {
    terraform(sandbox, &pipeline(&settings.hcl()))
}

fn configure(terraform: &Terraform, settings: &Settings) {
    terraform
        .configure(&pipeline(&settings.hcl()))
        .expect("written");
}

fn no_tables() -> Rule {
    Rule::new(Action::AccessDenied)
        .service("dynamodb")
        .operation("CreateTable")
}

/// Follows the links in the mails: SNS lets nobody take back a subscription
/// that is pending; it lapses by itself.
fn confirm(sandbox: &Sandbox, emails: &[&str]) {
    for email in emails {
        sandbox.confirm(email).expect("confirmed");
    }
}

/// The calls that take something away.
fn deletions(calls: &[Call]) -> Vec<String> {
    calls
        .iter()
        .filter(|call| {
            ["Delete", "ScheduleKeyDeletion", "Unsubscribe"]
                .iter()
                .any(|name| call.operation.starts_with(name))
        })
        .map(|call| format!("{}:{} {}", call.service, call.operation, call.resource))
        .collect()
}

#[track_caller]
fn expect_says(ran: &Ran, parts: &[&str]) {
    let text = ran.flat();
    for part in parts {
        assert!(
            text.contains(part),
            "the output should say {part:?}:\n{}",
            ran.text
        );
    }
}

/// Everything that exists and is the pipeline's must be in its state: what is
/// not would be an orphan.
#[track_caller]
fn expect_all_in_state(terraform: &Terraform, sandbox: &Sandbox) {
    let state = terraform.state_of(ADDRESS).expect("a state");
    let known = state["physical_ids"].to_string();
    let account = sandbox.account().expect("answers");
    for name in names(&account) {
        let (kind, id) = name
            .split_once(' ')
            .and_then(|(_, rest)| rest.split_once(' '))
            .expect("kind and name");
        if kind == "parameters" {
            continue;
        }
        // A pending subscription is known by its topic and address.
        let id = id.rsplit(' ').next().unwrap_or(id);
        assert!(
            known.contains(id),
            "{kind} {id} exists and the state should know it: {known}"
        );
    }
}

#[test]
fn a_create_that_failed_keeps_everything_and_is_continued_in_place_without_a_deletion() {
    let sandbox = sandbox();
    let settings = documents().with("alerts.emails", json!(["a@example.com"]));
    let terraform = configured(&sandbox, &settings);
    sandbox.weather([no_tables()]).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a create that failed is an error");
    expect_says(
        &ran,
        &[
            "dynamodb:CreateTable answered AccessDeniedException",
            "AuditTable (AWS::DynamoDB::Table)",
            "apply again",
        ],
    );
    expect_all_in_state(&terraform, &sandbox);
    let state = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(state["status"], "INCOMPLETE");
    let keys = state["key_arns"].clone();
    assert!(keys["data"].is_string(), "the keys were made: {keys}");

    sandbox.clear_weather().expect("cleared");
    let before = sandbox.last_sequence().expect("recorded");
    apply(&terraform);
    let mutations = sandbox.mutations_since(before).expect("recorded");
    assert_eq!(
        deletions(&mutations),
        Vec::<String>::new(),
        "going on deletes nothing"
    );
    let again: Vec<&Call> = mutations
        .iter()
        .filter(|call| {
            ["CreateKey", "CreateBucket", "CreateTopic", "CreateAlias"]
                .contains(&call.operation.as_str())
        })
        .collect();
    assert!(again.is_empty(), "what exists is not made again: {again:?}");
    let state = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(state["status"], "READY");
    assert_eq!(state["key_arns"], keys, "the keys are the same");
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn a_failed_create_whose_configuration_changes_converges_and_leaves_no_orphan() {
    let sandbox = sandbox();
    let mut settings = documents().with("alerts.emails", json!(["a@example.com", "b@example.com"]));
    let terraform = configured(&sandbox, &settings);
    sandbox.weather([no_tables()]).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a create that failed is an error");
    confirm(&sandbox, &["a@example.com", "b@example.com"]);
    // Still failing, and wanting something else: the first wish is not forgotten.
    settings.set("alerts.emails", json!(["b@example.com", "c@example.com"]));
    configure(&terraform, &settings);
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "it fails again");
    confirm(&sandbox, &["c@example.com"]);
    expect_all_in_state(&terraform, &sandbox);
    sandbox.clear_weather().expect("cleared");
    settings.set("alerts.emails", json!(["c@example.com"]));
    settings.set("encryption.rotation_period_days", 180);
    settings.set("storage.noncurrent_glacier_after_days", 45);
    configure(&terraform, &settings);
    apply(&terraform);
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn a_failed_create_is_removed_whole_by_destroy() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    sandbox.weather([no_tables()]).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a create that failed is an error");
    sandbox.clear_weather().expect("cleared");
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn rollback_leaves_an_empty_account_and_no_state() {
    let sandbox = sandbox();
    let settings = documents().with("on_create_failure", "rollback");
    let terraform = configured(&sandbox, &settings);
    sandbox.weather([no_tables()]).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a create that was rolled back is an error");
    expect_says(&ran, &["dynamodb:CreateTable"]);
    expect_empty_account(&sandbox);
    assert_eq!(
        terraform.state_of(ADDRESS).expect("a state"),
        Value::Null,
        "nothing exists, so nothing is in the state"
    );
    sandbox.clear_weather().expect("cleared");
    apply(&terraform);
    expect_exactly(&sandbox, &settings);
}

#[test]
fn resume_succeeds_with_a_warning_and_the_next_apply_finishes() {
    let sandbox = sandbox();
    let settings = documents().with("on_create_failure", "resume");
    let terraform = configured(&sandbox, &settings);
    sandbox.weather([no_tables()]).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 0, "resume is no error");
    expect_says(
        &ran,
        &[
            "Warning",
            "The pipeline is incomplete",
            "dynamodb:CreateTable",
        ],
    );
    let state = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(state["status"], "INCOMPLETE");
    assert_eq!(state["physical_ids"]["AuditTable"], Value::Null);
    sandbox.clear_weather().expect("cleared");
    let before = sandbox.last_sequence().expect("recorded");
    apply(&terraform);
    assert_eq!(
        deletions(&sandbox.mutations_since(before).expect("recorded")),
        Vec::<String>::new(),
        "going on deletes nothing"
    );
    assert_eq!(
        terraform.state_of(ADDRESS).expect("a state")["status"],
        "READY"
    );
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
}

#[test]
fn replace_of_a_ready_pipeline_replaces_it_really() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    apply(&terraform);
    let before = terraform.state_of(ADDRESS).expect("a state");
    let ran = terraform
        .apply(&[&format!("-replace={ADDRESS}")])
        .expect("runs");
    expect_code(&ran, 0, "apply -replace");
    let after = terraform.state_of(ADDRESS).expect("a state");
    for key in ["data", "environment", "logs"] {
        assert_ne!(
            before["key_arns"][key], after["key_arns"][key],
            "the {key} key is another one"
        );
    }
    assert_ne!(before["incarnation"], after["incarnation"]);
    expect_exactly(&sandbox, &documents());
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

/// Waits until so many calls that change something have been made.
#[track_caller]
fn wait_for_mutations(sandbox: &Sandbox, child: &mut Child, count: usize) {
    let began = Instant::now();
    while sandbox.mutations_since(0).expect("recorded").len() < count {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{count} mutating calls should have been made"
        );
        assert!(
            child.try_wait().expect("waited").is_none(),
            "the apply ended before its {count}th mutating call"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn interrupted_apply(how: fn(&Child) -> std::io::Result<()>) {
    let sandbox = sandbox();
    let settings = documents().with("alerts.emails", json!(["a@example.com"]));
    let terraform = configured(&sandbox, &settings);
    sandbox
        .weather([Rule::new(Action::LatencyMs(300)).mutating()])
        .expect("rules");
    let mut child = terraform
        .start_in_group(&["apply", "-input=false", "-no-color", "-auto-approve"])
        .expect("starts");
    wait_for_mutations(&sandbox, &mut child, 12);
    how(&child).expect("signalled");
    let interrupted = Instant::now();
    let ran = ended(child).expect("ends");
    expect_code(&ran, 1, "an interrupted apply");
    assert!(
        interrupted.elapsed() < Duration::from_secs(30),
        "an interrupted apply ends soon, not after {:?}",
        interrupted.elapsed()
    );
    expect_all_in_state(&terraform, &sandbox);
    let state = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(state["status"], "INCOMPLETE");
    sandbox.clear_weather().expect("cleared");
    let before = sandbox.last_sequence().expect("recorded");
    apply(&terraform);
    assert_eq!(
        deletions(&sandbox.mutations_since(before).expect("recorded")),
        Vec::<String>::new(),
        "going on deletes nothing"
    );
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn ctrl_c_in_a_terminal_in_mid_apply_keeps_everything_that_exists_and_the_next_apply_converges() {
    interrupted_apply(interrupt);
}

#[test]
fn sigint_to_terraform_alone_in_mid_apply_keeps_everything_that_exists_too() {
    interrupted_apply(interrupt_terraform_alone);
}

#[test]
fn ctrl_c_in_mid_update_and_in_mid_destroy_loses_nothing() {
    let sandbox = sandbox();
    let mut settings = documents().with("alerts.emails", json!(["a@example.com"]));
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    confirm(&sandbox, &["a@example.com"]);
    let latency = || [Rule::new(Action::LatencyMs(300)).mutating()];
    let run_and_interrupt = |arguments: &[&str], calls: usize| {
        sandbox.weather(latency()).expect("rules");
        let done = sandbox.mutations_since(0).expect("recorded").len();
        let mut child = terraform.start_in_group(arguments).expect("starts");
        wait_for_mutations(&sandbox, &mut child, done + calls);
        interrupt(&child).expect("signalled");
        let ran = ended(child).expect("ends");
        expect_code(&ran, 1, "what was interrupted");
        sandbox.clear_weather().expect("cleared");
        expect_all_in_state(&terraform, &sandbox);
    };
    settings.set("encryption.rotation_period_days", 180);
    settings.set("storage.noncurrent_glacier_after_days", 45);
    settings.set("tags", json!({ "team": "payments" }));
    settings.set("alerts.emails", json!(["b@example.com"]));
    configure(&terraform, &settings);
    run_and_interrupt(&["apply", "-input=false", "-no-color", "-auto-approve"], 4);
    apply(&terraform);
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    confirm(&sandbox, &["b@example.com"]);
    run_and_interrupt(
        &["destroy", "-input=false", "-no-color", "-auto-approve"],
        6,
    );
    expect_clean_destroy(&terraform, &sandbox);
}

/// Applies, changes and destroys under a weather and expects that none of it
/// shows.
fn converges_under(weather: fn() -> Vec<Rule>) {
    let sandbox = sandbox();
    let mut settings = documents().with("alerts.emails", json!(["a@example.com"]));
    let terraform = configured(&sandbox, &settings);
    sandbox.weather(weather()).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 0, "apply under the weather");
    let troubled = sandbox
        .calls()
        .expect("recorded")
        .iter()
        .filter(|call| !call.weather.is_empty())
        .count();
    assert!(troubled > 5, "the weather struck only {troubled} calls");
    sandbox.clear_weather().expect("cleared");
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);

    sandbox.weather(weather()).expect("rules");
    settings.set("encryption.rotation_period_days", 180);
    settings.set("tags", json!({ "team": "payments" }));
    configure(&terraform, &settings);
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 0, "update under the weather");
    sandbox.clear_weather().expect("cleared");
    expect_exactly(&sandbox, &settings);

    sandbox.weather(weather()).expect("rules");
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy under the weather");
    sandbox.clear_weather().expect("cleared");
    expect_empty_account(&sandbox);
}

#[test]
fn with_every_third_call_throttled_apply_update_and_destroy_converge() {
    // Reads and changes are counted apart. Counted together, three calls that
    // belong together would be refused at the same one for ever.
    converges_under(|| {
        let mut reads = Rule::new(Action::Throttle).every(3);
        reads.matching.mutating = Some(false);
        vec![reads, Rule::new(Action::Throttle).mutating().every(3)]
    });
}

#[test]
fn with_a_500_after_the_effect_of_every_fifth_change_nothing_is_made_twice() {
    converges_under(|| vec![Rule::new(Action::ErrorAfter(500)).mutating().every(5)]);
}

#[test]
fn with_a_503_before_and_connections_that_break_on_either_side_nothing_is_made_twice() {
    converges_under(|| {
        vec![
            Rule::new(Action::DropAfter).mutating().every(4),
            Rule::new(Action::DropBefore).every(7),
            Rule::new(Action::ErrorBefore(503)).every(11),
        ]
    });
}

#[test]
fn when_the_answer_of_every_creating_call_is_lost_once_each_thing_exists_once() {
    converges_under(|| {
        [
            "CreateKey",
            "CreateAlias",
            "CreateBucket",
            "CreateTable",
            "CreateTopic",
            "Subscribe",
            "PutParameter",
            "DeleteTable",
            "DeleteTopic",
            "DeleteBucket",
            "ScheduleKeyDeletion",
            "TagResource",
            "PutBucketPolicy",
        ]
        .map(|operation| Rule::new(Action::DropAfter).operation(operation).first(1))
        .to_vec()
    });
}

#[test]
fn a_destroy_that_could_not_delete_everything_keeps_the_remainder_and_the_next_finishes() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    apply(&terraform);
    sandbox
        .weather([Rule::new(Action::AccessDenied)
            .service("dynamodb")
            .operation("DeleteTable")])
        .expect("rules");
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 1, "a partial destroy is an error");
    expect_says(&ran, &["dynamodb:DeleteTable", "AuditTable"]);
    let state = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(state["status"], "INCOMPLETE");
    let left: BTreeSet<String> = state["resources"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(id, _)| id.clone())
        .collect();
    assert_eq!(
        left,
        BTreeSet::from(["AuditTable".to_owned(), "DataKey".to_owned()]),
        "the table, and the key that its data needs"
    );
    expect_all_in_state(&terraform, &sandbox);
    // A plan still works, and says what an apply would do.
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a plan after a partial destroy");
    let plan = terraform.shown_plan().expect("shown");
    assert_eq!(
        resource_change(&plan, ADDRESS)["actions"],
        json!(["update"])
    );
    sandbox.clear_weather().expect("cleared");
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn a_create_whose_time_is_up_keeps_what_exists_and_the_next_goes_on() {
    let sandbox = sandbox();
    let mut settings = documents().with("timeouts.create", "1s");
    let terraform = configured(&sandbox, &settings);
    sandbox
        .weather([Rule::new(Action::LatencyMs(250)).mutating()])
        .expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a create whose time is up");
    expect_says(&ran, &["The time allowed in timeouts is up"]);
    expect_all_in_state(&terraform, &sandbox);
    let account = sandbox.account().expect("answers");
    assert_ne!(account, json!({}), "what was made is kept");
    sandbox.clear_weather().expect("cleared");
    settings.set("timeouts.create", "10m");
    configure(&terraform, &settings);
    let before = sandbox.last_sequence().expect("recorded");
    apply(&terraform);
    assert_eq!(
        deletions(&sandbox.mutations_since(before).expect("recorded")),
        Vec::<String>::new(),
        "going on deletes nothing"
    );
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
}

#[test]
fn one_missing_permission_that_hits_many_resources_is_one_error_that_lists_them() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    sandbox
        .weather([Rule::new(Action::AccessDenied)
            .service("kms")
            .operation("CreateKey")])
        .expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "no key can be made");
    expect_says(
        &ran,
        &["kms:CreateKey", "DataKey", "EnvironmentKey", "LogsKey"],
    );
    assert_eq!(
        ran.text.matches("Error: ").count(),
        1,
        "one cause is one error:\n{}",
        ran.text
    );
    sandbox.clear_weather().expect("cleared");
    expect_clean_destroy(&terraform, &sandbox);
}
