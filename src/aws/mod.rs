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
//! dynamodb/ ec2/ iam/ kms/ ... ─ one type per CloudFormation resource type
//! ssm ─ the engine's manifest, in a parameter
//! facts, account ─ what the expansion must know of the account
//! ```
//!
//! Making a context or a registry calls nothing; `normalise` never does.

// A test that panics has said what it expected.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
mod apigateway;
mod clients;
mod cloudtrail;
mod cloudwatch;
mod codes;
mod config;
mod context;
mod credentials;
mod dynamodb;
mod ec2;
mod error;
mod events;
mod facts;
mod gathering;
mod guardduty;
mod http;
mod iam;
mod kms;
mod lambda;
mod limits;
mod logs;
mod permissions;
mod policy;
mod resource_type;
mod s3;
mod secretsmanager;
mod services;
mod settings;
mod sns;
mod sqs;
mod ssm;
mod supplied;
mod tags;
mod wafv2;
mod waiting;

pub use account::AccountState;
pub use clients::Clients;
pub use context::{Account, AwsContext};
pub use ec2::{NetworkFacts, network_facts};
pub use facts::{AccountFacts, administrator_arn, partition_of};
pub use limits::{Kind, Limits};
pub use permissions::{PolicyScope, required_policy};
pub use secretsmanager::{SecretMember, SecretUse, secret_member, secret_use};
pub use services::{Rate, Rates, Service};
pub use settings::{AssumeRole, AwsSettings, IgnoreTags, RetryMode, SettingsError};
pub use ssm::ParameterManifest;
pub use supplied::Supplied;

use crate::engine::Registry;
use std::sync::Arc;

/// A handler for every resource type that a template of ours may contain.
pub fn registry(context: &Arc<AwsContext>) -> Registry {
    let services = [
        apigateway::handlers,
        cloudtrail::handlers,
        cloudwatch::handlers,
        config::handlers,
        dynamodb::handlers,
        ec2::handlers,
        events::handlers,
        guardduty::handlers,
        iam::handlers,
        kms::handlers,
        lambda::handlers,
        logs::handlers,
        s3::handlers,
        secretsmanager::handlers,
        sns::handlers,
        sqs::handlers,
        ssm::handlers,
        wafv2::handlers,
    ];
    Registry::new(services.iter().flat_map(|of| of(context)).collect())
}
