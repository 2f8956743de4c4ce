//! What the acceptance tests of terraform-provider-tap stand on.
//!
//! - [`Sandbox`]: an AWS account on this machine: two emulators behind one
//!   endpoint, with weather and a record of every call. It ends when its
//!   handle is dropped, and also when the test process is killed.
//! - [`lambda`]: the runtime API, for tests of the functions without an account.
//! - [`terraform`]: the real Terraform CLI in a folder of its own.
//! - [`tfclient`]: Terraform's side of the plugin protocol, for tests that
//!   need hundreds of runs.

mod boto3;
pub mod client;
pub mod lambda;
pub mod sandbox;
pub mod terraform;
pub mod tfclient;

pub use client::Sandbox;
pub use sandbox::recorder::{Call, Rate};
pub use sandbox::weather::holds::Held;
pub use sandbox::weather::{Action, Rule, When};
