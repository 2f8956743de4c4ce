//! Every resource type on its own, called as the engine calls it, against the
//! sandbox. A new type is a case in its service's file.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod contract;

mod apigateway;
mod cloudwatch;
mod config;
mod ec2;
mod iam;
mod lambda;
mod secretsmanager;
mod sns;
mod sqs;
mod ssm;
mod wafv2;

/// Runs a story against a sandbox of its own.
pub fn story(tell: impl AsyncFnOnce(&acceptance::Sandbox)) {
    // As a new account is: each story says what there is beside it.
    let sandbox = common::bare();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(tell(&sandbox));
}
