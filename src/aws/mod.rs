//! The hands: AWS itself, behind the engine's handlers.
//!
//! ```text
//! settings ─ the provider block as plain values
//!    │
//! context ─ region, credentials (credentials), one HTTP client (http),
//!    │       token buckets (limits, services), the account check
//! clients ─ one SDK client per service, only behind that check
//!    │
//! resource_type ─ typed properties <-> the engine's JSON
//!    │       error + codes: what AWS's errors mean; tags; policy; waiting
//! kms/ ...
//! ```
//!
//! Making a context or a registry calls nothing; `normalise` never does.

mod clients;
mod codes;
mod context;
mod credentials;
mod error;
mod facts;
mod http;
mod kms;
mod limits;
mod policy;
mod resource_type;
mod services;
mod settings;
mod tags;
mod waiting;

pub use clients::Clients;
pub use context::{Account, AwsContext};
pub use facts::{AccountFacts, administrator_arn, partition_of};
pub use limits::{Kind, Limits};
pub use services::{Rate, Rates, Service};
pub use settings::{AssumeRole, AwsSettings, IgnoreTags, RetryMode, SettingsError};

use crate::engine::Registry;
use resource_type::Typed;
use std::sync::Arc;

/// A handler for every resource type that a template of ours may contain.
pub fn registry(context: &Arc<AwsContext>) -> Registry {
    Registry::new(vec![
        Typed::handler(context, kms::Alias),
        Typed::handler(context, kms::Key::default()),
    ])
}
