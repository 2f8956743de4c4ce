//! What a child says to its parent: the same however it is cut, and no more
//! kept than there may be.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tap_functions::document::{Decoder, Frame};

/// What was heard, up to the first error.
fn heard(data: &[u8], cut: usize) -> (Vec<String>, Vec<u8>, bool, bool) {
    let mut decoder = Decoder::new();
    let (mut frames, mut text) = (Vec::new(), Vec::new());
    for chunk in data.chunks(cut) {
        let fed = decoder.feed(chunk, &mut |frame| match frame {
            Frame::Part(name) => frames.push(name.to_owned()),
            Frame::Text(piece) => text.extend_from_slice(piece),
            Frame::End(end) => frames.push(format!("{end:?}")),
        });
        if fed.is_err() {
            return (frames, text, decoder.ended(), true);
        }
    }
    (frames, text, decoder.ended(), false)
}

fuzz_target!(|data: &[u8]| {
    let [cut, data @ ..] = data else { return };
    let whole = heard(data, usize::MAX);
    assert_eq!(whole, heard(data, usize::from(*cut) + 1));
    assert!(whole.1.len() <= data.len());
});
