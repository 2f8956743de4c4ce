//! What AWS does that no emulator does by itself, all at once: roles that
//! cannot be assumed yet, functions that take their time, interfaces that hold
//! subnets, services that have not heard of each other
//! (section 9 of the design). Each must have struck, and none may show.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::{Call, Sandbox};
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
    // What the account has once is made too: its roles are as new as others.
    let sandbox = common::bare();
    for (what, milliseconds) in [
        ("roles", 15_000),
        ("functions", 1500),
        ("tables", 1000),
        ("interfaces", 100_000),
    ] {
        sandbox
            .settle(what, Duration::from_millis(milliseconds))
            .expect("settles");
    }
    for (name, first) in NAMED {
        sandbox.named_weather(name, first).expect("weather");
    }
    let once = "  compliance = { recorder = \"managed\" }\n  monitoring = { api_calls = \"managed\" }\n  threats = { detector = \"managed\" }\n  api = { logging_role = \"managed\" }\n";
    let with = |more: &str| pipeline(&format!("{once}{more}"));
    let terraform = terraform(&sandbox, &with(""));
    apply(&terraform);
    expect_struck(&sandbox, 0, &NAMED.map(|(name, _)| name));
    let calls = sandbox.calls().expect("recorded");
    for operation in ["CreateFunction", "UpdateAccount", "CreateRole"] {
        let is_refused = |call: &Call| {
            call.operation == operation && call.shims.iter().any(|shim| shim == "iam_new_roles")
        };
        assert!(
            calls.iter().any(is_refused),
            "no role was too new for {operation}"
        );
    }
    expect_empty_plan(&terraform);

    // Code, configuration, concurrency and tags of functions that are busy
    // after each change.
    let since = sandbox.last_sequence().expect("recorded");
    sandbox.named_weather("function-busy", 2).expect("weather");
    let changed = "  functions = { architecture = \"x86_64\", memory_mb = 768 }\n  access = { trusted_account_ids = [\"210987654321\"], external_id = \"b8f3d1c2-audit\" }\n  tags = { team = \"payments\" }";
    terraform.configure(&with(changed)).expect("written");
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
    for reason in [
        "leaves the VPC",
        "waits for network interfaces that AWS gives back",
    ] {
        let mut waits = journal.lines().filter(|line| line.contains("\"waited\""));
        let is_said = waits.any(|line| line.contains(reason));
        assert!(is_said, "the journal says what was waited for: {reason}");
    }
}
