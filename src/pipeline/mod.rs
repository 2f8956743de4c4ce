//! The face: the `tap_secure_pipeline` block between Terraform and the
//! engine.
//!
//! ```text
//! config ─► inputs ─► Spec ─► blueprint ─► Template ─┐
//!                                                    ├─► planning ─► planned state
//! prior state ─► bookkeeping ─► Ledger ──────────────┘
//!                                 ▲
//!                    operations ──┘ create, update, refresh, destroy, import
//! ```

mod account;
mod api_key;
mod bookkeeping;
mod caller;
mod checks;
mod cloud;
pub mod command;
mod existing;
mod failure;
mod inputs;
mod operations;
mod outputs;
mod planning;
mod quotas;
mod report;
mod resource;
pub mod schema;
mod settings;
mod settling;
mod state;
mod template_data;
mod values;

#[cfg(test)]
mod tests;

pub use crate::blueprint::naming;
pub use api_key::ApiKey;
pub use caller::required_iam_policy;
pub use cloud::{Session, Shared};
pub use existing::ExistingPipeline;
pub use failure::{error, warning};
pub use inputs::check_tags;
pub use report::ComplianceReport;
pub use resource::SecurePipeline;
pub use template_data::PipelineTemplate;
pub use values::{Place, Probe, Problem, Reader, parse_duration};
