//! The Lambda functions of a `tap_secure_pipeline`: what the pipeline does
//! with a document, and with what happens to itself.
//!
//! - [`scanner`] finds card numbers and other personal data in text. Pure.
//! - [`document`] tells what a file is and takes its text out, in a child
//!   process with limits.
//! - [`operation`]: one module per function, and the frame around them.
//! - [`event`], [`settings`], [`clients`], [`audit`], [`log`], [`xray`],
//!   [`error`], [`clock`]: what every operation stands on.
//! - [`runtime`]: between the Lambda runtime API and the operations.

#[cfg(feature = "aws")]
pub mod alert;
#[cfg(feature = "aws")]
pub mod audit;
#[cfg(feature = "aws")]
pub mod clients;
#[cfg(feature = "aws")]
pub mod clock;
pub mod document;
#[cfg(feature = "aws")]
pub mod error;
#[cfg(feature = "aws")]
pub mod event;
#[cfg(feature = "aws")]
pub mod key;
#[cfg(feature = "aws")]
pub mod log;
#[cfg(feature = "aws")]
pub mod operation;
#[cfg(feature = "aws")]
pub mod presign;
#[cfg(feature = "aws")]
pub mod runtime;
pub mod scanner;
#[cfg(feature = "aws")]
pub mod settings;
#[cfg(feature = "aws")]
pub mod store;
#[cfg(feature = "aws")]
pub mod url;
#[cfg(feature = "aws")]
pub mod xray;
