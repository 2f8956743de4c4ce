//! What the targets share: how a document is read, and what must hold of it
//! whatever it is.

use std::io::Cursor;
use std::time::Duration;
use tap_functions::document::{Code, Limits, Mode, Piece, parse_in_process};

/// Small, so that the fuzzer meets them.
pub fn limits() -> Limits {
    Limits {
        pages: 50,
        nesting: 40,
        decompressed_bytes: 16 << 20,
        text_bytes: 4 << 20,
        memory_bytes: 320 << 20,
        cpu: Duration::from_millis(250),
        wall: Duration::from_secs(5),
    }
}

/// Reads `bytes`; panics when what is said of them does not hold.
pub fn read(bytes: &[u8]) {
    let limits = limits();
    let mut handed_on = 0;
    let mut text = Vec::new();
    let result = parse_in_process(&mut Cursor::new(bytes), Mode::Text, &limits, &mut |piece| {
        if let Piece::Text(piece) = piece {
            handed_on += piece.len() as u64;
            text.extend_from_slice(piece);
        }
    });
    assert!(handed_on <= limits.text_bytes, "more text than allowed");
    assert!(std::str::from_utf8(&text).is_ok(), "text that is not UTF-8");
    match result {
        Ok(parsed) => assert_eq!(parsed.text_bytes, handed_on, "other text than it says"),
        Err(refusal) => {
            assert!(Code::from_word(&refusal.code).is_some(), "an unknown code");
            assert!(!refusal.sentence.is_empty(), "no reason");
            assert!(!refusal.is_ours(), "a failure of ours");
        }
    }
}
