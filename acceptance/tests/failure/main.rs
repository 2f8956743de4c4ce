//! What happens when AWS, the network or the user gets in the way. One
//! pipeline's life holds several of these, since an apply is what takes time.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
#[path = "../common/mod.rs"]
mod common;
#[path = "../live/mod.rs"]
mod live;
#[path = "../matrix/mod.rs"]
mod matrix;

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
use std::time::Duration;

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
fn expect_all_in_state(terraform: &Terraform, sandbox: &Sandbox, settings: &Settings) {
    let state = terraform.state_of(ADDRESS).expect("a state");
    let ids = &state["physical_ids"];
    // API Gateway's things are listed by name, and known by id.
    let template = live::template(&settings.spec(), live::REGION);
    let named: BTreeSet<&str> = template["Resources"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(id, _)| ids[id.as_str()].is_string())
        .flat_map(|(_, resource)| {
            ["Name", "UsagePlanName"].map(|name| &resource["Properties"][name])
        })
        .filter_map(Value::as_str)
        .collect();
    let known = ids.to_string();
    let account = common::account(sandbox);
    for name in names(&account) {
        let (kind, id) = name
            .split_once(' ')
            .and_then(|(_, rest)| rest.split_once(' '))
            .expect("kind and name");
        // The manifest's parameters are no resources, and the interfaces of
        // functions are Lambda's.
        if ["parameters", "network_interfaces"].contains(&kind) {
            continue;
        }
        // A pending subscription is known by its topic and address.
        let id = id.rsplit(' ').next().unwrap_or(id);
        assert!(
            known.contains(id) || named.contains(id),
            "{kind} {id} exists and the state should know it: {known}"
        );
    }
}

#[test]
fn a_create_that_failed_keeps_everything_is_continued_in_place_and_replaced_only_when_ready() {
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
            "run the same command again",
        ],
    );
    expect_all_in_state(&terraform, &sandbox, &settings);
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

    // What is ready is really replaced.
    let ran = terraform
        .apply(&[&format!("-replace={ADDRESS}")])
        .expect("runs");
    expect_code(&ran, 0, "apply -replace");
    let after = terraform.state_of(ADDRESS).expect("a state");
    for key in ["data", "environment", "logs"] {
        assert_ne!(
            keys[key], after["key_arns"][key],
            "the {key} key is another one"
        );
    }
    assert_ne!(state["incarnation"], after["incarnation"]);
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
    expect_all_in_state(&terraform, &sandbox, &settings);
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
fn rollback_leaves_an_empty_account_and_resume_what_the_next_apply_finishes() {
    let sandbox = sandbox();
    let mut settings = documents().with("on_create_failure", "rollback");
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

    // What one has kept, one that resumes goes on with, and it may fail again.
    settings.set("on_create_failure", "keep");
    configure(&terraform, &settings);
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a create that failed is an error");

    settings.set("on_create_failure", "resume");
    configure(&terraform, &settings);
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

/// Starts Terraform, interrupts it when it has changed so many things, and
/// waits for its end.
#[track_caller]
fn interrupted(
    (terraform, sandbox): (&Terraform, &Sandbox),
    command: &str,
    after: usize,
    how: fn(&Child) -> std::io::Result<()>,
) -> Interrupted {
    let since = sandbox.last_sequence().expect("recorded");
    let changes = |since| sandbox.mutations_since(since).expect("recorded").len();
    let mut child = terraform
        .start_in_group(&[command, "-input=false", "-no-color", "-auto-approve"])
        .expect("starts");
    while changes(since) < after {
        assert!(
            child.try_wait().expect("waited").is_none(),
            "{command} ended before its {after}th change"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let signalled = sandbox.last_sequence().expect("recorded");
    how(&child).expect("signalled");
    let ran = ended(child).expect("ends");
    expect_code(&ran, 1, &format!("{command} that was interrupted"));
    Interrupted {
        late: changes(signalled),
        end: sandbox.last_sequence().expect("recorded"),
    }
}

/// How an interrupted command ended.
struct Interrupted {
    /// The changes that were begun after the signal.
    late: usize,
    end: u64,
}

#[test]
fn an_apply_an_update_and_a_destroy_that_are_interrupted_lose_nothing_and_are_gone_on_with() {
    let sandbox = sandbox();
    let mut settings = documents().with("alerts.emails", json!(["a@example.com"]));
    let terraform = configured(&sandbox, &settings);
    let both = (&terraform, &*sandbox);
    let slowly = || {
        let latency = Rule::new(Action::LatencyMs(300)).mutating();
        sandbox.weather([latency]).expect("rules");
    };

    // A signal to Terraform alone, and once more in mid-apply by Ctrl-C in a
    // terminal, which the provider gets too.
    slowly();
    let first = interrupted(both, "apply", 60, interrupt_terraform_alone);
    expect_all_in_state(&terraform, &sandbox, &settings);
    let second = interrupted(both, "apply", 40, interrupt);
    expect_all_in_state(&terraform, &sandbox, &settings);
    let state = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(state["status"], "INCOMPLETE");
    sandbox.clear_weather().expect("cleared");
    apply(&terraform);
    let went_on = sandbox.mutations_since(first.end).expect("recorded");
    assert_eq!(
        deletions(&went_on),
        Vec::<String>::new(),
        "going on deletes nothing"
    );
    // It ends soon: what is under way is finished, and hardly anything begun.
    let rest = sandbox.mutations_since(second.end).expect("recorded");
    for late in [first.late, second.late] {
        assert!(
            late * 2 < rest.len(),
            "{late} changes were begun after the signal, where {} were left to do",
            rest.len()
        );
    }
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);

    confirm(&sandbox, &["a@example.com"]);
    settings.set("encryption.rotation_period_days", 180);
    settings.set("storage.noncurrent_glacier_after_days", 45);
    settings.set("tags", json!({ "team": "payments" }));
    settings.set("alerts.emails", json!(["b@example.com"]));
    configure(&terraform, &settings);
    slowly();
    interrupted(both, "apply", 4, interrupt);
    expect_all_in_state(&terraform, &sandbox, &settings);
    sandbox.clear_weather().expect("cleared");
    apply(&terraform);
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);

    confirm(&sandbox, &["b@example.com"]);
    slowly();
    interrupted(both, "destroy", 6, interrupt);
    sandbox.clear_weather().expect("cleared");
    expect_all_in_state(&terraform, &sandbox, &settings);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn a_create_whose_time_is_up_and_a_destroy_that_could_not_delete_everything_are_gone_on_with() {
    let sandbox = sandbox();
    let mut settings = documents().with("timeouts.create", "10s");
    let terraform = configured(&sandbox, &settings);
    // The longest chain is of thirty calls.
    sandbox
        .weather([Rule::new(Action::LatencyMs(600)).mutating()])
        .expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a create whose time is up");
    expect_says(&ran, &["The time allowed in timeouts is up"]);
    expect_all_in_state(&terraform, &sandbox, &settings);
    assert_ne!(
        common::account(&sandbox),
        json!({}),
        "what was made is kept"
    );
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
    expect_all_in_state(&terraform, &sandbox, &settings);
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
fn one_missing_permission_is_one_error_that_lists_its_resources_and_what_failed_is_removed_whole() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    let denied = |service, operation| {
        let denied = Rule::new(Action::AccessDenied).service(service);
        denied.operation(operation)
    };
    sandbox
        .weather([
            denied("kms", "CreateKey"),
            denied("ec2", "CreateVpcEndpoint"),
        ])
        .expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "no key and no endpoint can be made");
    let template = live::template(&documents().spec(), live::REGION);
    let resources = template["Resources"].as_object().into_iter().flatten();
    let of_type = resources.filter(|(_, one)| one["Type"] == "AWS::EC2::VPCEndpoint");
    let endpoints: Vec<&str> = of_type.map(|(id, _)| id.as_str()).collect();
    assert_eq!(endpoints.len(), 14, "{endpoints:?}");
    // From one error to the next.
    let errors: Vec<&str> = ran.text.split("Error: ").skip(1).collect();
    assert_eq!(errors.len(), 2, "two causes are two errors:\n{}", ran.text);
    let keys = ["DataKey", "EnvironmentKey", "LogsKey"];
    for (call, ids) in [
        ("kms:CreateKey", keys.as_slice()),
        ("ec2:CreateVpcEndpoint", &endpoints),
    ] {
        let error = errors.iter().find(|error| error.contains(call));
        let error = error.expect(call);
        for id in ids {
            assert!(error.contains(id), "{call} should list {id}:\n{error}");
        }
    }
    // Further than that, so that there is more to remove.
    sandbox.clear_weather().expect("cleared");
    sandbox.weather([no_tables()]).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "no table can be made");
    sandbox.clear_weather().expect("cleared");
    expect_clean_destroy(&terraform, &sandbox);
}

/// A function and an endpoint that AWS takes and then cannot make take no
/// changes: they are made again, and until then they are in nobody's way.
#[test]
fn what_aws_could_not_make_is_made_again_and_can_be_destroyed() {
    let sandbox = sandbox();
    let settings = documents();
    let terraform = configured(&sandbox, &settings);
    let fails = || {
        for what in ["functions", "endpoints"] {
            sandbox.fail_next(what, 1).expect("told");
        }
        let ran = terraform.apply(&[]).expect("runs");
        expect_code(&ran, 1, "an apply of what AWS cannot make");
        let why = "The subnet has no addresses left.";
        let unusable = format!("is not usable: {why} (SubnetOutOfIPAddresses)");
        expect_says(&ran, &[&unusable, &format!("is failed: {why}")]);
        expect_all_in_state(&terraform, &sandbox, &settings);
    };
    fails();
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 0, "the next apply");
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);

    common::renew(&sandbox);
    fails();
    expect_clean_destroy(&terraform, &sandbox);
}
