//! x
pub mod random;
pub mod texts;
