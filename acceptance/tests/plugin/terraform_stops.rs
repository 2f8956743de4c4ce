//! Terraform is interrupted, or dies.

use crate::harness::{Workspace, is_alive, lines, signal, text, wait_for, words};

fn sleeper(workspace: &Workspace, seconds: u32) -> String {
    let diary = workspace.path("diary");
    format!(
        "resource \"test_sleeper\" \"it\" {{\n  name = \"n\"\n  seconds = {seconds}\n  \
         diary = {diary:?}\n}}"
    )
}

/// Starts an apply and waits until the provider is in the middle of its create.
fn creating(workspace: &Workspace) -> (std::process::Child, u32) {
    workspace.write(&sleeper(workspace, 60));
    let child = workspace.spawn(&["apply", "-no-color", "-input=false", "-auto-approve"]);
    wait_for("the create to begin", || {
        lines(&workspace.path("diary")).first().cloned()
    });
    let terraform = child.id();
    let provider = wait_for("the provider's process", || provider_of(terraform));
    (child, provider)
}

/// The child of Terraform that is our provider.
fn provider_of(terraform: u32) -> Option<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{terraform}/task")).ok()?;
    let children = tasks.flatten().flat_map(|task| {
        let children = std::fs::read_to_string(task.path().join("children"));
        let children = children.unwrap_or_default();
        children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect::<Vec<u32>>()
    });
    let mut ours = children.filter(|pid| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains("terraform-provider-test")
    });
    ours.next()
}

#[test]
fn ctrl_c_in_mid_create_keeps_everything_that_exists() {
    let workspace = Workspace::new("");
    let (child, provider) = creating(&workspace);
    // The terminal sends it to the whole group, the provider included.
    signal("INT", -i64::from(child.id()));
    let output = child.wait_with_output().expect("Terraform ends");
    let said = words(&output);
    assert!(!output.status.success());
    assert!(said.contains("The sleeper was woken up"), "{said}");
    assert!(!said.contains("Plugin did not respond"), "{said}");
    let instance = workspace.instance();
    assert_eq!(instance["attributes"]["id"], "id-of-n");
    assert_eq!(instance["status"], "tainted");
    assert_eq!(lines(&workspace.path("diary")), ["began", "cancelled"]);
    wait_for("the provider to end", || {
        (!is_alive(provider)).then_some(())
    });
    workspace.destroyed();
}

#[test]
fn terraform_stopping_alone_reaches_the_create_as_well() {
    let workspace = Workspace::new("");
    let (child, _) = creating(&workspace);
    signal("INT", child.id().into());
    let output = child.wait_with_output().expect("Terraform ends");
    assert!(
        words(&output).contains("The sleeper was woken up"),
        "{}",
        text(&output)
    );
    assert_eq!(workspace.instance()["attributes"]["id"], "id-of-n");
}

#[test]
fn a_signal_to_the_provider_alone_ends_the_create_and_not_the_provider() {
    let workspace = Workspace::new("");
    let (child, provider) = creating(&workspace);
    signal("TERM", provider.into());
    let output = child.wait_with_output().expect("Terraform ends");
    let said = words(&output);
    assert!(said.contains("The sleeper was woken up"), "{said}");
    assert!(!said.contains("Plugin did not respond"), "{said}");
    assert_eq!(workspace.instance()["attributes"]["id"], "id-of-n");
}

#[test]
fn kill_9_of_terraform_stops_the_create_and_ends_the_provider() {
    let workspace = Workspace::new("");
    let (mut child, provider) = creating(&workspace);
    child.kill().expect("kill -9");
    child.wait().expect("it is dead");
    wait_for("the provider to end", || {
        (!is_alive(provider)).then_some(())
    });
    assert_eq!(lines(&workspace.path("diary")), ["began", "cancelled"]);
}
