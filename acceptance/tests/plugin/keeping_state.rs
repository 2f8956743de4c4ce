//! Nothing that goes wrong may lose what is known of an object.

use serde_json::{Value, json};

use crate::harness::{Workspace, provider, text, words};

fn panicker(panics_in: &str, value: &str) -> String {
    format!(
        "resource \"test_panicker\" \"it\" {{\n  panics_in = {panics_in:?}\n  value = {value:?}\n}}"
    )
}

#[test]
fn a_panic_in_each_call_is_a_diagnostic_and_terraform_keeps_the_state() {
    let workspace = Workspace::new(&panicker("create", "one"));
    let output = workspace.apply();
    let said = words(&output);
    assert!(said.contains("The provider panicked"), "{said}");
    assert!(said.contains("While creating test_panicker"), "{said}");
    assert!(said.contains("told to panic in create"), "{said}");
    assert!(
        said.contains("misbehaving.rs:"),
        "the place is named: {said}"
    );
    assert!(
        said.contains("About to panic"),
        "warnings before it survive: {said}"
    );
    assert!(
        !said.contains("plugin crashed") && !said.contains("Plugin did not respond"),
        "{said}"
    );
    let instance = workspace.instance();
    assert_eq!(instance["status"], "tainted");
    assert_eq!(instance["attributes"]["value"], "one");
    assert_eq!(
        instance["attributes"]["id"],
        Value::Null,
        "what is unknown becomes null"
    );

    workspace.write(&panicker("never", "two"));
    workspace.applied();
    let before = workspace.instance();
    let unharmed = |call: &str| {
        let instance = workspace.instance();
        for part in ["attributes", "private"] {
            assert_eq!(
                instance[part], before[part],
                "{part} after a panic in {call}"
            );
        }
    };
    for call in ["validate", "plan", "update"] {
        workspace.write(&panicker(call, "three"));
        let output = workspace.apply();
        let said = words(&output);
        assert!(!output.status.success(), "{call}");
        assert!(said.contains(&format!("told to panic in {call}")), "{said}");
        unharmed(call);
    }
}

#[test]
fn a_panic_in_read_and_in_destroy_keeps_the_object() {
    for call in ["read", "destroy", "destroy quietly"] {
        let workspace = Workspace::new(&panicker(call, "one"));
        workspace.applied();
        let before = workspace.instance();
        let output = workspace.destroy();
        assert!(!output.status.success(), "{call}");
        let said = words(&output);
        let expected = match call {
            "destroy quietly" => "The provider gave no result",
            _ => "The provider panicked",
        };
        assert!(said.contains(expected), "{said}");
        let after = workspace.instance();
        assert_eq!(after["attributes"], before["attributes"], "{call}");
        assert_eq!(after["private"], before["private"], "{call}");
        assert_eq!(after["status"], before["status"], "{call}");
    }
}

#[test]
fn a_partial_destroy_keeps_the_remainder_in_state() {
    let workspace = Workspace::new(r#"resource "test_parts" "it" { parts = ["a", "b", "c"] }"#);
    workspace.applied();
    for left in [json!(["b", "c"]), json!(["c"])] {
        let output = workspace.destroy();
        assert!(!output.status.success());
        let said = words(&output);
        assert!(said.contains("Not everything could be destroyed"), "{said}");
        assert!(
            !said.contains("invalid result object"),
            "Terraform does not complain: {said}"
        );
        assert_eq!(workspace.instance()["attributes"]["existing"], left);
    }
    workspace.destroyed();
}

#[test]
fn a_failed_destroy_half_of_a_replacement_keeps_the_old_private_state() {
    let configuration = |generation: u32| {
        format!(
            "resource \"test_replaced\" \"it\" {{\n  generation = {generation}\n  keeps = true\n}}"
        )
    };
    let workspace = Workspace::new(&configuration(1));
    workspace.applied();
    let before = workspace.instance();
    workspace.write(&configuration(2));
    let output = workspace.apply();
    let said = words(&output);
    assert!(said.contains("must be replaced"), "{said}");
    // The trap: the destroy is given the private state of the plan to create.
    assert!(
        said.contains("the private state says: planned to create"),
        "{said}"
    );
    let after = workspace.instance();
    assert_eq!(after["attributes"], before["attributes"]);
    assert_eq!(after["private"], before["private"]);
}

#[tokio::test]
async fn our_own_client_sees_the_same_of_a_panic_as_terraform() {
    let provider = provider().await;
    let mut resource = provider.resource("test_panicker");
    let config = |call: &str| json!({"panics_in": call, "value": "one"});
    let said = resource
        .converge(&provider, config("create"))
        .await
        .expect("an answer");
    let errors = said.errors();
    assert_eq!(errors.len(), 1, "{said}");
    assert_eq!(errors[0].summary, "The provider panicked");
    assert!(resource.tainted);
    assert_eq!(resource.state["value"], "one");

    let said = resource
        .converge(&provider, config("no"))
        .await
        .expect("an answer");
    assert!(!said.has_errors(), "{said}");
    assert!(!resource.tainted);
    let before = (resource.state.clone(), resource.private.clone());
    let said = resource
        .converge(&provider, config("update"))
        .await
        .expect("an answer");
    assert!(said.has_errors());
    assert_eq!((resource.state.clone(), resource.private.clone()), before);

    let plan = resource.plan(&provider, config("plan")).await;
    let refused = plan.expect_err("a plan that panics").to_string();
    assert!(refused.contains("told to panic in plan"), "{refused}");
    let log = provider.log().join("\n");
    assert!(
        log.contains("panic: told to panic"),
        "the log has it too: {log}"
    );
}

#[test]
fn a_result_without_reason_is_an_error_and_not_a_success() {
    let workspace = Workspace::new(&panicker("destroy quietly", "one"));
    workspace.applied();
    let output = workspace.destroy();
    assert!(!output.status.success(), "{}", text(&output));
    assert!(
        words(&output).contains("did not say why"),
        "{}",
        text(&output)
    );
    workspace.instance();
}

#[test]
fn a_panic_while_describing_a_resource_is_a_diagnostic() {
    let mut workspace = Workspace::new("");
    workspace.set("TESTPROVIDER_SCHEMA", "panic");
    workspace.write("data \"test_echo\" \"it\" {\n  say = \"a\"\n}");
    let output = workspace.apply();
    assert!(!output.status.success());
    let said = words(&output);
    assert!(said.contains("The provider gave no schema"), "{said}");
    assert!(said.contains("test_versioned"), "{said}");
}
