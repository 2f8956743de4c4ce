//! Noticing that Terraform is gone.
//!
//! A killed Terraform cannot tell its providers. Their standard input is not a
//! pipe from it and their socket has no end that closes for certain, but the
//! system gives an orphan a new parent, so the parent's id is looked at.

#[cfg(unix)]
mod unix {
    use std::os::unix::process::parent_id;
    use std::time::Duration;

    const INTERVAL: Duration = Duration::from_millis(500);

    /// The process that started this one.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::plugin) struct Parent(u32);

    impl Parent {
        /// To be called first thing: an orphan would take its new parent for
        /// the one that started it. (That id may be 1 in a container, so the
        /// number itself says nothing.)
        pub(in crate::plugin) fn now() -> Self {
            Self(parent_id())
        }

        /// Returns once this process is an orphan.
        pub(in crate::plugin) async fn gone(self) {
            while parent_id() == self.0 {
                tokio::time::sleep(INTERVAL).await;
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    /// There is no way to ask for the parent here. go-plugin kills its plugins
    /// on these systems, and the next run finds the manifest.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::plugin) struct Parent;

    impl Parent {
        pub(in crate::plugin) fn now() -> Self {
            Self
        }

        pub(in crate::plugin) async fn gone(self) {
            std::future::pending().await
        }
    }
}

#[cfg(not(unix))]
pub(super) use other::Parent;
#[cfg(unix)]
pub(super) use unix::Parent;
