//! Office documents whose text stands where only some programs look for it:
//! it is read, or the document is not clean.

use crate::build::{Entry, archive, compound, docx_with, paragraph, word};
use crate::support::{CARD, both};
use tap_functions::document::Code;

const OFFICE: &str = "application/vnd.openxmlformats-officedocument.";

/// A package with these parts: their names, types and contents.
fn package(parts: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut types = "<Types>".to_owned();
    for (name, kind, _) in parts {
        let kind = match kind.contains('/') {
            true => (*kind).to_owned(),
            false => format!("{OFFICE}{kind}"),
        };
        types += &format!("<Override PartName=\"/{name}\" ContentType=\"{kind}\"/>");
    }
    types += "</Types>";
    let mut entries = vec![Entry::new("[Content_Types].xml", types.as_bytes())];
    for (name, _, content) in parts {
        entries.push(Entry::new(name, content.as_bytes()));
    }
    archive(&entries)
}

fn document(text: &str) -> (&'static str, &'static str, String) {
    let body = paragraph(text);
    (
        "word/document.xml",
        "wordprocessingml.document.main+xml",
        format!("<w:document><w:body>{body}</w:body></w:document>"),
    )
}

/// A document that says `text` and has one more part.
fn docx(text: &str, part: (&str, &str, &str)) -> Vec<u8> {
    let (name, kind, content) = document(text);
    package(&[(name, kind, &content), part])
}

#[test]
fn markup_that_looks_like_a_picture_is_read() {
    let notes = format!(
        "<?xml version=\"1.0\"?><!-- <svg --><w:footnotes>{}</w:footnotes>",
        paragraph(CARD)
    );
    let kind = "wordprocessingml.footnotes+xml";
    let outcome = both(&docx("text", ("word/footnotes.xml", kind, &notes)));
    assert!(outcome.whole().contains(CARD), "{}", outcome.text);
    let (name, kind, content) = document(CARD);
    let outcome = both(&package(&[(
        name,
        kind,
        &format!("<!-- <svg -->{content}"),
    )]));
    assert!(outcome.whole().contains(CARD), "{}", outcome.text);
}

#[test]
fn the_text_of_a_drawn_picture_is_read_and_it_is_a_picture() {
    let svg = "<svg><title>aloud 378282246310005</title><style>.a { x: 1 }</style>\
               <path d=\"M 4012 8888 8888 1881\"/>\
               <text x=\"1\">41111111<tspan x=\"9\">11111111</tspan></text></svg>";
    let picture = ("word/media/image1.svg", "image/svg+xml", svg);
    let outcome = both(&docx("text", picture));
    let text = outcome.whole();
    assert!(text.contains(CARD), "{text}");
    assert!(text.contains("aloud 378282246310005"), "{text}");
    assert!(!text.contains("4012") && !text.contains(".a"), "{text}");
    // As a document's only content it is a picture, and so is one by its
    // content alone.
    assert!(both(&docx("", picture)).unreadable().contains("pictures"));
    let unnamed = ("word/media/image1.xml", "application/xml", svg);
    assert!(both(&docx("", unnamed)).unreadable().contains("pictures"));
    // With a document type, as drawing programs write it.
    let typed = format!("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\">{svg}");
    let typed = ("word/media/image1.svg", "image/svg+xml", typed.as_str());
    assert!(both(&docx("text", typed)).unreadable().contains("picture"));
}

#[test]
fn a_part_that_is_named_as_relations_are_is_read() {
    let header = format!("<w:hdr>{}</w:hdr>", paragraph(CARD));
    for name in ["word/h.rels", "h.rels", "word/_rels/h.rels"] {
        let kind = "wordprocessingml.header+xml";
        let outcome = both(&docx("text", (name, kind, &header)));
        assert!(outcome.whole().contains(CARD), "{name}: {}", outcome.text);
    }
}

#[test]
fn a_second_index_of_shared_texts_is_read_and_not_believed() {
    let sheet = "<worksheet><sheetData><row><c t=\"s\"><v>0</v></c></row></sheetData></worksheet>";
    let index = |text: &str| format!("<sst><si><t>{text}</t></si></sst>");
    let (decoy, real) = (index("nothing"), index(CARD));
    let kind = "spreadsheetml.sharedStrings+xml";
    let workbook = (
        "xl/workbook.xml",
        "spreadsheetml.sheet.main+xml",
        "<workbook/>",
    );
    let sheet = (
        "xl/worksheets/sheet1.xml",
        "spreadsheetml.worksheet+xml",
        sheet,
    );
    let usual = ("xl/sharedStrings.xml", kind, decoy.as_str());
    let other = ("xl/other.xml", kind, real.as_str());
    let outcome = both(&package(&[workbook, sheet, usual, other]));
    assert!(outcome.unreadable().contains("index"), "{outcome:?}");
    assert!(outcome.text.contains(CARD), "{}", outcome.text);
    // One of its kind is the index, whatever its name is.
    let outcome = both(&package(&[workbook, sheet, other]));
    assert_eq!(outcome.whole().matches(CARD).count(), 1, "{}", outcome.text);
    let usual = ("xl/sharedStrings.xml", "application/xml", decoy.as_str());
    let outcome = both(&package(&[workbook, sheet, usual, other]));
    assert!(outcome.whole().contains(CARD), "{}", outcome.text);
    assert!(outcome.text.contains("nothing"), "{}", outcome.text);
    // In a letter it is a text as any other.
    let outcome = both(&docx("text", ("word/strings.xml", kind, &real)));
    assert!(outcome.whole().contains(CARD), "{}", outcome.text);
}

#[test]
fn names_in_old_documents_are_the_same_in_any_case() {
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(100, 0);
    let name = b"a.txt\0";
    let mut native = vec![0, 0, 0, 0, 2, 0];
    native.extend([&name[..], name, &[0, 0, 3, 0, 6, 0, 0, 0], name].concat());
    native.extend((elf.len() as u32).to_le_bytes());
    native.extend(&elf);
    let (text, table) = word(CARD.as_bytes(), 0);
    let with = |path: &str, content: &[u8]| {
        both(&compound(&[
            ("/WordDocument", &text),
            ("/0Table", &table),
            (path, content),
        ]))
    };
    for path in [
        "/ObjectPool/_1/\u{1}Ole10Native",
        "/ObjectPool/_1/\u{1}oLe10nAtIVe",
        "/oBJECTpOOL/_1/\u{1}OLE10NATIVE",
    ] {
        with(path, &native).refused(Code::EmbeddedExecutable);
    }
    with("/ObjectPool/_1/pACKAGE", &elf).refused(Code::EmbeddedExecutable);
    with("/ObjectPool/_1/x", &elf).refused(Code::EmbeddedExecutable);
    for path in ["/ObjectPool/_1/x", "/objectpool/_1/Data", "/ObjectPool/x"] {
        let outcome = with(path, b"data of some program");
        assert!(outcome.unreadable().contains("not read"), "{path}");
    }
    for path in [
        "/ObjectPool/_1/\u{1}CompObj",
        "/ObjectPool/_1/\u{3}ObjInfo",
        "/ObjectPool/_1/\u{1}Ole",
        "/ObjectPool/_1/\u{3}EPRINT",
        "/ObjectPool/_1/\u{3}eprint",
        "/Data",
    ] {
        assert!(with(path, b"x").whole().contains(CARD), "{path}");
    }
    // Of a document within, its own streams are no unknown data.
    let inner = compound(&[
        ("/wOrdDocument", &text),
        ("/0tAble", &table),
        ("/ObjectPool/_1/worddocument", &text),
        ("/ObjectPool/_1/0Table", &table),
        ("/ObjectPool/_1/Data", b"x"),
    ]);
    assert_eq!(both(&inner).whole().matches(CARD).count(), 2);
    // An object in a new document.
    let object = compound(&[("/pAckage", CARD.as_bytes()), ("/\u{1}Ole", b"x")]);
    let outcome = both(&docx_with("word/embeddings/oleObject1.bin", &object));
    assert!(outcome.whole().contains(CARD), "{}", outcome.text);
    let object = compound(&[("/Package", CARD.as_bytes()), ("/more", b"x")]);
    let outcome = both(&docx_with("word/embeddings/oleObject1.bin", &object));
    assert!(outcome.unreadable().contains("not read"), "{outcome:?}");
}
