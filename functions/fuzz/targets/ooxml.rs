//! DOCX and XLSX. The first byte says what the rest is: an archive, or one
//! part of one, whose checksum is then right.

#![no_main]

mod common;

#[allow(dead_code)]
#[path = "../../tests/document/build.rs"]
mod build;

use build::{Entry, archive, docx_entries, paragraph};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [kind, data @ ..] = data else { return };
    let word = |name: &str| {
        let mut entries = docx_entries(&paragraph("text"));
        entries.retain(|entry| entry.name != name.as_bytes());
        entries.push(Entry::new(name, data));
        archive(&entries)
    };
    let text = String::from_utf8_lossy(data);
    let bytes = match kind % 8 {
        0 => data.to_vec(),
        1 => word("word/document.xml"),
        2 => word("[Content_Types].xml"),
        3 => word("word/_rels/document.xml.rels"),
        4 => word("word/embeddings/object.bin"),
        5 => build::xlsx(&text, "<si><t>text</t></si>"),
        6 => build::xlsx("<row><c t=\"s\"><v>0</v></c></row>", &text),
        _ => word("customXml/item1.xml"),
    };
    common::read(&bytes);
});
