//! What the documents tell a reader to type works: every command in README.md
//! and docs/ is run here, or is a target of the Makefile; every target that they
//! name is one that CI runs, or is listed with the reason why not; every
//! configuration in them is one that Terraform takes; and the examples' own
//! tests pass.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod configurations;
mod pages;
mod targets;
mod typed;
