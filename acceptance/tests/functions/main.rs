//! The functions as Lambda runs them: the built `bootstrap` behind a runtime
//! API, against the sandbox account, with events as AWS documents them. What
//! they did is looked at with boto3.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod arm64;
mod calls;
mod documents;
mod encrypt;
mod evaluate;
mod events;
mod frame;
#[path = "../permissions/mod.rs"]
mod permissions;
mod remediate;
mod rotate;
mod scan;
mod stage;
mod system;
mod validate;
