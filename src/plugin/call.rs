//! Running a call so that nothing but its own end can end it.
//!
//! A gRPC server drops a call's future when the connection goes away, and a
//! panic unwinds through it. Either would lose what the call has done. So each
//! call runs in a task of its own, which the connection only waits for, and the
//! author's code runs inside [`guarded`], which turns a panic into a diagnostic
//! while everything around it, the diagnostics so far included, survives.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo};

use futures::FutureExt;
use tf_provider::{AttributePath, Diagnostics};
use tokio_util::task::TaskTracker;
use tonic::Status;
use tracing::Instrument;

use super::{diagnostics, stop};

/// The calls under way.
#[derive(Clone, Default, Debug)]
pub(super) struct Calls(TaskTracker);

impl Calls {
    /// Runs `call` to its end, even if this future is dropped.
    pub(super) async fn run<T>(
        &self,
        rpc: &'static str,
        subject: &str,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Status>
    where
        T: Send + 'static,
    {
        let span = tracing::info_span!("call", tf_rpc = rpc, tf_type = subject);
        let task = self.0.spawn(stop::scoped(call).instrument(span));
        let mut abandoned = Abandoned { rpc, armed: true };
        let result = task.await;
        abandoned.armed = false;
        result.map_err(|error| Status::internal(format!("{rpc} failed in the provider: {error}")))
    }

    /// Waits until no call is under way.
    pub(super) async fn finished(&self) {
        self.0.close();
        self.0.wait().await;
        self.0.reopen();
    }
}

/// Says in the log that nobody waits for a call any more.
struct Abandoned {
    rpc: &'static str,
    armed: bool,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if self.armed {
            tracing::warn!(
                tf_rpc = self.rpc,
                "The connection is gone; the call goes on without it"
            );
        }
    }
}

/// How the author's code ended.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    /// With a result.
    Done(T),
    /// Without one, and it has said why in the diagnostics.
    Refused,
    /// Without one and without a word, or in a panic: what it did is unknown.
    Lost,
}

impl<T> Outcome<T> {
    pub(super) fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Refused | Self::Lost => None,
        }
    }
}

/// A result or a panic, before it has been told to anyone.
pub(super) struct Guarded<T>(Result<Option<T>, Panic>);

/// Runs the author's code and catches a panic in it.
pub(super) async fn guarded<T>(code: impl Future<Output = Option<T>>) -> Guarded<T> {
    Guarded(
        AssertUnwindSafe(code)
            .catch_unwind()
            .await
            .map_err(Panic::caught),
    )
}

impl<T> Guarded<T> {
    /// Adds what went wrong to `diags`; `doing` reads as in "while {doing}".
    pub(super) fn settle(self, diags: &mut Diagnostics, doing: &str) -> Outcome<T> {
        let (summary, detail) = match self.0 {
            Ok(Some(value)) => return Outcome::Done(value),
            Ok(None) if !diags.errors.is_empty() => return Outcome::Refused,
            Ok(None) => (
                "The provider gave no result",
                format!("It failed while {doing} and did not say why. This is a bug in it."),
            ),
            Err(panic) => (
                "The provider panicked",
                format!(
                    "While {doing} it stopped with: {}\n\nThis is a bug in the provider. What \
                     Terraform knew of the object is kept.",
                    panic.text
                ),
            ),
        };
        diags
            .errors
            .push(diagnostics::error(AttributePath::root(), summary, detail));
        Outcome::Lost
    }
}

/// What a panic said and where.
struct Panic {
    text: String,
}

thread_local! {
    /// Where this thread panicked last. The hook runs before the unwinding that
    /// `catch_unwind` ends, on the same thread.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

impl Panic {
    fn caught(payload: Box<dyn Any + Send>) -> Self {
        let message = message(payload.as_ref());
        let text = match PLACE.take() {
            Some(place) => format!("{message} (at {place})"),
            None => message.to_owned(),
        };
        Self { text }
    }
}

/// Panics go to the log, with their backtrace, and not as text to stderr, where
/// Terraform would take each line for an event.
pub(super) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map(ToString::to_string);
        let backtrace = Backtrace::capture();
        tracing::error!(
            place = place.as_deref().unwrap_or("unknown"),
            %backtrace,
            "panic: {}",
            message(info.payload()),
        );
        PLACE.set(place);
    }));
}

fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        return text;
    }
    payload
        .downcast_ref::<String>()
        .map_or("a panic without a message", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_dropped_caller_does_not_drop_the_call() {
        let calls = Calls::default();
        let (tell, told) = oneshot::channel();
        let call = calls.run("Test", "x", async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            tell.send("finished")
        });
        let dropped = tokio::time::timeout(Duration::from_millis(1), call).await;
        assert!(dropped.is_err());
        assert!(!calls.0.is_empty());
        assert_eq!(told.await, Ok("finished"));
        calls.finished().await;
        assert!(calls.0.is_empty());
    }

    #[tokio::test]
    async fn a_panic_becomes_a_diagnostic_beside_those_already_there() {
        let mut diags = Diagnostics::default();
        let code = async {
            diags
                .warnings
                .push(diagnostics::warning(AttributePath::root(), "before", ""));
            if diags.errors.is_empty() {
                panic!("number {}", 7);
            }
            Some(())
        };
        let outcome = guarded(code).await.settle(&mut diags, "testing");
        assert!(matches!(outcome, Outcome::Lost));
        assert_eq!(diags.warnings.len(), 1);
        assert!(diags.errors[0].detail.contains("number 7"));
        assert!(diags.errors[0].detail.contains("While testing"));
    }

    #[tokio::test]
    async fn silence_is_an_error_and_a_refusal_is_not_repeated() {
        let mut diags = Diagnostics::default();
        let outcome = guarded(async { None::<()> })
            .await
            .settle(&mut diags, "testing");
        assert!(matches!(outcome, Outcome::Lost));
        assert_eq!(diags.errors.len(), 1);
        let outcome = guarded(async { None::<()> })
            .await
            .settle(&mut diags, "testing");
        assert!(matches!(outcome, Outcome::Refused));
        assert_eq!(diags.errors.len(), 1);
    }
}
