//! A client of tfplugin6: drives a provider binary as Terraform does, without
//! Terraform.
//!
//! The real CLI is what acceptance tests trust, but it takes about a second per
//! run and cannot be told to kill its provider at the n-th call. This client
//! starts the binary with the real handshake (magic cookie, a P-521 client
//! certificate, mutual TLS over the socket of the handshake line) in some tens of
//! milliseconds and keeps state and private state by the rules of Terraform's
//! core: see [`resource`] for what it does with an answer.
//!
//! Values are `serde_json::Value`. JSON has no unknown; [`unknown`] stands for it.
//!
//! ```no_run
//! # use acceptance::tfclient::{Provider, Start};
//! # use serde_json::json;
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let provider = Provider::start(Start::new("target/debug/terraform-provider-tap")).await?;
//! provider.configure(json!({"region": "us-east-1"})).await?;
//! let mut pipeline = provider.resource("tap_secure_pipeline");
//! let plan = pipeline.plan(&provider, json!({"name": "documents"})).await?;
//! let diagnostics = pipeline.apply(&provider, plan).await?;
//! assert!(!diagnostics.has_errors());
//! provider.shutdown().await?;
//! # Ok(()) }
//! ```

mod calls;
mod process;
mod proposed;
pub mod resource;
mod schema;
mod tls;
mod value;

use std::fmt;

use terraform_provider_tap::plugin::proto::tfplugin6 as tf;
use thiserror::Error;

pub use process::{Provider, Start};
pub use resource::{Action, Plan, Resource};
pub use tls::Identity;
pub use value::{decode, encode, is_unknown, unknown};

/// Why a call got no answer. Errors *in* an answer are [`Diagnostics`].
#[derive(Debug, Error)]
pub enum Error {
    /// The binary could not be run.
    #[error("cannot start {0}: {1}")]
    Start(String, #[source] std::io::Error),
    /// It ended or said something else before the handshake was complete.
    #[error("no handshake: {0}")]
    Handshake(String),
    /// TLS could not be set up on this side.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// The connection was refused.
    #[error("cannot connect: {0}")]
    Connect(#[source] tonic::transport::Error),
    /// The call failed: most often, the provider is gone.
    #[error("the call failed: {0}")]
    Call(Box<tonic::Status>),
    /// The provider sent what cannot be decoded, or was sent what does not fit.
    #[error("a value does not fit: {0}")]
    Value(String),
    /// The provider knows no such thing.
    #[error("the provider has no {0}")]
    Missing(String),
    /// An answer that can only be errors was needed to go on.
    #[error("the provider refused: {0}")]
    Refused(Diagnostics),
}

impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Self {
        Self::Call(Box::new(status))
    }
}

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// An error, or else a warning.
    pub is_error: bool,
    /// The first line.
    pub summary: String,
    /// The rest.
    pub detail: String,
    /// The attribute, as `network.subnet_ids[0]`; empty for none.
    pub attribute: String,
}

/// What the provider said with its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.is_error)
    }

    /// The errors alone.
    pub fn errors(&self) -> Vec<&Diagnostic> {
        self.0
            .iter()
            .filter(|diagnostic| diagnostic.is_error)
            .collect()
    }

    /// Fails if there are errors.
    pub fn ok(self) -> Result<Self, Error> {
        if self.has_errors() {
            return Err(Error::Refused(self));
        }
        Ok(self)
    }

    fn from_wire(wire: Vec<tf::Diagnostic>) -> Self {
        let diagnostics = wire.into_iter().map(|diagnostic| Diagnostic {
            is_error: diagnostic.severity() != tf::diagnostic::Severity::Warning,
            attribute: diagnostic.attribute.as_ref().map(path).unwrap_or_default(),
            summary: diagnostic.summary,
            detail: diagnostic.detail,
        });
        Self(diagnostics.collect())
    }

    fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.0 {
            let kind = if diagnostic.is_error {
                "error"
            } else {
                "warning"
            };
            writeln!(
                f,
                "{kind} at [{}]: {}: {}",
                diagnostic.attribute, diagnostic.summary, diagnostic.detail
            )?;
        }
        Ok(())
    }
}

/// A path as Terraform prints it.
fn path(path: &tf::AttributePath) -> String {
    use tf::attribute_path::step::Selector;
    let mut text = String::new();
    for step in &path.steps {
        match &step.selector {
            Some(Selector::AttributeName(name)) if text.is_empty() => text.push_str(name),
            Some(Selector::AttributeName(name)) => text.push_str(&format!(".{name}")),
            Some(Selector::ElementKeyString(key)) => text.push_str(&format!("[{key:?}]")),
            Some(Selector::ElementKeyInt(index)) => text.push_str(&format!("[{index}]")),
            None => {}
        }
    }
    text
}
