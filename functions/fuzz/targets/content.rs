//! What is compressed within a PDF, which a mutated file hardly ever reaches:
//! the content of a page and a form, a CMap, an object stream. The input is
//! cut into them at bytes of 0xff.

#![no_main]

mod common;

#[allow(dead_code)]
#[path = "../../tests/document/build.rs"]
mod build;

use build::{Pdf, zlib};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|byte| *byte == 0xff);
    let mut part = || parts.next().unwrap_or_default();
    let mut pdf = Pdf::page("");
    pdf.replace_stream(4, "/Filter /FlateDecode", &zlib(part()));
    pdf.replace(5, "<< /Type /Font /Subtype /Type0 /Encoding 8 0 R /ToUnicode 7 0 R /DescendantFonts [9 0 R] >>");
    pdf.stream("/Type /XObject /Subtype /Form /Filter /FlateDecode", &zlib(part()));
    pdf.stream("/Filter /FlateDecode", &zlib(part()));
    pdf.stream("/Filter /FlateDecode", &zlib(part()));
    pdf.object("<< /Type /Font /Subtype /CIDFontType2 /W [1 [500 600] 3 9 700] >>");
    pdf.stream("/Type /ObjStm /N 2 /First 10 /Filter /FlateDecode", &zlib(part()));
    pdf.stream("/Type /Metadata /Subtype /XML", part());
    common::read(&pdf.build());
});
