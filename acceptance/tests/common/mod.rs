//! What the pipeline's tests share: sandboxes to borrow, configurations, and
//! short ways to say what is expected.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

pub mod rates;

use acceptance::Sandbox;
use acceptance::terraform::{Ran, Terraform};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::Mutex;

pub const ADDRESS: &str = "tap_secure_pipeline.documents";

/// Sandboxes that no test is using. One takes seconds to start, so they are
/// reset and used again.
static IDLE: Mutex<Vec<Sandbox>> = Mutex::new(Vec::new());

/// A sandbox of one's own, with an account that no pipeline has been in, for as
/// long as this is held.
pub struct Borrowed(Option<Sandbox>);

pub fn sandbox() -> Borrowed {
    let sandbox = bare();
    prepare(&sandbox);
    sandbox
}

/// The same with an account in which nobody has set anything: what a pipeline
/// is told to make of that is then all there is.
pub fn bare() -> Borrowed {
    let idle = IDLE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .pop();
    let sandbox = idle.unwrap_or_else(|| Sandbox::start().expect("the sandbox starts"));
    sandbox.forget_calls().expect("forgotten");
    Borrowed(Some(sandbox))
}

/// Empties an account again, for another pipeline's life.
pub fn renew(sandbox: &Sandbox) {
    sandbox.reset().expect("the sandbox is reset");
    prepare(sandbox);
}

fn prepare(sandbox: &Sandbox) {
    let script = format!("{LOG_BUCKET}{PREPARE}");
    sandbox.boto3(&script).expect("the account is prepared");
    sandbox.forget_calls().expect("forgotten");
}

/// A bucket in which CloudTrail and Config may write.
pub const LOG_BUCKET: &str = include_str!("../account/log_bucket.py");

/// What an account has before its first pipeline, once for all of them: a
/// recorder, a detector, a trail, and the role with which API Gateway writes
/// logs. Without them a pipeline has no Config rules and no stage logs. The
/// trail's bucket is gone again, as if it were another account's: no listing
/// has to leave it out.
const PREPARE: &str = include_str!("prepared.py");

/// What exists beside that, in the form of [`Sandbox::account`].
pub fn account(sandbox: &Sandbox) -> Value {
    let mut account = sandbox.account().expect("answers");
    // An account is prepared whole, or bare.
    let prepared = account["us-east-1"]["roles"]
        .as_array()
        .is_some_and(|roles| roles.contains(&json!("api-gateway-logs")));
    let Some(regions) = account.as_object_mut() else {
        return account;
    };
    for (region, kinds) in regions.iter_mut() {
        let Some(kinds) = kinds.as_object_mut() else {
            continue;
        };
        for (kind, names) in kinds.iter_mut() {
            let Some(names) = names.as_array_mut() else {
                continue;
            };
            match (region.as_str(), kind.as_str()) {
                ("us-east-1", "detectors") if prepared => drop(names.drain(..1)),
                (_, "delivery_channels" | "recorders") => names.retain(|name| name != "default"),
                (_, "trails") => names.retain(|name| name != "management"),
                (_, "roles") => names.retain(|name| name != "api-gateway-logs"),
                _ => {}
            }
        }
        kinds.retain(|_, names| names != &json!([]));
    }
    regions.retain(|_, kinds| kinds != &json!({}));
    account
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

/// The same with the provider's own limits, which it does without in a sandbox:
/// for those that AWS' limits are put on.
pub fn terraform_within_limits(sandbox: &Sandbox, configuration: &str) -> Terraform {
    let mut terraform = terraform(sandbox, configuration);
    terraform.set("TAP_CONTROL_PLANE_LIMITS", "on");
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

/// Nothing is left but what the account had before its first pipeline.
#[track_caller]
pub fn expect_empty_account(sandbox: &Sandbox) {
    assert_eq!(account(sandbox), json!({}), "the account should be empty");
}

/// The process ids of the providers that a Terraform has started.
pub fn providers_of(terraform: &std::process::Child) -> Vec<String> {
    let listed = std::process::Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,args="])
        .output()
        .expect("ps runs");
    let parent = terraform.id().to_string();
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (pid, ppid, program) = (words.next()?, words.next()?, words.next()?);
            let ours = ppid == parent && program.contains("terraform-provider-tap");
            ours.then(|| pid.to_owned())
        })
        .collect()
}
