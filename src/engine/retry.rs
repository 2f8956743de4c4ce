//! Making a call, and making it again: what every call has in common,
//! whether a handler's or the manifest's.

use super::Engine;
use super::error::{Action, ErrorKind, HandlerError};
use super::journal::Event;
use futures::FutureExt;
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long failures that may pass are tried again.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// From the first failure on.
    pub give_up_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(10),
            give_up_after: Duration::from_secs(300),
        }
    }
}

/// How often and since when something has been tried.
#[derive(Default)]
pub(super) struct Tries {
    count: u32,
    first: Option<Instant>,
}

/// Whether the same call may succeed later. A lost answer passes for calls
/// that can be made twice, which are all but those that create.
pub(super) fn may_pass(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Throttled | ErrorKind::Transient | ErrorKind::Ambiguous
    )
}

/// A panic as an error like any other.
pub(super) fn defect(panic: &(dyn Any + Send)) -> HandlerError {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    HandlerError::ours(
        ErrorKind::Other,
        "the provider",
        format!(
            "a defect of the provider: it panicked ({text}). Please report it; nothing is lost"
        ),
    )
}

impl Engine {
    /// Makes one call.
    pub(super) async fn call<T>(
        &self,
        id: &str,
        action: Action,
        call: impl Future<Output = Result<T, HandlerError>>,
    ) -> Result<T, HandlerError> {
        self.journal
            .write(Event::Called, id, &format!("{action:?}").to_lowercase());
        AssertUnwindSafe(call)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(defect(panic.as_ref())))
    }

    /// Waits before another try; fails when there shall be none.
    pub(super) async fn again(
        &self,
        id: &str,
        cancel: &CancellationToken,
        tries: &mut Tries,
        error: HandlerError,
    ) -> Result<(), HandlerError> {
        let now = self.clock.now();
        let policy = &self.retry;
        let first = *tries.first.get_or_insert(now);
        if now.saturating_duration_since(first) >= policy.give_up_after {
            return Err(error);
        }
        let wait = policy
            .first_wait
            .saturating_mul(1 << tries.count.min(10))
            .min(policy.longest_wait);
        tries.count += 1;
        // Half of it at random, so that twenty pipelines do not come back
        // together.
        let jitter = (uuid::Uuid::new_v4().as_u128() % 1000) as u32;
        let wait = wait / 2 + wait / 2 * jitter / 1000;
        tracing::debug!(logical_id = id, %error, ?wait, "trying again");
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = self.clock.sleep(wait) => {}
        }
        if cancel.is_cancelled() {
            return Err(error);
        }
        Ok(())
    }

    /// Makes a call that can be made twice until it succeeds or fails for
    /// good.
    pub(super) async fn patiently<T, F, Fut>(
        &self,
        id: &str,
        action: Action,
        cancel: &CancellationToken,
        mut call: F,
    ) -> Result<T, HandlerError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, HandlerError>>,
    {
        let mut tries = Tries::default();
        loop {
            match self.call(id, action, call()).await {
                Ok(value) => return Ok(value),
                Err(error) if may_pass(error.kind) => {
                    self.again(id, cancel, &mut tries, error).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
