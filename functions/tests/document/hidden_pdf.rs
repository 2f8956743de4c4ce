//! PDFs whose text or programs stand where only some viewers look for them: they
//! are found, or the document is not clean.

use crate::build::{Pdf, shown};
use crate::support::{CARD, both};
use tap_functions::document::Code;

fn with_catalog(pdf: &mut Pdf, more: &str) {
    pdf.replace(1, &format!("<< /Type /Catalog /Pages 2 0 R {more} >>"));
}

#[test]
fn a_form_within_another_object_is_read() {
    let form = |dictionary: &str, content: &[u8], more: &str| {
        let mut pdf = Pdf::page(&shown("text"));
        let form = pdf.stream(dictionary, content);
        with_catalog(&mut pdf, &more.replace("FORM", &format!("{form} 0 R")));
        both(&pdf.build())
    };
    let data = format!("<xdp><data>{CARD}</data></xdp>");
    let script = b"<xdp><script>x</script></xdp>";
    for more in [
        "/AcroForm << /XFA FORM >>",
        "/AcroForm << /XFA [(datasets) FORM] >>",
        "/X [1 [<< /Y << /XFA FORM >> >>]]",
    ] {
        let outcome = form("", data.as_bytes(), more);
        assert!(outcome.whole().contains(CARD), "{more}: {}", outcome.text);
        form("", script, more).refused(Code::ActiveContent);
        let filter = |filter: &str| form(filter, data.as_bytes(), more);
        for dictionary in [
            "/Filter /NoSuchDecode",
            "/Filter /DCTDecode",
            "/Filter /FlateDecode",
        ] {
            let outcome = filter(dictionary);
            assert!(outcome.unreadable().contains("form"), "{dictionary}");
        }
    }
}

#[test]
fn a_catalog_in_the_trailer_is_read_as_others_are() {
    let mut pdf = Pdf::page(&shown("text"));
    pdf.trailer = format!("/Extra << /Title ({CARD}) >>");
    let outcome = both(&pdf.build());
    assert!(outcome.whole().contains(CARD), "{}", outcome.text);
}

#[test]
fn a_file_attached_within_another_object_is_looked_at() {
    let attach = |name: &str, content: &[u8]| {
        let mut pdf = Pdf::page(&shown("text"));
        let file = pdf.stream("", content);
        let names = format!("/Names [(a) << /F ({name}) /EF << /F {file} 0 R >> >>]");
        with_catalog(
            &mut pdf,
            &format!("/Names << /EmbeddedFiles << {names} >> >>"),
        );
        both(&pdf.build())
    };
    attach("run.vbs", b"x").refused(Code::EmbeddedExecutable);
    attach("a.txt", b"#!/bin/sh\n").refused(Code::EmbeddedExecutable);
    assert!(attach("a.txt", CARD.as_bytes()).whole().contains(CARD));
}

#[test]
fn an_image_in_a_page_takes_nothing_of_it_in_silence() {
    let page = |content: String| both(&Pdf::page(&content).build());
    let outcome = page(format!("BI /W 1 /H 1 ID xEI\n{}", shown(CARD)));
    assert!(outcome.text.contains(CARD), "{}", outcome.text);
    let outcome = page(format!("{} BI ID never ends {}", shown("a"), shown(CARD)));
    assert!(outcome.unreadable().contains("damaged"));
    let second = "BI /W 1 /H 1 ID x EI Q";
    let outcome = page(format!("BI /W 1 /H 1 ID xEI {} {second}", shown(CARD)));
    assert!(outcome.unreadable().contains("damaged"));
    let outcome = page(format!("{second} {}", shown(CARD)));
    assert!(outcome.text.contains(CARD), "{}", outcome.text);
    let outcome = page(format!("{} (never ends {}", shown("a"), shown(CARD)));
    assert!(outcome.unreadable().contains("damaged"));
}

#[test]
fn an_appearance_that_does_not_say_that_it_is_a_form_is_read() {
    let resources = "/Resources << /Font << /F 5 0 R >> >>";
    let with = |dictionary: &str| {
        let mut pdf = Pdf::page_with(&shown("text"), "/Annots [7 0 R]");
        pdf.object("null");
        pdf.object("<< /Type /Annot /Subtype /Stamp /Rect [0 0 9 9] /AP << /N 8 0 R >> >>");
        pdf.stream(&format!("{dictionary} {resources}"), shown(CARD).as_bytes());
        both(&pdf.build())
    };
    for dictionary in [
        "/BBox [0 0 9 9]",
        "/BBox [0 0 9 9] /Subtype /Other",
        "/Subtype /Form",
    ] {
        let outcome = with(dictionary);
        assert!(
            outcome.whole().contains(CARD),
            "{dictionary}: {}",
            outcome.text
        );
    }
    assert!(!with("/BBox [0 0 9 9] /Subtype /Image").text.contains(CARD));
}

#[test]
fn a_parent_does_not_make_an_action_harmless() {
    let with = |object: &str| {
        let mut pdf = Pdf::page(&shown("text"));
        pdf.object(object);
        both(&pdf.build())
    };
    for target in ["/F (cmd.exe)", "/Win << /F (a) >>", "/Mac (x)", "/Unix (x)"] {
        with(&format!("<< /S /Launch /P 3 0 R {target} >>")).refused(Code::ActiveContent);
    }
    with("<< /S /Launch >>").refused(Code::ActiveContent);
    // An element of the structure tree that someone named so.
    with("<< /Type /StructElem /S /Launch /P 3 0 R /K 0 >>").whole();
}

#[test]
fn content_that_is_no_content_is_damaged() {
    // As a page is that could not be decrypted.
    let mut state = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .filter(|byte| !b"(%".contains(byte))
    .take(500)
    .collect();
    let mut pdf = Pdf::page("");
    pdf.replace_stream(4, "", &noise);
    assert!(both(&pdf.build()).unreadable().contains("damaged"));
    let with = |content: &str| both(&Pdf::page(content).build());
    assert!(with("what a page is not").unreadable().contains("damaged"));
    with(&format!("junk {}", shown(CARD))).whole();
    with("").whole();
    with(" \n ").whole();
    with("% a remark\n").whole();
}

#[test]
fn a_number_in_few_unknown_characters_is_unreadable() {
    let font = "<< /Type /Font /Subtype /TrueType /BaseFont /AAAAAA+X \
                /FontDescriptor << /Flags 4 /FontFile2 4 0 R >> >>";
    let with = |content: &str| {
        let mut pdf = Pdf::page(content);
        pdf.replace(5, font);
        pdf.object("null");
        both(&pdf.build())
    };
    let outcome = with(&shown("4242424242424242"));
    assert!(outcome.unreadable().contains("font"), "{outcome:?}");
    // A bullet is no number.
    with(&shown("...")).whole();
}
