//! DOC. The first byte says what the rest is: a compound file, or its two
//! streams, cut at the length in the next two bytes, or an object within it.

#![no_main]

mod common;

#[allow(dead_code)]
#[path = "../../tests/document/build.rs"]
mod build;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [kind, data @ ..] = data else { return };
    let bytes = match (kind % 3, data) {
        (1, [low, high, data @ ..]) => {
            let cut = usize::from(u16::from_le_bytes([*low, *high])).min(data.len());
            let (word, table) = data.split_at(cut);
            build::compound(&[("/WordDocument", word), ("/0Table", table), ("/1Table", table)])
        }
        (2, data) => {
            let (word, table) = build::word(b"text", 0);
            build::compound(&[
                ("/WordDocument", &word),
                ("/0Table", &table),
                ("/ObjectPool/_1/\u{1}Ole10Native", data),
            ])
        }
        (_, data) => data.to_vec(),
    };
    common::read(&bytes);
});
