//! Being asked to stop.
//!
//! Terraform's StopProvider, a signal to the process and the end of the parent
//! process all mean the same: finish what cannot be left, return what has been
//! observed, begin nothing new. They meet in one token.
//!
//! The token belongs to the process and not to a call, because that is what the
//! request means: Terraform stops a provider, not one of its resources. Under
//! `--debug` one process serves many runs, so there each
//! [`renew`]ed configuration starts with a fresh token.

use std::sync::{LazyLock, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

static CURRENT: LazyLock<Mutex<CancellationToken>> = LazyLock::new(Default::default);

tokio::task_local! {
    /// The token a call began with, so that a later run does not revive it.
    static OF_THIS_CALL: CancellationToken;
}

/// The token that is cancelled when the provider is asked to stop.
///
/// To be watched wherever a call waits or is about to begin something new.
/// Outside of a served call (in a unit test, in a task of its own) it is the
/// token of the process.
pub fn cancellation() -> CancellationToken {
    OF_THIS_CALL
        .try_with(CancellationToken::clone)
        .unwrap_or_else(|_| current())
}

fn current() -> CancellationToken {
    CURRENT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Asks everything that runs to stop.
pub(super) fn stop() {
    current().cancel();
}

/// Starts afresh if the last run was stopped.
pub(super) fn renew() {
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    if current.is_cancelled() {
        *current = CancellationToken::new();
    }
}

/// Runs a call with the token of this moment.
pub(super) async fn scoped<F: Future>(call: F) -> F::Output {
    OF_THIS_CALL.scope(current(), call).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stopped_call_stays_stopped_when_the_next_run_begins() {
        scoped(async {
            let mine = cancellation();
            stop();
            assert!(mine.is_cancelled());
            renew();
            assert!(cancellation().is_cancelled(), "this call was stopped");
        })
        .await;
        assert!(!cancellation().is_cancelled(), "the next one was not");
    }
}
