//! Plain text: what counts as text, and in which encoding.

use crate::support::{CARD, here};
use tap_functions::document::{Code, Kind};

fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    let units = text.encode_utf16();
    units
        .flat_map(|unit| match big_endian {
            true => unit.to_be_bytes(),
            false => unit.to_le_bytes(),
        })
        .collect()
}

#[test]
fn every_encoding_of_plain_text_is_read() {
    let text = format!("Zahlung für Müller: {CARD} – danke\r\n");
    let latin1: Vec<u8> = "Zahlung für Müller: 4111111111111111\n"
        .chars()
        .map(|c| c as u8)
        .collect();
    for (what, bytes) in [
        ("UTF-8", text.clone().into_bytes()),
        (
            "UTF-8 with a mark",
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        ),
        (
            "UTF-16LE with a mark",
            [b"\xff\xfe".to_vec(), utf16(&text, false)].concat(),
        ),
        (
            "UTF-16BE with a mark",
            [b"\xfe\xff".to_vec(), utf16(&text, true)].concat(),
        ),
        ("UTF-16LE", utf16(&text, false)),
        ("UTF-16BE", utf16(&text, true)),
        ("Latin-1", latin1),
        (
            "Windows-1252",
            b"Price \x80 100 \x96 4111111111111111 M\xfcller".to_vec(),
        ),
        ("one character", b"4111111111111111 M\xfcller".to_vec()),
    ] {
        let outcome = here(&bytes);
        let read = outcome.whole();
        assert!(read.contains(CARD), "{what}: {read}");
        assert!(read.contains("Müller"), "{what}: {read}");
        assert_eq!(outcome.result.unwrap().kind, Kind::Text, "{what}");
    }
}

#[test]
fn windows_1252_has_the_quotes_and_dashes_that_latin_1_has_not() {
    let outcome = here(b"\x93quoted\x94 \x96 \x80");
    assert!(
        outcome
            .whole()
            .contains("\u{201c}quoted\u{201d} \u{2013} \u{20ac}")
    );
}

#[test]
fn a_broken_sequence_does_not_make_another_encoding_of_utf_8() {
    let mut bytes = "déjà vu, à bientôt, où êtes-vous ".repeat(10).into_bytes();
    bytes.push(0xff);
    let outcome = here(&bytes);
    assert!(outcome.whole().contains("déjà"));
    // Cut in the middle of a character.
    let bytes = "déjà vu, à bientôt, où êtes-vous à".as_bytes();
    let outcome = here(&bytes[..bytes.len() - 1]);
    assert!(outcome.whole().contains("déjà"));
}

#[test]
fn characters_are_whole_wherever_the_file_is_cut_into_chunks() {
    for shift in 0..4 {
        let text = "x".repeat(shift) + &"é€😀".repeat(20_000);
        let outcome = here(text.as_bytes());
        let read = outcome.whole().strip_prefix("== text ==\n").unwrap();
        assert_eq!(read, text, "shifted by {shift}");
        let outcome = here(&[b"\xff\xfe".to_vec(), utf16(&text, false)].concat());
        let read = outcome.whole().strip_prefix("== text ==\n").unwrap();
        assert_eq!(read, text, "UTF-16, shifted by {shift}");
    }
}

#[test]
fn what_is_no_text_is_refused_by_what_it_is() {
    let mut elf = b"\x7fELF\x02\x01\x01\0".to_vec();
    elf.resize(200, 0);
    let mut exe = b"MZ\x90\0\x03".to_vec();
    exe.resize(200, 0);
    for (bytes, code, says) in [
        (&b""[..], Code::Empty, "empty"),
        (&elf, Code::Executable, "ELF"),
        (&exe, Code::Executable, "Windows"),
        (b"\xcf\xfa\xed\xfe\x07\0\0\x01", Code::Executable, "Mach-O"),
        (b"#!/bin/sh\nrm -rf /\n", Code::Executable, "script"),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            Code::UnknownType,
            "Portable Network Graphics",
        ),
        (
            b"text with a zero \0 in it",
            Code::UnknownType,
            "none of the kinds",
        ),
        (b"<!DOCTYPE html><p>4111", Code::UnknownType, "HTML"),
        (
            b" \n<?xml version='1.0'?><a>&#52;</a>",
            Code::UnknownType,
            "XML",
        ),
        (b"{\\rtf1 4111}", Code::UnknownType, "RTF"),
        (b"%!PS-Adobe-3.0\n", Code::UnknownType, "PostScript"),
        (
            b"From: a@b.c\nMIME-Version: 1.0\n\nNDExMQ==",
            Code::UnknownType,
            "e-mail",
        ),
        (b"\xff\xfe\0\x00a\0\0\0", Code::UnknownType, "UTF-32"),
    ] {
        let outcome = here(bytes);
        let sentence = outcome.refused(code);
        assert!(sentence.contains(says), "{sentence}");
    }
}

#[test]
fn a_byte_that_is_no_text_is_found_wherever_it_stands() {
    for at in [5_000, 100_000, 300_000] {
        let mut bytes = b"4111 1111 1111 1111\n".repeat(20_000);
        bytes[at] = 1;
        here(&bytes).refused(Code::UnknownType);
    }
    let mut bytes = utf16(&"number ".repeat(20_000), false);
    bytes[200_000] = 1;
    here(&bytes).refused(Code::UnknownType);
}

#[test]
fn csv_json_and_logs_are_plain_text() {
    for text in [
        "name,card\nA,4111111111111111\n",
        "{\"card\": \"4111111111111111\"}",
        "2026-01-01T00:00:00Z INFO \x1b[32mok\x1b[0m 4111111111111111\n",
        "MZ is a name of Mozambique: 4111111111111111, and this goes on for a while",
    ] {
        assert!(here(text.as_bytes()).whole().contains(CARD), "{text}");
    }
}

#[test]
fn markup_by_any_beginning_is_no_plain_text() {
    for text in [
        "<p>4111&#49;11111111111</p>",
        "\u{feff}\n <div>4111</div>",
        "<!-- x --><b>4111</b>",
        "</p>4111",
        "<card>&#52;111</card>",
        "<card number='4111'>",
    ] {
        here(text.as_bytes()).refused(Code::UnknownType);
    }
    for text in [
        "<alice@example.com> wrote:\n> 4111111111111111",
        "<https://example.com> 4111111111111111",
        "<alice> my card is 4111111111111111\n<bob> &c.",
        "<3 4111111111111111",
    ] {
        assert!(here(text.as_bytes()).whole().contains(CARD), "{text}");
    }
    // Characters by number, behind what was looked at first, cut anywhere.
    for spaces in 16_370..16_390 {
        let text = format!("<card>{}&#52;111", " ".repeat(spaces));
        assert!(
            here(text.as_bytes()).unreadable().contains("by number"),
            "{spaces}"
        );
    }
}
