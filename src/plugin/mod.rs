//! The wire between Terraform and a provider: everything that happens from the
//! moment Terraform starts the binary until the binary ends.
//!
//! An author implements the traits of the crate `tf-provider` (`Resource`,
//! `DataSource`, `Function`) with typed states, gathers them in a
//! [`ServedProvider`] and calls [`serve`]. This room does the rest:
//!
//! ```text
//! Terraform ──starts──▶ serve            magic cookie, environment, log, socket
//!     │                   │
//!     │ mutual TLS        ├─ tls         one client certificate is let in, no other
//!     ▼                   ├─ listener    Unix socket, each handshake in its own task
//! tfplugin6 calls ───────▶├─ service     one task per call: nothing drops the work
//! StopProvider, signals ─▶├─ stop        the token every call can watch
//! go-plugin's services ──▶└─ goplugin    shutdown, stdio, broker
//! ```
//!
//! tf-provider brings a server of its own, which this replaces: it sends schemas
//! that Terraform refuses for nested attributes, lets in clients without a
//! certificate, forgets what a partly failed destroy left behind, and drops work
//! together with its connection. Its values travel in a type that cannot be
//! named outside that crate, so the erased traits and [`RawValue`] here are ours.
//!
//! # What an author can rely on
//!
//! - A call that has begun runs to its end, whether its connection lives or not.
//! - A panic becomes a diagnostic, and no state is lost by it.
//! - [`cancellation`] is cancelled when Terraform, a signal or the end of the
//!   parent process asks to stop; the call then returns what it has observed.
//! - What Terraform calls a *refined* unknown arrives as a plain unknown.
//! - A number with a fraction can be a float.
//! - A write-only value never gets into a plan or a state.
//!
//! # What it expects of the author
//!
//! A long call must watch [`cancellation`]: nothing else ends it. A call that
//! blocks its thread without awaiting blocks one worker of the runtime.

mod call;
mod data_source;
pub mod diagnostics;
mod environment;
mod ephemeral;
mod function;
mod goplugin;
mod identity;
mod listener;
mod log;
mod numbers;
mod parent;
mod paths;
pub mod proto;
mod provider;
mod resource;
mod schema;
mod serve;
mod service;
mod signals;
mod socket;
mod state;
mod stop;
mod tls;
mod tokens;
mod unknown;
mod value;

pub use data_source::DynamicDataSource;
pub use ephemeral::{EphemeralResource, Opened, Renewed};
pub use function::DynamicFunction;
pub use identity::{IdentityAttribute, IdentitySchema};
pub use provider::ServedProvider;
pub use resource::{DynamicResource, Extra, MoveSource, NoExtra, Remainder, ServedResource};
pub use serve::serve;
pub use stop::cancellation;
pub use tls::choose_crypto;
pub use value::RawValue;

/// The largest message in either direction. A state of 20 MB travels three
/// times in one plan request (prior, proposed, config).
pub(crate) const MESSAGE_LIMIT: usize = 256 * 1024 * 1024;

/// What a provider runs on. A debug build moves whole futures through the stacks
/// of those that make them, for which the two MiB that tokio gives its workers
/// were too few: these have what a main thread has.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    const STACK: usize = 8 << 20;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()
}
