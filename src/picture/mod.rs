//! What people would rather look at than read: a pipeline, drawn from its
//! template, and an apply as it goes on and as it went, drawn from its journal.
//!
//! Pure: text in, text out.

pub mod graph;
pub(crate) mod html;
pub mod record;
pub mod timeline;
pub mod watch;

pub use record::Record;
