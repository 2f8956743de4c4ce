//! Anything: what it is told to be, and that it is read as that.

#![no_main]

mod common;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    common::read(data);
    // Behind and before the header of something else.
    common::read(&[b"%PDF-1.7\n", data].concat());
    common::read(&[data, b"%PDF-1.7\n%%EOF"].concat());
});
