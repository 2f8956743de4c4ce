//! What holds for the scanner as a whole: it finds the same as a slow and
//! obvious one, however the text is cut, and all that there is.

mod chunks;
mod reference;

use super::{Findings, Scanner};
use std::sync::LazyLock;

/// One for all tests: to compile it takes longer than most of them.
pub(super) static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::new(&[]).unwrap());

/// The findings of a text that is pushed as a whole.
pub(super) fn scan(text: &[u8]) -> Findings {
    let mut stream = SCANNER.stream();
    stream.push(text);
    stream.finish()
}
