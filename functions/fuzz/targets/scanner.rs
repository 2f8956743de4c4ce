//! The scanner: its hits are the same however the text is cut, and what it
//! hands out is masked.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tap_functions::scanner::{Findings, Scanner};

static SCANNER: LazyLock<Scanner> =
    LazyLock::new(|| Scanner::new(&[]).unwrap_or_else(|error| panic!("{error}")));

fn scan(data: &[u8], cut: usize) -> Findings {
    let mut stream = SCANNER.stream();
    data.chunks(cut).for_each(|chunk| stream.push(chunk));
    stream.finish()
}

fuzz_target!(|data: &[u8]| {
    let [cut, data @ ..] = data else { return };
    let whole = scan(data, usize::MAX);
    assert_eq!(whole, scan(data, usize::from(*cut) + 1));
    assert_eq!(whole.bytes, data.len() as u64);
    for hit in &whole.hits {
        assert!(hit.at < whole.bytes.max(1));
    }
});
