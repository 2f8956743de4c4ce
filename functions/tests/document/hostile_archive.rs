//! Archives that are made to hurt or to mean two things: none may pass as a
//! clean document.

use crate::build::{Entry, Pdf, archive, docx, docx_entries, docx_with, paragraph};
use crate::support::{CARD, both, both_within};
use tap_functions::document::{Code, Limits};

#[test]
fn archives_that_are_bombs_are_refused() {
    let limits = Limits {
        decompressed_bytes: 20 << 20,
        ..Limits::default()
    };
    let spaces = vec![b' '; 30 << 20];
    // A part that grows a thousand times.
    let ratio = docx_with("customXml/item1.xml", &spaces);
    both(&ratio).refused(Code::DecompressionBomb);
    // Parts that grow less, but are many.
    let noise: Vec<u8> = (0..6u32 << 20)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 26) as u8 + b' ')
        .collect();
    let mut entries = docx_entries(&paragraph("text"));
    for number in 0..5 {
        entries.push(Entry::new(&format!("customXml/{number}.txt"), &noise));
    }
    both_within(&archive(&entries), &limits).refused(Code::DecompressionBomb);
    // Entries that are all the same bytes.
    let mut entries = docx_entries(&paragraph("text"));
    let first = Entry::new("customXml/0.xml", &spaces[..1000]);
    let offset: usize = entries
        .iter()
        .map(|entry| 30 + entry.name.len() + entry.data.len())
        .sum();
    entries.push(first.clone());
    for number in 1..100 {
        entries.push(Entry {
            offset: Some(offset as u32),
            listed: Some(format!("customXml/{number}.xml").into_bytes()),
            ..first.clone()
        });
    }
    both(&archive(&entries)).refused(Code::DecompressionBomb);
    // A size that is a lie: it says less than comes out.
    let mut entries = docx_entries(&paragraph("text"));
    entries.push(Entry {
        size: 10,
        ..Entry::new("customXml/0.xml", &spaces)
    });
    both_within(&archive(&entries), &limits).not_clean();
}

#[test]
fn archives_within_archives_end() {
    let mut bytes = archive(&[Entry::new("a.txt", CARD.as_bytes())]);
    for level in 0..10 {
        bytes = archive(&[Entry::new("a.zip", &bytes)]);
        let outcome = both(&docx_with("word/embeddings/a.zip", &bytes));
        if level < 3 {
            assert!(outcome.whole().contains(CARD), "level {level}");
        }
        if level > 6 {
            outcome.refused(Code::TooDeep);
        }
    }
}

#[test]
fn more_entries_than_any_document_has_are_refused() {
    let mut entries = docx_entries(&paragraph("text"));
    let empty = Entry {
        method: 0,
        ..Entry::new("", b"")
    };
    for number in 0..10_001 {
        entries.push(Entry {
            name: format!("{number}").into_bytes(),
            data: Vec::new(),
            ..empty.clone()
        });
    }
    both(&archive(&entries)).refused(Code::TooManyParts);
    // As many as the directory has room for; the count in the end is a lie.
    let mut bytes = archive(&docx_entries(&paragraph("text")));
    let end = bytes.len() - 22;
    bytes[end + 8..end + 12].copy_from_slice(&[0xfe, 0xff, 0xfe, 0xff]);
    both(&bytes).refused(Code::TooManyParts);
}

#[test]
fn archives_that_are_not_the_same_to_everyone_are_refused() {
    let text = docx_entries(&paragraph("text"));
    let with = |entry: Entry| archive(&[text.clone(), vec![entry]].concat());
    let part = Entry::new("customXml/item.xml", b"<a/>");
    let sound = docx(&paragraph("text"));
    for (what, bytes, code) in [
        (
            "two of one name",
            with(Entry::new("word/document.xml", b"<a/>")),
            Code::Malformed,
        ),
        (
            "two but for case",
            with(Entry::new("WORD/document.xml", b"<a/>")),
            Code::Malformed,
        ),
        (
            "another name at the entry",
            with(Entry {
                listed: Some(b"customXml/other.xml".to_vec()),
                ..part.clone()
            }),
            Code::Malformed,
        ),
        (
            "a path out",
            with(Entry::new("../../etc/passwd", b"<a/>")),
            Code::Malformed,
        ),
        (
            "a path from the root",
            with(Entry::new("/etc/passwd", b"<a/>")),
            Code::Malformed,
        ),
        (
            "a path of Windows",
            with(Entry::new("..\\..\\x", b"<a/>")),
            Code::Malformed,
        ),
        (
            "an encrypted entry",
            with(Entry {
                flags: 1,
                ..part.clone()
            }),
            Code::Encrypted,
        ),
        (
            "another compression",
            with(Entry {
                method: 12,
                ..part.clone()
            }),
            Code::Malformed,
        ),
        (
            "a wrong checksum",
            with(Entry { crc: 1, ..part }),
            Code::Malformed,
        ),
        (
            "something in front",
            [b"PK\x03\x04junk".to_vec(), sound.clone()].concat(),
            Code::Polyglot,
        ),
        (
            "something behind",
            [sound.clone(), b"junk".to_vec()].concat(),
            Code::Polyglot,
        ),
        (
            "no end",
            sound[..sound.len() - 30].to_vec(),
            Code::Malformed,
        ),
    ] {
        let outcome = both(&bytes);
        let Err(refusal) = &outcome.result else {
            panic!("{what}: {outcome:?}")
        };
        assert!(
            refusal.is(code) || what == "something in front",
            "{what}: {refusal:?}"
        );
    }
    // A PDF in the archive's comment.
    let mut bytes = sound;
    let pdf = Pdf::page("").build();
    let length = bytes.len();
    bytes[length - 2..].copy_from_slice(&(pdf.len() as u16).to_le_bytes());
    bytes.extend(pdf);
    both(&bytes).refused(Code::Polyglot);
}
