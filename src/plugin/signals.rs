//! Signals.
//!
//! Ctrl-C in a terminal reaches Terraform and every provider at once, and the
//! default action would end a provider in the middle of a create whose state
//! Terraform is still waiting for. So the signals that mean "end" are only
//! noted here; what to do about them is for the caller to say.

use std::io;

#[cfg(unix)]
mod unix {
    use super::io;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// SIGINT, SIGTERM and SIGHUP (the terminal was closed), no longer deadly.
    pub(in crate::plugin) struct Signals {
        interrupt: Signal,
        terminate: Signal,
        hang_up: Signal,
    }

    impl Signals {
        pub(in crate::plugin) fn swallow() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// The name of the next one.
        pub(in crate::plugin) async fn next(&mut self) -> &'static str {
            tokio::select! {
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.hang_up.recv() => "SIGHUP",
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    use super::io;

    pub(in crate::plugin) struct Signals;

    impl Signals {
        pub(in crate::plugin) fn swallow() -> io::Result<Self> {
            Ok(Self)
        }

        pub(in crate::plugin) async fn next(&mut self) -> &'static str {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            "Ctrl-C"
        }
    }
}

#[cfg(not(unix))]
pub(super) use other::Signals;
#[cfg(unix)]
pub(super) use unix::Signals;
