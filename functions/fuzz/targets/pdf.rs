//! A PDF as it stands in a file.

#![no_main]

mod common;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"%PDF-") {
        common::read(data);
    }
});
