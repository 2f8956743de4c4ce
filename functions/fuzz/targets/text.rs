//! Plain text in every encoding.

#![no_main]

mod common;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    const OTHERS: &[&[u8]] = &[b"%PDF", b"PK", b"\xd0\xcf"];
    if !OTHERS.iter().any(|other| data.starts_with(other)) {
        common::read(data);
    }
});
