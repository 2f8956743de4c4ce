//! Making a call, and making it again: what every call has in common,
//! whether a handler's or the manifest's.

use super::Engine;
use super::clock::Clock;
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
    /// From the first failure on. A call that runs for more than half of it
    /// before it fails has waited inside for AWS, and the next failure is a
    /// first one again.
    pub give_up_after: Duration,
    /// The same where AWS answers that it is too busy. Twenty pipelines queue
    /// for longer than a failure lasts: for ten minutes where one API may be
    /// deleted in thirty seconds.
    pub give_up_throttled_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(10),
            give_up_after: Duration::from_secs(300),
            give_up_throttled_after: Duration::from_secs(3600),
        }
    }
}

/// How often and since when something has been tried.
#[derive(Default)]
pub(super) struct Tries {
    count: u32,
    /// Since when it fails. To be turned away is no failure: however long it
    /// lasts, the failure after it is a first one.
    failing: Option<Instant>,
    /// Since when it is turned away, whatever it is in between.
    throttled: Option<Instant>,
    /// When the present call was made, if it is not the first.
    called: Option<Instant>,
    /// How often it seemed to be a stranger's.
    strange: u32,
}

/// How often what seems to be a stranger's is looked at again, which takes some
/// four to eight seconds: tags reach those who ask for them a while after they
/// were put, and until then what is ours has none
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html#eventual-consistency>).
const LOOKS_AT_STRANGERS: u32 = 4;

/// Whether the same call may succeed later. A lost answer passes for calls
/// that can be made twice, which are all but those that create.
pub(super) fn may_pass(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Throttled | ErrorKind::Transient | ErrorKind::Ambiguous | ErrorKind::Stranger
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
        self.retry
            .again(self.clock.as_ref(), id, cancel, tries, error)
            .await
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
        self.retry
            .patiently(self.clock.as_ref(), id, cancel, || {
                self.call(id, action, call())
            })
            .await
    }
}

impl RetryPolicy {
    /// Waits before another try; fails when there shall be none.
    async fn again(
        &self,
        clock: &dyn Clock,
        id: &str,
        cancel: &CancellationToken,
        tries: &mut Tries,
        error: HandlerError,
    ) -> Result<(), HandlerError> {
        let now = clock.now();
        let lasted = |since: Instant| now.saturating_duration_since(since);
        if tries
            .called
            .is_some_and(|called| lasted(called) > self.give_up_after / 2)
        {
            (tries.failing, tries.throttled, tries.count) = (None, None, 0);
        }
        tries.strange += u32::from(error.kind == ErrorKind::Stranger);
        let (first, longest) = match error.kind {
            ErrorKind::Throttled => {
                tries.failing = None;
                (&mut tries.throttled, self.give_up_throttled_after)
            }
            _ => (&mut tries.failing, self.give_up_after),
        };
        let first = *first.get_or_insert(now);
        if tries.strange > LOOKS_AT_STRANGERS || lasted(first) >= longest {
            return Err(error);
        }
        let wait = self
            .first_wait
            .saturating_mul(1 << tries.count.min(10))
            .min(self.longest_wait);
        tries.count += 1;
        // Half of it at random, so that twenty pipelines do not come back
        // together.
        let jitter = (uuid::Uuid::new_v4().as_u128() % 1000) as u32;
        let wait = wait / 2 + wait / 2 * jitter / 1000;
        tracing::debug!(logical_id = id, %error, ?wait, "trying again");
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = clock.sleep(wait) => {}
        }
        if cancel.is_cancelled() {
            return Err(error);
        }
        tries.called = Some(clock.now());
        Ok(())
    }

    /// The same patience for what is asked outside of an engine; `what` is for
    /// the log.
    pub async fn patiently<T, F, Fut>(
        &self,
        clock: &dyn Clock,
        what: &str,
        cancel: &CancellationToken,
        mut call: F,
    ) -> Result<T, HandlerError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, HandlerError>>,
    {
        let mut tries = Tries::default();
        loop {
            match call().await {
                Ok(value) => return Ok(value),
                Err(error) if may_pass(error.kind) => {
                    self.again(clock, what, cancel, &mut tries, error).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::ManualClock;
    use super::*;
    use std::cell::Cell;

    /// How often it is called when it fails in this way twice.
    async fn calls(kind: ErrorKind) -> (u32, Result<(), HandlerError>) {
        let made = Cell::new(0);
        let call = || {
            made.set(made.get() + 1);
            let fails = made.get() <= 2;
            async move {
                match fails {
                    true => Err(HandlerError::ours(kind, "x:Y", "no")),
                    false => Ok(()),
                }
            }
        };
        let (clock, cancel) = (ManualClock::default(), CancellationToken::new());
        let said = RetryPolicy::default()
            .patiently(&clock, "the account", &cancel, call)
            .await;
        (made.get(), said)
    }

    /// How long it is tried where it never succeeds.
    async fn patience(kind: ErrorKind) -> Duration {
        let (clock, cancel) = (ManualClock::default(), CancellationToken::new());
        let call = || async { Err::<(), _>(HandlerError::ours(kind, "x:Y", "no")) };
        let said = RetryPolicy::default()
            .patiently(&clock, "the account", &cancel, call)
            .await;
        assert!(said.is_err(), "{kind:?}");
        clock.passed()
    }

    #[tokio::test]
    async fn one_turned_away_waits_longer_than_one_failed() {
        let policy = RetryPolicy::default();
        let failed = patience(ErrorKind::Transient).await;
        assert!(failed >= policy.give_up_after && failed < policy.give_up_after * 2);
        assert!(patience(ErrorKind::Throttled).await >= policy.give_up_throttled_after);
    }

    /// What comes of calls that each take so many seconds and then fail in this
    /// way, and of one that succeeds after them.
    async fn after(failures: &[(u64, ErrorKind)]) -> Result<(), HandlerError> {
        let (clock, cancel) = (ManualClock::default(), CancellationToken::new());
        let left = Cell::new(failures);
        let call = || async {
            let Some(((seconds, kind), rest)) = left.get().split_first() else {
                return Ok(());
            };
            left.set(rest);
            clock.sleep(Duration::from_secs(*seconds)).await;
            Err(HandlerError::ours(*kind, "x:Y", "no"))
        };
        RetryPolicy::default()
            .patiently(&clock, "the account", &cancel, call)
            .await
    }

    #[tokio::test]
    async fn a_failure_after_a_long_time_of_something_else_is_a_first_one() {
        use ErrorKind::{Throttled, Transient};
        let mut queued = vec![(0, Transient)];
        queued.extend([(1, Throttled); 100]);
        queued.push((0, Transient));
        assert_eq!(after(&queued).await, Ok(()), "turned away for ten minutes");
        let waited = [(0, Transient), (1200, Transient), (1200, Throttled)];
        assert_eq!(after(&waited).await, Ok(()), "waited for AWS in between");
        let failing = [
            (0, Transient),
            (100, Transient),
            (100, Transient),
            (100, Transient),
        ];
        assert!(after(&failing).await.is_err(), "failing all the time");
    }

    #[tokio::test]
    async fn what_may_pass_is_asked_again_and_the_rest_is_not() {
        for kind in [ErrorKind::Throttled, ErrorKind::Transient] {
            assert_eq!(calls(kind).await, (3, Ok(())), "{kind:?}");
        }
        for kind in [ErrorKind::AccessDenied, ErrorKind::Invalid] {
            let (made, said) = calls(kind).await;
            assert!(made == 1 && said.is_err(), "{kind:?}: {made}");
        }
    }
}
