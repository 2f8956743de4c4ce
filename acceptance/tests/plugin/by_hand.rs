//! Started by a person, not by Terraform.

use std::process::{Command, Stdio};

use crate::harness::{BINARY, Workspace, lines, text, wait_for};

#[test]
fn run_by_hand_it_says_what_it_is_and_fails() {
    let output = Command::new(BINARY).output().expect("it runs");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "stdout is for the handshake");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is a Terraform provider"), "{said}");
    assert!(said.contains("terraform init"), "{said}");
    assert!(said.lines().count() <= 2, "{said}");
}

#[test]
fn a_wrong_magic_cookie_is_no_cookie() {
    let mut command = Command::new(BINARY);
    let output = command.env("TF_PLUGIN_MAGIC_COOKIE", "a biscuit").output();
    assert!(!output.expect("it runs").status.success());
}

#[test]
fn without_a_client_certificate_it_does_not_serve() {
    let cookie = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
    let mut command = Command::new(BINARY);
    let output = command.env("TF_PLUGIN_MAGIC_COOKIE", cookie).output();
    let output = output.expect("it runs");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("PLUGIN_CLIENT_CERT"), "{said}");
}

#[test]
fn terraform_reattaches_to_a_provider_under_debug_again_and_again() {
    let mut workspace = Workspace::new(r#"data "test_echo" "it" { say = "hello" }"#);
    let out = workspace.path("debug.out");
    let file = std::fs::File::create(&out).expect("a file");
    let mut provider = Command::new(BINARY)
        .args(["--debug", "terraform.local/tap/test"])
        .stdout(file)
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let line = wait_for("the line to export", || lines(&out).into_iter().next());
    let json = line
        .strip_prefix("TF_REATTACH_PROVIDERS='")
        .expect("an assignment");
    let json = json.strip_suffix('\'').expect("in quotes");
    // Only the reattached process could answer: the installed one is broken.
    std::fs::remove_dir_all(workspace.path("mirror")).expect("the mirror is removed");
    workspace.set("TF_REATTACH_PROVIDERS", json);
    for _ in 0..2 {
        let output = workspace.apply();
        assert!(output.status.success(), "{}", text(&output));
        assert_eq!(workspace.instance()["attributes"]["heard"], "hello");
    }
    crate::harness::signal("INT", provider.id().into());
    assert!(provider.wait().expect("it ends").success());
}
