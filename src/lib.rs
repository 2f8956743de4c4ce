//! A Terraform provider whose resource `tap_secure_pipeline` declares a PCI
//! DSS compliant document-processing pipeline on AWS.
//!
//! The rooms, each of which knows only those below it:
//!
//! - [`plugin`]: the wire. The go-plugin handshake, mutual TLS and Terraform's
//!   protocol 6, serving the traits of the crate tf-provider. Knows no AWS.
//! - [`provider`]: the `provider "tap"` block, and the list of what is served.
//! - [`pipeline`]: the face. The `tap_secure_pipeline` block: its schema, its
//!   validation, its plan, its state; between Terraform and the engine.
//! - [`blueprint`]: the expansion. Pure: spec and account facts to template.
//!   One file for each area of the pipeline.
//! - [`evidence`]: what auditors read. Controls, judged on a live pipeline.
//! - [`aws`]: the hands. One file for each service, one type for each
//!   CloudFormation resource type.
//! - [`engine`]: the mechanism. Template to graph to changes to apply. Knows
//!   neither AWS nor Terraform.
//! - [`picture`]: what is drawn: a pipeline from its template, an apply from
//!   its journal.
//! - [`bundle`]: the Lambda functions that were built before and are part of
//!   this binary.

// They are moved through each caller's stack: `plugin::runtime`.
#![warn(clippy::large_futures)]

pub mod aws;
pub mod blueprint;
pub mod bundle;
pub mod engine;
pub mod evidence;
pub mod picture;
pub mod pipeline;
pub mod plugin;
pub mod provider;
