//! The mechanism: template in, changes out, account brought to them.
//!
//! The engine knows no AWS service and no Terraform. It knows resources by
//! logical id, their handlers, and how to bring what exists to what shall be
//! in an order that respects who refers to whom, in parallel, so that it can
//! be interrupted anywhere and go on later.
//!
//! # Overview
//!
//! ```text
//! Template ─┐
//!           ├─► plan ─► apply ─► Ledger        one call each: handler
//! Ledger ───┘             │                    order:         graph
//!    ▲                    ▼                    cloud record:  manifest
//!    └── refresh ◄──── the cloud               all together:  lifecycle
//! ```
//!
//! - [`plan`] compares a template with a ledger; it is pure, and apply repeats
//!   it, so that what was shown is what is done.
//! - [`apply`] walks the graph. A resource passes *created* (its id is known)
//!   and *ready* (it is usable); who refers to it waits for the one its type
//!   asks for. The longest remaining path goes first. [`build`] is its
//!   creating and updating half, [`discard`] its deleting one.
//! - [`step`] is one resource's create, update or delete, [`retry`] what all
//!   its calls have in common.
//! - [`refresh`] reads everything; [`recover`] finds what an interrupted apply
//!   left behind, [`survey`] a pipeline that is imported.
//! - [`lifecycle`] is a pipeline's create, update and destroy with manifest
//!   and incarnation; [`custody`] is what the manifest says of both.
//!
//! # Guarantees
//!
//! - The ledger is written before and after each call. Whatever is returned,
//!   with or without errors, holds everything that has been observed.
//! - Nothing is deleted that does not prove to be ours.
//! - A second apply after any failure or interruption converges; a third
//!   changes nothing. The tests hold random graphs and failures against this.

pub mod apply;
mod build;
pub mod clock;
mod custody;
pub mod destroy;
pub mod diff;
mod discard;
pub mod error;
pub mod graph;
pub mod handler;
pub mod journal;
pub mod ledger;
pub mod lifecycle;
pub mod limiter;
pub mod manifest;
pub mod plan;
pub mod recover;
pub mod refresh;
pub mod retry;
pub mod step;
mod survey;
pub mod template;
#[cfg(test)]
mod tests;

pub use clock::{Clock, SystemClock};
pub use error::{Action, EngineError, ErrorKind, HandlerError};
pub use handler::{
    Context, Coupling, Found, Handler, Live, Owner, Physical, Registry, Replacement,
    TAG_LOGICAL_ID, TAG_PIPELINE, TAG_PROVIDER_VERSION,
};
pub use journal::Journal;
pub use ledger::Ledger;
pub use limiter::Limiter;
pub use manifest::{Manifest, ManifestStatus, ManifestStore};
pub use retry::RetryPolicy;

use std::sync::Arc;

/// Ends the line of a resource that is not as it was applied.
pub const DRIFTED: &str = "drifted";
/// Ends the line of a resource whose apply was not finished.
pub const UNFINISHED: &str = "unfinished";

/// What it takes to act on the resources of one pipeline.
pub struct Engine {
    pub registry: Arc<Registry>,
    pub owner: Owner,
    pub clock: Arc<dyn Clock>,
    pub journal: Arc<Journal>,
    /// How many resources are worked on at once.
    pub parallelism: usize,
    pub retry: RetryPolicy,
}

impl Engine {
    /// The handler of a type.
    fn handler(
        &self,
        id: &str,
        type_name: &str,
        action: Action,
    ) -> Result<&Arc<dyn Handler>, Box<EngineError>> {
        let unknown = || EngineError {
            logical_id: id.to_owned(),
            type_name: type_name.to_owned(),
            action,
            source: HandlerError::ours(
                ErrorKind::Invalid,
                "the provider",
                format!("{type_name} is not a resource type that this provider knows"),
            ),
        };
        self.registry
            .get(type_name)
            .ok_or_else(|| Box::new(unknown()))
    }
}
