//! The scanner from outside: what it finds of the corpus, that valid numbers
//! are found in any text, that chunks and custom patterns change nothing, and
//! that no text makes it slow.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

#[path = "../../corpus/mod.rs"]
mod corpus;

mod custom;
mod hostile;
mod precision;
mod properties;

use std::sync::LazyLock;
use tap_functions::scanner::{Findings, Scanner};

/// One for all tests: to compile it takes longer than most of them.
static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::new(&[]).unwrap());

/// The findings of a text that is pushed as a whole.
fn scan(text: &[u8]) -> Findings {
    let mut stream = SCANNER.stream();
    stream.push(text);
    stream.finish()
}
