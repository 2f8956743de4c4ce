//! What the pipeline's tests share: sandboxes to borrow, configurations, and
//! short ways to say what is expected.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use acceptance::Sandbox;
use acceptance::terraform::{Ran, Terraform};
use std::ops::Deref;
use std::sync::Mutex;

pub const ADDRESS: &str = "tap_secure_pipeline.documents";

/// Sandboxes that no test is using. One takes seconds to start, so they are
/// reset and used again.
static IDLE: Mutex<Vec<Sandbox>> = Mutex::new(Vec::new());

/// A sandbox of one's own, empty, for as long as this is held.
pub struct Borrowed(Option<Sandbox>);

pub fn sandbox() -> Borrowed {
    let idle = IDLE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .pop();
    let sandbox = idle.unwrap_or_else(|| Sandbox::start().expect("the sandbox starts"));
    Borrowed(Some(sandbox))
}

impl Deref for Borrowed {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        self.0.as_ref().expect("held until dropped")
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(sandbox) = self.0.take()
            && sandbox.reset().is_ok()
        {
            IDLE.lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .push(sandbox);
        }
    }
}

/// The pipeline `documents-dev`, with more attributes or other ones.
pub fn pipeline(more: &str) -> String {
    format!(
        "provider \"tap\" {{}}\n\nresource \"tap_secure_pipeline\" \"documents\" {{\n  name = \"documents\"\n  environment_suffix = \"dev\"\n{more}\n}}\n"
    )
}

/// Terraform in a folder of its own, against a sandbox, with a configuration.
pub fn terraform(sandbox: &Sandbox, configuration: &str) -> Terraform {
    let terraform = Terraform::new(&sandbox.env()).expect("Terraform and the provider are there");
    terraform.configure(configuration).expect("written");
    terraform
}

/// Holds a command to its exit code, showing what it printed if it is not so.
#[track_caller]
pub fn expect_code(ran: &Ran, code: i32, what: &str) {
    assert_eq!(ran.code, code, "{what}:\n{}", ran.text);
}

/// Applies and expects success.
#[track_caller]
pub fn apply(terraform: &Terraform) -> Ran {
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 0, "apply");
    ran
}

/// Plans and expects that there is nothing to do.
#[track_caller]
pub fn expect_empty_plan(terraform: &Terraform) {
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 0, "the plan should be empty");
}

/// Destroys and expects that nothing is left in the account.
#[track_caller]
pub fn expect_clean_destroy(terraform: &Terraform, sandbox: &Sandbox) {
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    expect_empty_account(sandbox);
}

#[track_caller]
pub fn expect_empty_account(sandbox: &Sandbox) {
    let account = sandbox.account().expect("answers");
    assert_eq!(
        account,
        serde_json::json!({}),
        "the account should be empty"
    );
}
