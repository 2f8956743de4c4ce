//! PDFs that are made to hurt, to hide or to run: none may pass as clean.

use crate::build::{Pdf, shown, zlib, zlib_of};
use crate::support::{CARD, both, child_within, fixture, here, here_within};
use std::fmt::Write as _;
use tap_functions::document::{Code, Limits, Mode};

#[test]
fn the_writer_of_these_tests_writes_sound_files() {
    let outcome = both(&Pdf::page(&shown(CARD)).build());
    assert!(outcome.whole().contains(CARD));
}

#[test]
fn forms_that_show_themselves_end() {
    // One that shows itself, and two that show each other.
    let mut pdf = Pdf::page(&format!("{} /X Do", shown("text")));
    let resources =
        "/Type /XObject /Subtype /Form /Resources << /XObject << /X 6 0 R /Y 7 0 R >> >>";
    pdf.stream(resources, b"/X Do /Y Do");
    pdf.stream(resources, b"/X Do");
    assert!(both(&pdf.build()).unreadable().contains("shows itself"));
}

#[test]
fn forms_within_forms_are_refused_when_they_are_too_deep() {
    let mut pdf = Pdf::page(&format!("{} /X Do", shown("text")));
    for next in 7..400 {
        let dictionary =
            format!("/Type /XObject /Subtype /Form /Resources << /XObject << /X {next} 0 R >> >>");
        pdf.stream(&dictionary, b"/X Do");
    }
    both(&pdf.build()).refused(Code::TooDeep);
}

#[test]
fn forms_that_multiply_are_refused_when_they_take_too_long() {
    // Each shows the next ten times: ten to the thirtieth strings.
    let mut pdf = Pdf::page(&format!("{} /X Do", shown("text")));
    for next in 7..37 {
        let dictionary = format!(
            "/Type /XObject /Subtype /Form \
             /Resources << /Font << /F 5 0 R >> /XObject << /X {next} 0 R >> >>"
        );
        pdf.stream(
            &dictionary,
            format!("{} {}", shown("1"), "/X Do ".repeat(10)).as_bytes(),
        );
    }
    let limits = Limits {
        cpu: std::time::Duration::from_millis(200),
        ..Limits::default()
    };
    let outcome = here_within(&pdf.build(), &limits);
    assert!(outcome.result.is_err());
    let refusal = outcome.result.unwrap_err();
    assert!(
        refusal.is(Code::TooSlow) || refusal.is(Code::TooMuchText),
        "{refusal:?}"
    );
}

#[test]
fn a_page_tree_that_leads_into_itself_is_refused() {
    let mut pdf = Pdf::page(&shown("text"));
    pdf.replace(2, "<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>");
    both(&pdf.build()).refused(Code::Malformed);
}

#[test]
fn more_pages_than_allowed_are_refused() {
    let mut pdf = Pdf::page(&shown("text"));
    let mut kids = String::new();
    for _ in 0..50 {
        let number = pdf.object("<< /Type /Page /Parent 2 0 R >>");
        write!(kids, "{number} 0 R ").unwrap();
    }
    pdf.replace(2, &format!("<< /Type /Pages /Kids [{kids}] /Count 1 >>"));
    let limits = Limits {
        pages: 20,
        ..Limits::default()
    };
    let outcome = here_within(&pdf.build(), &limits);
    assert!(outcome.refused(Code::TooManyPages).contains("20 pages"));
}

#[test]
fn cross_references_that_lead_into_themselves_end() {
    let sound = Pdf::page(&shown(CARD)).build();
    let text = String::from_utf8_lossy(&sound).into_owned();
    let xref = text.rfind("xref\n0 ").unwrap();
    let looped = text.replace("/Root 1 0 R", &format!("/Root 1 0 R /Prev {}", xref + 7));
    both(looped.as_bytes());
    let mut pdf = Pdf::page(&shown(CARD));
    // A stream whose length is its own object.
    pdf.replace(4, "<< /Length 4 0 R >>\nstream\nBT ET\nendstream");
    both(&pdf.build()).not_clean();
}

#[test]
fn deep_nesting_is_refused_or_unreadable() {
    for (open, close) in [("[", "]"), ("<< /A ", " >>"), ("(", ")")] {
        for depth in [200, 100_000] {
            let mut pdf = Pdf::page(&shown("text"));
            let deep = format!(
                "{}{}{}",
                open.repeat(depth),
                "(4111111111111111)",
                close.repeat(depth)
            );
            let number = pdf.object(&format!("<< /Deep {deep} >>"));
            pdf.object(&format!("<< /See {number} 0 R >>"));
            both(&pdf.build()).not_clean();
        }
        // In a content stream it is read flat, or by its strings.
        let content = format!("{} {}", open.repeat(100_000), shown(CARD));
        both(&Pdf::page(&content).build());
    }
}

/// A tenth of what is allowed otherwise, so that the bombs can be smaller too.
fn small() -> Limits {
    let limits = Limits::default();
    Limits {
        decompressed_bytes: limits.decompressed_bytes / 10,
        ..limits
    }
}

#[track_caller]
fn is_a_bomb(pdf: &Pdf) {
    let bytes = pdf.build();
    here_within(&bytes, &small()).refused(Code::DecompressionBomb);
    child_within(&bytes, Mode::Text, &small()).refused(Code::DecompressionBomb);
}

#[test]
fn decompression_bombs_are_refused() {
    let bomb = zlib_of(b' ', 100 << 20);
    let mut pdf = Pdf::page("");
    pdf.replace_stream(4, "/Filter /FlateDecode", &bomb);
    is_a_bomb(&pdf);
    // Within the limits of all together, and more than one stream may have.
    here(&pdf.build()).refused(Code::DecompressionBomb);
    // A bomb within a bomb.
    let mut pdf = Pdf::page("");
    pdf.replace_stream(4, "/Filter [/FlateDecode /FlateDecode]", &zlib(&bomb));
    is_a_bomb(&pdf);
    let mut pdf = Pdf::page("");
    let runs = [129, 129].repeat(1 << 20);
    pdf.replace_stream(4, "/Filter [/RunLengthDecode /RunLengthDecode]", &runs);
    is_a_bomb(&pdf);
    // LZW: the code for what was just added, again and again.
    let mut encoder = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    let lzw = encoder.encode(&vec![b' '; 30 << 20]).unwrap();
    let mut pdf = Pdf::page("");
    pdf.replace_stream(4, "/Filter /LZWDecode", &lzw);
    is_a_bomb(&pdf);
    // Many streams, each within the limit.
    let mut pdf = Pdf::page("");
    let third = zlib_of(b' ', 8 << 20);
    pdf.replace(
        3,
        "<< /Type /Page /Parent 2 0 R /Contents [6 0 R 7 0 R 8 0 R] >>",
    );
    for _ in 0..3 {
        pdf.stream("/Filter /FlateDecode", &third);
    }
    is_a_bomb(&pdf);
}

#[test]
fn object_streams_that_are_bombs_are_refused() {
    for megabytes in [100, 8] {
        let bomb = zlib_of(b' ', megabytes << 20);
        let mut pdf = Pdf::page(&shown("text"));
        for _ in 0..4 {
            pdf.stream("/Type /ObjStm /N 1 /First 10 /Filter /FlateDecode", &bomb);
        }
        is_a_bomb(&pdf);
    }
}

#[test]
fn what_needs_more_memory_than_allowed_is_refused_for_that() {
    // Millions of small objects in an array, each a hundred bytes when parsed.
    let mut pdf = Pdf::page(&shown("text"));
    pdf.object(&format!("[{}]", "1 ".repeat(4_000_000)));
    let limits = Limits {
        memory_bytes: 128 << 20,
        ..Limits::default()
    };
    let outcome = child_within(&pdf.build(), Mode::Check, &limits);
    let sentence = outcome.refused(Code::TooMuchMemory);
    assert!(sentence.contains("134217728 bytes"), "{sentence}");
}

#[test]
fn lies_about_lengths_and_sizes_are_not_believed() {
    for length in [
        "-1",
        "99999999999999999999",
        "4294967296",
        "0",
        "7",
        "/Name",
        "999 0 R",
    ] {
        let mut pdf = Pdf::page("");
        pdf.replace(
            4,
            &format!("<< /Length {length} >>\nstream\n{}\nendstream", shown(CARD)),
        );
        let outcome = both(&pdf.build());
        if outcome
            .result
            .as_ref()
            .is_ok_and(|parsed| parsed.unreadable.is_none())
        {
            assert!(
                outcome.text.contains(CARD),
                "length {length}: {}",
                outcome.text
            );
        }
    }
    for parameters in [
        "/Predictor 12 /Columns 99999999999",
        "/Predictor 12 /Columns -5 /Colors 9999999999999999 /BitsPerComponent 99999999999",
        "/Predictor 15 /Columns 0",
        "/Predictor 2 /Columns 4000000000",
    ] {
        let mut pdf = Pdf::page("");
        let dictionary = format!("/Filter /FlateDecode /DecodeParms << {parameters} >>");
        pdf.replace_stream(4, &dictionary, &zlib(shown(CARD).as_bytes()));
        both(&pdf.build());
    }
}

#[test]
fn damaged_and_truncated_content_is_unreadable() {
    let whole = zlib(shown(CARD).repeat(100).as_bytes());
    for (dictionary, content) in [
        ("/Filter /FlateDecode", &whole[..whole.len() / 2]),
        ("/Filter /FlateDecode", b"no deflate data at all"),
        ("/Filter /ASCIIHexDecode", b"48 zz 65"),
        ("/Filter /RunLengthDecode", b"\x10abc"),
        ("/Filter /NoSuchDecode", b"x"),
        ("/Filter /DCTDecode", b"x"),
        ("/F (elsewhere.bin)", b"x"),
        ("/Filter [/Fl /Fl /Fl /Fl /Fl /Fl /Fl /Fl /Fl /Fl]", b"x"),
    ] {
        let mut pdf = Pdf::page("");
        pdf.replace_stream(4, dictionary, content);
        both(&pdf.build()).unreadable();
    }
    // A file that ends anywhere.
    let bytes = fixture("pdf/text.pdf");
    for length in (0..bytes.len()).step_by(37) {
        let outcome = here(&bytes[..length]);
        if outcome.result.is_ok() && outcome.result.as_ref().unwrap().unreadable.is_none() {
            assert!(
                outcome.text.contains("In one string"),
                "after {length} bytes"
            );
        }
    }
}

#[test]
fn what_a_pdf_runs_is_refused() {
    for (what, action) in [
        ("JavaScript", "<< /S /JavaScript /JS (app.alert\\(1\\)) >>"),
        ("JavaScript", "<< /S /#4aavaScript /JS 4 0 R >>"),
        ("JavaScript", "<< /S /JavaScript >>"),
        ("JavaScript", "<< /S /Rendition /JS (x) >>"),
        ("starts a program", "<< /S /Launch /F (cmd.exe) >>"),
        (
            "starts a program",
            "<< /Type /Action /S /Launch /Win << /F (cmd.exe) >> >>",
        ),
        ("multimedia", "<< /Type /Annot /Subtype /RichMedia >>"),
    ] {
        let mut pdf = Pdf::page(&shown("text"));
        let number = pdf.object(action);
        pdf.replace(
            1,
            &format!("<< /Type /Catalog /Pages 2 0 R /OpenAction {number} 0 R >>"),
        );
        let outcome = both(&pdf.build());
        let sentence = outcome.refused(Code::ActiveContent);
        assert!(sentence.contains(what), "{action}: {sentence}");
        // Where nothing refers to it, too, and within another object.
        pdf.replace(1, "<< /Type /Catalog /Pages 2 0 R >>");
        pdf.replace(number, &format!("<< /Other [ 1 [ {action} ] ] >>"));
        both(&pdf.build()).refused(Code::ActiveContent);
    }
    let mut pdf = Pdf::page(&shown("text"));
    let form = pdf.stream("", b"<xdp><template><script>x</script></template></xdp>");
    pdf.object(&format!("<< /Fields [] /XFA {form} 0 R >>"));
    both(&pdf.build()).refused(Code::ActiveContent);
}

#[test]
fn attached_programs_are_refused_and_other_files_are_read() {
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(100, 0);
    let attach = |name: &str, content: &[u8]| {
        let mut pdf = Pdf::page(&shown("text"));
        let file = pdf.stream("/Type /EmbeddedFile", content);
        pdf.object(&format!(
            "<< /Type /Filespec /F ({name}) /EF << /F {file} 0 R >> >>"
        ));
        both(&pdf.build())
    };
    attach("list.txt", &elf).refused(Code::EmbeddedExecutable);
    attach("run.bat", b"echo off").refused(Code::EmbeddedExecutable);
    attach("invoice.pdf.exe", b"text").refused(Code::EmbeddedExecutable);
    assert!(attach("a.txt", CARD.as_bytes()).whole().contains(CARD));
    let inner = Pdf::page(&shown(CARD)).build();
    let outcome = attach("a.pdf", &inner);
    assert!(outcome.whole().contains(CARD));
    assert!(
        outcome.text.contains("== attachment 1, page 1 =="),
        "{}",
        outcome.text
    );
    let xml = b"<?xml version='1.0'?><invoice><card>4111&#49;11111111111</card></invoice>";
    assert!(attach("invoice.xml", xml).whole().contains(CARD));
    attach("a.bin", b"\0\x01\x02\x03").unreadable();
    attach("a.png", b"\x89PNG\r\n\x1a\n\0").unreadable();
}

#[test]
fn documents_within_documents_end() {
    let mut bytes = Pdf::page(&shown(CARD)).build();
    for _ in 0..10 {
        let mut pdf = Pdf::page(&shown("text"));
        pdf.stream("/Type /EmbeddedFile", &bytes);
        bytes = pdf.build();
    }
    both(&bytes).refused(Code::TooDeep);
}

#[test]
fn text_that_no_mapping_tells_is_unreadable() {
    let hex = "<00240025002600270028002900300031003200330034>";
    let mut pdf = Pdf::page(&format!("BT /F 12 Tf 72 700 Td {hex} Tj ET"));
    pdf.replace(5, "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 >>] >>");
    assert!(both(&pdf.build()).unreadable().contains("font"));
    // Type 3 glyphs that are named by number.
    let mut pdf = Pdf::page(&shown("abcdefghijkl"));
    let names: String = (0..26).map(|number| format!("/g{number} ")).collect();
    pdf.replace(5, &format!("<< /Type /Font /Subtype /Type3 /FontMatrix [0.001 0 0 0.001 0 0] /Encoding << /Differences [97 {names}] >> /CharProcs << >> >>"));
    assert!(both(&pdf.build()).unreadable().contains("font"));
    // A font program with an encoding of its own.
    let mut pdf = Pdf::page(&shown("4111111111111111 abcdefgh"));
    pdf.replace(5, "<< /Type /Font /Subtype /TrueType /BaseFont /AAAAAA+X /FontDescriptor << /Flags 4 /FontFile2 4 0 R >> >>");
    assert!(both(&pdf.build()).unreadable().contains("font"));
    // No font at all.
    let pdf = Pdf::page(&shown("4111222233334444").replace("/F 12", "/None 12"));
    both(&pdf.build()).unreadable();
}

#[test]
fn text_drawn_as_lines_is_unreadable() {
    let pdf = Pdf::page(&"10 10 m 20 20 l S ".repeat(500));
    assert!(both(&pdf.build()).unreadable().contains("drawn"));
    // A blank page is blank.
    both(&Pdf::page("").build()).whole();
}

#[test]
fn pdfs_that_are_something_else_too_are_refused() {
    let sound = Pdf::page(&shown(CARD)).build();
    let zip = crate::build::docx(&crate::build::paragraph("text"));
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(100, 0);
    for (what, bytes, code) in [
        (
            "an archive behind",
            [sound.clone(), zip.clone()].concat(),
            Code::Polyglot,
        ),
        (
            "an archive behind something",
            [sound.clone(), b"just a comment\n".to_vec(), zip.clone()].concat(),
            Code::Polyglot,
        ),
        (
            "an archive in front",
            [b"PK\x03\x04".to_vec(), sound.clone()].concat(),
            Code::Polyglot,
        ),
        (
            "a page in front",
            [b"<html><script>x</script>".to_vec(), sound.clone()].concat(),
            Code::Polyglot,
        ),
        (
            "a picture in front",
            [b"GIF89a".to_vec(), sound.clone()].concat(),
            Code::Polyglot,
        ),
        (
            "a program in front",
            [elf.clone(), sound.clone()].concat(),
            Code::Executable,
        ),
        (
            "a script in front",
            [b"#!/bin/sh\n".to_vec(), sound.clone()].concat(),
            Code::Executable,
        ),
        (
            "a program behind",
            [sound.clone(), elf].concat(),
            Code::Polyglot,
        ),
    ] {
        let outcome = both(&bytes);
        let sentence = outcome.refused(code);
        assert!(!sentence.is_empty(), "{what}");
    }
    // What scanners and web servers put in front and behind.
    for bytes in [
        [b"\xef\xbb\xbf".to_vec(), sound.clone()].concat(),
        [b"\r\n\r\n".to_vec(), sound.clone()].concat(),
        [sound.clone(), b"\r\n\0\0\0".to_vec()].concat(),
    ] {
        assert!(both(&bytes).whole().contains(CARD));
    }
}

#[test]
fn nothing_of_a_page_is_lost_in_garbage() {
    for content in [
        format!("\u{1}\u{2} ]] >> junk {}", shown(CARD)),
        format!("q q q {} Q Q Q Q Q", shown(CARD)),
        format!("BI /W 2 /H 2 ID \u{1}\u{2}EIxx EI {}", shown(CARD)),
        format!("{} BI /W 2 /H 2 ID never ended", shown(CARD)),
        format!(
            "(unclosed {}",
            shown(CARD).replace('(', "\\(").replace(')', "\\)")
        ),
        "BT /F 12 Tf 72 700 Td [(4111) -50 (1111) 20 (1111) 0 (1111)] TJ ET".to_owned(),
        "BT /F 12 Tf 14 TL 72 700 Td (4111) ' (a) Tj T* (4111111111111111) Tj ET".to_owned(),
        "BT /F 12 Tf 72 700 Td 0 0 (4111111111111111) \" ET".to_owned(),
        "BT /F 12 Tf 1 0 0 1 72 700 Tm (41111111) Tj 1 0 0 1 125.4 700 Tm (11111111) Tj ET"
            .to_owned(),
        "BT /F 12 Tf 72 700 Td <34 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31> Tj ET".to_owned(),
    ] {
        let outcome = here(&Pdf::page(&content).build());
        if !content.starts_with("(unclosed") {
            assert!(outcome.text.contains(CARD), "{content}: {}", outcome.text);
        }
    }
}
