//! What AWS does that no emulator does by itself, all at once: roles that
//! cannot be assumed yet, functions that take their time, interfaces that hold
//! subnets, services that have not heard of each other
//! (section 9 of the design). Each must have struck, and none may show.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::Sandbox;
use common::{apply, expect_clean_destroy, expect_empty_plan, pipeline, terraform};
use std::collections::BTreeSet;
use std::time::Duration;

/// The named weathers that a pipeline's calls can meet, and how many calls
/// each strikes.
const NAMED: [(&str, u64); 11] = [
    ("api-conflict", 1),
    ("bucket-conflict", 2),
    ("bucket-policy-principal", 2),
    ("key-policy-principal", 2),
    ("log-key-unknown", 2),
    ("role-without-interfaces", 2),
    ("role-without-queue", 4),
    ("secret-in-deletion", 2),
    ("stage-unknown", 1),
    ("topic-policy-principal", 2),
    ("waf-unavailable", 2),
];

/// Each of these has refused a call since then.
#[track_caller]
fn expect_struck(sandbox: &Sandbox, since: u64, names: &[&str]) {
    let calls = sandbox.calls_since(since).expect("recorded");
    let struck: BTreeSet<&str> = calls
        .iter()
        .flat_map(|call| call.weather.iter().map(String::as_str))
        .collect();
    for name in names {
        assert!(struck.contains(name), "{name} struck nothing: {struck:?}");
    }
}

#[test]
fn under_every_weather_of_aws_an_apply_ends_ready_and_a_destroy_leaves_nothing() {
    let sandbox = common::sandbox();
    for (what, milliseconds) in [
        ("roles", 15_000),
        ("functions", 1500),
        ("tables", 1000),
        ("interfaces", 20_000),
    ] {
        sandbox
            .settle(what, Duration::from_millis(milliseconds))
            .expect("settles");
    }
    for (name, first) in NAMED {
        sandbox.named_weather(name, first).expect("weather");
    }
    let terraform = terraform(&sandbox, &pipeline(""));
    apply(&terraform);
    expect_struck(&sandbox, 0, &NAMED.map(|(name, _)| name));
    let calls = sandbox.calls().expect("recorded");
    let refused_role = calls.iter().any(|call| {
        call.operation == "CreateFunction" && call.shims.iter().any(|shim| shim == "iam_new_roles")
    });
    assert!(refused_role, "a role was too new for a function");
    expect_empty_plan(&terraform);

    // Code, configuration, concurrency and tags of functions that are busy
    // after each change.
    let since = sandbox.last_sequence().expect("recorded");
    sandbox.named_weather("function-busy", 2).expect("weather");
    let changed = "  functions = { architecture = \"x86_64\", memory_mb = 768 }\n  access = { trusted_account_ids = [\"210987654321\"], external_id = \"b8f3d1c2-audit\" }\n  tags = { team = \"payments\" }";
    terraform.configure(&pipeline(changed)).expect("written");
    apply(&terraform);
    expect_struck(&sandbox, since, &["function-busy"]);
    expect_empty_plan(&terraform);

    // Functions are detached before they are deleted, and what holds the
    // subnets is waited for and said.
    let since = sandbox.last_sequence().expect("recorded");
    expect_clean_destroy(&terraform, &sandbox);
    let destroyed = sandbox.mutations_since(since).expect("recorded");
    let position = |operation: &str| {
        let found = destroyed
            .iter()
            .position(|call| call.operation == operation);
        found.unwrap_or_else(|| panic!("no {operation} in the destroy"))
    };
    // Each by itself, and with its change done: a function that is in the VPC
    // yet would keep its interfaces.
    for call in destroyed
        .iter()
        .filter(|call| call.operation == "DeleteFunction")
    {
        let left = destroyed.iter().position(|other| {
            other.operation == "UpdateFunctionConfiguration"
                && other.resource == call.resource
                && other.status == Some(200)
        });
        let deleted = destroyed
            .iter()
            .position(|other| other.sequence == call.sequence);
        assert!(left.is_some() && left < deleted, "{call:?}");
    }
    let last = |operation: &str| {
        let found = destroyed
            .iter()
            .rposition(|call| call.operation == operation);
        found.unwrap_or_else(|| panic!("no {operation} in the destroy"))
    };
    assert!(last("DeleteFunction") < position("DeleteSubnet"));
    let journal = terraform
        .dir()
        .join(".terraform/tap/documents-dev@us-east-1.jsonl");
    let journal = std::fs::read_to_string(&journal).expect("a journal");
    let waited = journal
        .lines()
        .any(|line| line.contains("\"waited\"") && line.contains("interface"));
    assert!(waited, "the journal says what was waited for");
}
