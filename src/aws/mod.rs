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
//! dynamodb/ kms/ s3/ sns/ ─ one type per CloudFormation resource type
//! ssm ─ the engine's manifest, in a parameter
//! facts ─ what the expansion must know of the account
//! ```
//!
//! Making a context or a registry calls nothing; `normalise` never does.

// A test that panics has said what it expected.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod clients;
mod codes;
mod context;
mod credentials;
mod dynamodb;
mod error;
mod facts;
mod http;
mod kms;
mod limits;
mod policy;
mod resource_type;
mod s3;
mod services;
mod settings;
mod sns;
mod ssm;
mod tags;
mod waiting;

pub use clients::Clients;
pub use context::{Account, AwsContext};
pub use facts::{AccountFacts, administrator_arn, partition_of};
pub use limits::{Kind, Limits};
pub use services::{Rate, Rates, Service};
pub use settings::{AssumeRole, AwsSettings, IgnoreTags, RetryMode, SettingsError};
pub use ssm::ParameterManifest;

use crate::engine::Registry;
use resource_type::Typed;
use std::sync::Arc;

/// A handler for every resource type that a template of ours may contain.
pub fn registry(context: &Arc<AwsContext>) -> Registry {
    Registry::new(vec![
        Typed::handler(context, dynamodb::Table),
        Typed::handler(context, kms::Alias),
        Typed::handler(context, kms::Key::default()),
        Typed::handler(context, s3::Bucket),
        Typed::handler(context, s3::BucketPolicy),
        Typed::handler(context, sns::Subscription),
        Typed::handler(context, sns::Topic),
        Typed::handler(context, sns::TopicPolicy),
    ])
}
