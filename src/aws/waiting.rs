//! Waiting for AWS to finish something: under the engine's clock, and only
//! until someone asks to stop. Deadlines are the engine's.

use super::resource_type::Outcome;
use crate::engine::{Context, ErrorKind, HandlerError};
use std::time::Duration;

/// Pauses between two looks at the same thing, longer each time.
pub(super) struct Patience {
    next: Duration,
    longest: Duration,
}

impl Patience {
    pub fn new() -> Self {
        Self {
            next: Duration::from_millis(500),
            longest: Duration::from_secs(10),
        }
    }

    /// Errors with `Cancelled` instead of pausing when asked to stop.
    pub async fn pause(&mut self, cx: &Context<'_>, operation: &str, what: &str) -> Outcome<()> {
        if !cx.cancel.is_cancelled() {
            cx.sleep(self.next).await;
            self.next = (self.next * 2).min(self.longest);
        }
        if cx.cancel.is_cancelled() {
            let message = format!("stopped while waiting for {what}");
            return Err(HandlerError::ours(ErrorKind::Cancelled, operation, message));
        }
        Ok(())
    }
}
