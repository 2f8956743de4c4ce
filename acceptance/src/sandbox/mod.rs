//! The sandbox account: one HTTP endpoint that behaves like AWS as far as the
//! pipeline's services go, made of two emulators and what they lack.
//!
//! A request walks through these files in this order:
//!
//! ```text
//! server    accepts it, keeps it running when the caller hangs up
//! request   what is it: service, region, operation, resource, mutating?   (scope, s3_operation, rest_operation)
//! recorder  writes it down, with a sequence number
//! weather   what goes wrong: latency, throttling, errors, lost answers, holds
//! shims     what AWS does and the emulator does not, one file per difference
//! route     which emulator does this service
//! emulators the two processes behind it                                   (install: their environment)
//! ```
//!
//! `control` is the API under `/_sandbox/` that tests steer and question it
//! with, `account` the listing of what exists, `reply` the shapes in which the
//! AWS protocols answer, `cbor` the encoding of one of them.

pub mod account;
pub mod cbor;
pub mod control;
pub mod emulators;
pub mod install;
pub mod recorder;
pub mod reply;
pub mod request;
pub mod rest_operation;
pub mod route;
pub mod s3_operation;
pub mod scope;
pub mod server;
pub mod shims;
pub mod weather;
