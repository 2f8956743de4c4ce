//! Documents as strangers send them: sound ones, whose every text must be
//! found, and hostile ones, of which none may pass as clean.

// In tests a panic is how a failure is said; here in helpers, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod build;
mod support;

mod confinement;
mod hidden_office;
mod hidden_pdf;
mod hostile_archive;
mod hostile_office;
mod hostile_pdf;
mod mutations;
mod office;
mod pdf;
mod text;
