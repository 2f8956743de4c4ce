//! The whole life of each resource in the hands of the real Terraform.

use serde_json::{Value, json};

use crate::harness::{Workspace, text, words};

const NESTED: &str = r#"
resource "test_nested" "it" {
  single = {
    set_by_user = "s"
    deep        = { set_by_user = "sd" }
    deep_list   = [{ set_by_user = "sl0" }, { either = 5 }]
    deep_map    = { a = { set_by_user = "sm" } }
  }
  list = [{ set_by_user = "l0", either = "mine" }, { deep = {} }]
  map  = { one = { set_by_user = "m" }, two = {} }
  set  = [{ set_by_user = "x" }, { set_by_user = "y", either = 3 }]
}
"#;

#[test]
fn nested_attributes_with_optional_and_computed_children_work_at_every_depth() {
    let workspace = Workspace::new(NESTED);
    workspace.applied();
    let attributes = workspace.instance()["attributes"].clone();
    let single = &attributes["single"];
    assert_eq!(single["computed"], "outer of s");
    assert_eq!(single["deep"]["computed"], "inner of sd");
    assert_eq!(single["deep_list"][0]["either"], 7);
    assert_eq!(single["deep_list"][1]["either"], 5);
    assert_eq!(single["deep_map"]["a"]["computed"], "inner of sm");
    assert_eq!(attributes["list"][0]["either"], "mine");
    assert_eq!(attributes["list"][1]["deep"]["computed"], "inner of ");
    assert_eq!(attributes["map"]["two"]["either"], "chosen");
    assert_eq!(attributes["set"].as_array().map(Vec::len), Some(2));
    assert_eq!(attributes["defaults"]["either"], 7);
    assert!(workspace.plan_is_empty(), "the second plan is empty");

    // Elements come and go, a computed value is set and a set one is dropped.
    workspace.write(
        r#"
resource "test_nested" "it" {
  single = { set_by_user = "s", either = "now mine", deep_list = [{ set_by_user = "sl0" }] }
  list   = [{ set_by_user = "l0", either = "mine" }]
  map    = { three = { deep_map = { k = { set_by_user = "deep" } } } }
  set    = [{ set_by_user = "y", either = 3 }, { set_by_user = "z" }]
  defaults = { set_by_user = "mine" }
}
"#,
    );
    workspace.applied();
    let attributes = workspace.instance()["attributes"].clone();
    assert_eq!(attributes["single"]["deep"], Value::Null);
    assert_eq!(attributes["single"]["either"], "now mine");
    let deep = &attributes["map"]["three"]["deep_map"]["k"];
    assert_eq!(deep["computed"], "inner of deep");
    assert_eq!(attributes["defaults"]["set_by_user"], "mine");
    assert!(
        workspace.plan_is_empty(),
        "the plan after the change is empty"
    );

    workspace.write(r#"resource "test_nested" "it" {}"#);
    workspace.applied();
    assert!(
        workspace.plan_is_empty(),
        "the plan after removing everything is empty"
    );
    workspace.destroyed();
}

#[test]
fn a_state_of_20_mb_applies_plans_changes_and_destroys() {
    let configuration = |tag: &str| {
        format!("resource \"test_big\" \"it\" {{\n  megabytes = 20\n  tag = {tag:?}\n}}")
    };
    let workspace = Workspace::new(&configuration("a"));
    workspace.applied();
    let size = std::fs::metadata(workspace.path("terraform.tfstate")).map(|file| file.len());
    assert!(
        size.is_ok_and(|size| size > 20 << 20),
        "the state is that large"
    );
    assert!(workspace.plan_is_empty());
    workspace.write(&configuration("b"));
    workspace.applied();
    assert_eq!(workspace.instance()["attributes"]["tag"], "b");
    workspace.destroyed();
}

#[test]
fn a_state_of_an_older_schema_version_is_upgraded() {
    let mut workspace = Workspace::new("");
    workspace.set("TESTPROVIDER_SCHEMA", "1");
    workspace.write("resource \"test_versioned\" \"it\" {\n  label = \"n\"\n  size = 1.5\n}");
    workspace.applied();
    assert_eq!(workspace.instance()["schema_version"], 1);

    workspace.set("TESTPROVIDER_SCHEMA", "2");
    workspace.write("resource \"test_versioned\" \"it\" {\n  name = \"n\"\n  size = 1.5\n}");
    assert!(workspace.plan_is_empty(), "an upgrade alone is no change");
    workspace.applied();
    let refreshed = workspace.run(&["apply", "-refresh-only", "-auto-approve", "-no-color"]);
    assert!(refreshed.status.success(), "{}", text(&refreshed));
    let instance = workspace.instance();
    assert_eq!(instance["schema_version"], 2);
    let expected = json!({"name": "n", "size": 1.5, "origin": "upgraded"});
    assert_eq!(instance["attributes"], expected);
    workspace.destroyed();
}

#[test]
fn a_state_with_attributes_the_schema_no_longer_has_is_read() {
    let workspace = Workspace::new("resource \"test_versioned\" \"it\" {\n  name = \"n\"\n}");
    workspace.applied();
    let path = workspace.path("terraform.tfstate");
    let state = std::fs::read_to_string(&path).expect("a state");
    let state = state.replacen("\"name\":", "\"gone\": [1, {\"a\": null}],\n\"name\":", 1);
    std::fs::write(&path, state).expect("the state is written");
    assert!(workspace.plan_is_empty());
    workspace.destroyed();
}

#[test]
fn an_import_is_followed_by_an_empty_plan() {
    let workspace = Workspace::new("resource \"test_versioned\" \"it\" {\n  name = \"given\"\n}");
    let output = workspace.run(&["import", "-no-color", "test_versioned.it", "given"]);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(workspace.instance()["attributes"]["origin"], "imported");
    assert!(workspace.plan_is_empty());
    let output = workspace.run(&["import", "-no-color", "test_nested.no", "x"]);
    assert!(!output.status.success());
}

#[test]
fn a_moved_block_brings_an_object_of_another_type() {
    let workspace =
        Workspace::new("resource \"test_sleeper\" \"old\" {\n  name = \"n\"\n  seconds = 0\n}");
    workspace.applied();
    workspace.write(
        "resource \"test_versioned\" \"new\" {\n  name = \"n\"\n}\n\
         moved {\n  from = test_sleeper.old\n  to = test_versioned.new\n}",
    );
    workspace.applied();
    assert_eq!(workspace.instance()["attributes"]["origin"], "test_sleeper");
    // The sleeper itself cannot become something else, and says so.
    workspace.write(
        "resource \"test_sleeper\" \"back\" {\n  name = \"n\"\n  seconds = 0\n}\n\
         moved {\n  from = test_versioned.new\n  to = test_sleeper.back\n}",
    );
    let output = workspace.apply();
    assert!(
        words(&output).contains("Resource cannot be moved"),
        "{}",
        text(&output)
    );
}

#[test]
fn an_error_points_at_its_attribute() {
    let workspace =
        Workspace::new("resource \"test_sleeper\" \"it\" {\n  name = \"n\"\n  seconds = -1\n}");
    let output = workspace.run(&["validate", "-no-color"]);
    let said = words(&output);
    assert!(said.contains("Time does not run backwards"), "{said}");
    assert!(
        said.contains("seconds = -1"),
        "Terraform shows the line: {said}"
    );
}

#[test]
fn a_backtrace_does_not_get_into_a_users_error() {
    let mut workspace = Workspace::new(r#"resource "test_replaced" "it" { generation = 1 }"#);
    workspace.set("RUST_BACKTRACE", "1");
    let output = workspace.run(&["import", "-no-color", "test_replaced.it", "x"]);
    let said = text(&output);
    assert!(said.contains("A toy cannot be imported"), "{said}");
    assert!(
        !said.contains("async_trait") && said.lines().count() < 20,
        "{said}"
    );
}

#[test]
fn a_data_source_a_function_and_an_ephemeral_resource_work() {
    let workspace = Workspace::new(
        r#"
data "test_echo" "it" {
  say = provider::test::shout("a", 3)
}
ephemeral "test_token" "it" {
  length = 4
}
resource "test_secret" "it" {
  name   = "n"
  secret = ephemeral.test_token.it.token
}
output "heard" {
  value = data.test_echo.it.heard
}
"#,
    );
    workspace.applied();
    let output = workspace.run(&["output", "-raw", "heard"]);
    assert_eq!(text(&output), "A!!!");
    workspace.write(r#"output "no" { value = provider::test::shout("a", -1) }"#);
    let output = workspace.apply();
    let said = words(&output);
    assert!(said.contains("Cannot be negative"), "{said}");
    assert!(said.contains("\"times\""), "the argument is named: {said}");
}

#[test]
fn a_write_only_value_is_in_no_plan_and_no_state() {
    let workspace = Workspace::new(
        r#"
resource "test_secret" "it" {
  name     = "n"
  secret   = "hunter2"
  accounts = [{ user = "u", password = "hunter3" }]
}
"#,
    );
    let planned = workspace.run(&["plan", "-no-color", "-out=plan"]);
    assert!(planned.status.success(), "{}", text(&planned));
    let shown = text(&workspace.run(&["show", "-json", "plan"]));
    workspace.applied();
    let attributes = workspace.instance()["attributes"].clone();
    assert_eq!(attributes["secret"], Value::Null);
    assert_eq!(
        attributes["accounts"][0],
        json!({"user": "u", "password": null})
    );
    let state = attributes.to_string();
    let planned: Value = serde_json::from_str(&shown).expect("the plan is JSON");
    for text in [
        planned["planned_values"].to_string(),
        planned["resource_changes"].to_string(),
        state,
    ] {
        assert!(
            !text.contains("hunter") && !text.contains("careless"),
            "{text}"
        );
    }
    assert!(workspace.plan_is_empty());
}

#[test]
fn a_number_that_no_float_is_equal_to_is_kept_as_it_was_written() {
    let configuration = |size: &str| {
        format!("resource \"test_versioned\" \"it\" {{\n  name = \"n\"\n  size = {size}\n}}")
    };
    let workspace = Workspace::new(&configuration("0.1"));
    for size in ["0.1", "2.5", "3", "0.30000000000000004", "-17.3"] {
        workspace.write(&configuration(size));
        workspace.applied();
        let stored = workspace.instance()["attributes"]["size"].to_string();
        assert_eq!(stored, size);
        let refresh = ["plan", "-refresh-only", "-detailed-exitcode", "-no-color"];
        let output = workspace.run(&refresh);
        assert_eq!(
            output.status.code(),
            Some(0),
            "no drift at {size}: {}",
            text(&output)
        );
        assert!(workspace.plan_is_empty());
    }
    workspace.destroyed();
}
