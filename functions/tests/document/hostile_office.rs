//! Office documents that are made to hurt, to hide or to run: none may pass
//! as clean.

use crate::build::{
    Entry, archive, compound, doc, docx, docx_entries, docx_entries_as, docx_with, paragraph, word,
    xlsx,
};
use crate::support::{CARD, both, both_within, fixture, here};
use tap_functions::document::{Code, Kind, Limits};

fn elf() -> Vec<u8> {
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(100, 0);
    elf
}

#[test]
fn the_writers_of_these_tests_write_sound_files() {
    assert!(both(&docx(&paragraph(CARD))).whole().contains(CARD));
    assert!(both(&doc(CARD.as_bytes())).whole().contains(CARD));
    let row = format!("<row><c t=\"s\"><v>0</v></c><c><v>{CARD}</v></c></row>");
    let outcome = both(&xlsx(
        &row,
        "<si><t>card</t></si><si><t>unused 4012888888881881</t></si>",
    ));
    assert!(outcome.whole().contains(&format!("card\t{CARD}")));
    assert!(outcome.text.contains("unused 4012888888881881"));
}

#[test]
fn markup_that_expands_or_never_ends_is_refused() {
    let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;&b;\">]><a>&c;</a>";
    both(&docx_with("customXml/item.xml", laughs.as_bytes())).refused(Code::Malformed);
    both(&docx_with("customXml/item.xml", b"<a>&unknown;</a>")).refused(Code::Malformed);
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    both(&docx_with("customXml/item.xml", deep.as_bytes())).refused(Code::TooDeep);
    both(&docx(&deep)).refused(Code::TooDeep);
    for broken in ["<a>", "<a></b>", "<a", "<a b=>", "</a>"] {
        both(&docx_with("customXml/item.xml", broken.as_bytes())).not_clean();
    }
    both(&docx("<w:p><w:r><w:t>4111")).refused(Code::Malformed);
    // One text of many megabytes, none of which may be kept.
    let words = "4111 1111 1111 1112 and noise ".repeat(1 << 20);
    let outcome = both(&docx_with(
        "customXml/item.xml",
        format!("<a>{words}</a>").as_bytes(),
    ));
    assert!(outcome.result.is_err());
}

#[test]
fn what_an_office_document_runs_or_fetches_is_refused() {
    let relations = |target: &str, kind: &str| {
        format!(
            "<Relationships><Relationship Id=\"a\" Type=\"http://x/{kind}\" \
             Target=\"{target}\" TargetMode=\"External\"/></Relationships>"
        )
    };
    let field = |code: &str| {
        format!(
            "<w:p><w:r><w:fldChar/></w:r><w:r><w:instrText>{code}</w:instrText></w:r>\
             <w:r><w:fldChar/></w:r></w:p>"
        )
    };
    let macro_type = "application/vnd.ms-word.document.macroEnabled.main+xml";
    let vba = compound(&[("/VBA/dir", b"x")]);
    let package = |name: &str, content: &[u8]| {
        let mut native = vec![0, 0, 0, 0, 2, 0];
        native.extend(name.bytes().chain([0]));
        native.extend(name.bytes().chain([0]));
        native.extend([0, 0, 3, 0]);
        native.extend(((name.len() + 1) as u32).to_le_bytes());
        native.extend(name.bytes().chain([0]));
        native.extend((content.len() as u32).to_le_bytes());
        native.extend(content);
        compound(&[("/\u{1}Ole10Native", &native)])
    };
    for (what, bytes, code) in [
        (
            "a type with macros",
            archive(&docx_entries_as(macro_type, &paragraph("text"))),
            Code::Macro,
        ),
        (
            "a macro project",
            docx_with("word/vbaProject.bin", b"\0"),
            Code::Macro,
        ),
        (
            "a macro project by another name",
            docx_with("word/data.bin", &vba),
            Code::Macro,
        ),
        (
            "a sheet of macros",
            docx_with("xl/macrosheets/sheet1.xml", b"<a/>"),
            Code::Macro,
        ),
        (
            "a control",
            docx_with("word/activeX/activeX1.xml", b"<a/>"),
            Code::ActiveContent,
        ),
        (
            "a program",
            docx_with("word/media/image1.png", &elf()),
            Code::EmbeddedExecutable,
        ),
        (
            "a script",
            docx_with("word/media/image1.png", b"#!/bin/sh\n"),
            Code::EmbeddedExecutable,
        ),
        (
            "a program in an object",
            docx_with("word/embeddings/oleObject1.bin", &package("a.txt", &elf())),
            Code::EmbeddedExecutable,
        ),
        (
            "a script in an object",
            docx_with("word/embeddings/oleObject1.bin", &package("a.vbs", b"x")),
            Code::EmbeddedExecutable,
        ),
        (
            "a program in an archive",
            docx_with(
                "word/embeddings/a.zip",
                &archive(&[Entry::new("a", &elf())]),
            ),
            Code::EmbeddedExecutable,
        ),
        (
            "DDE",
            docx(&field(" DDEAUTO c:\\\\cmd.exe")),
            Code::ActiveContent,
        ),
        (
            "DDE in pieces",
            docx(&field(" DD</w:instrText></w:r><w:r><w:instrText>E cmd")),
            Code::ActiveContent,
        ),
        (
            "DDE in a simple field",
            docx("<w:p><w:fldSimple w:instr=\"DDE cmd\"/></w:p>"),
            Code::ActiveContent,
        ),
        (
            "DDE in a cell",
            xlsx("<row><c><f>cmd|'/c calc'!A1</f><v>0</v></c></row>", ""),
            Code::ActiveContent,
        ),
        (
            "a template from elsewhere",
            docx_with(
                "word/_rels/settings.xml.rels",
                relations("https://example.com/a.dotm", "attachedTemplate").as_bytes(),
            ),
            Code::ExternalContent,
        ),
        (
            "an object from elsewhere",
            docx_with(
                "word/_rels/document.xml.rels",
                relations("mhtml:https://example.com/a!x", "oleObject").as_bytes(),
            ),
            Code::ExternalContent,
        ),
    ] {
        let outcome = both(&bytes);
        let sentence = outcome.refused(code);
        assert!(!sentence.is_empty(), "{what}");
    }
    // The template that a document was made with, a link, a file put in.
    let local = relations("file:///C:\\Users\\A\\Normal.dotm", "attachedTemplate");
    both(&docx_with("word/_rels/settings.xml.rels", local.as_bytes())).whole();
    let link = relations(&format!("https://example.com/?card={CARD}"), "hyperlink");
    assert!(
        both(&docx_with("word/_rels/document.xml.rels", link.as_bytes()))
            .whole()
            .contains(CARD)
    );
    let text = package("a.txt", CARD.as_bytes());
    assert!(
        both(&docx_with("word/embeddings/oleObject1.bin", &text))
            .whole()
            .contains(CARD)
    );
    let inner = docx(&paragraph(CARD));
    assert!(
        both(&docx_with("word/embeddings/a.docx", &inner))
            .whole()
            .contains(CARD)
    );
    both(&docx_with(
        "word/embeddings/oleObject1.bin",
        &compound(&[("/Equation Native", b"x")]),
    ))
    .unreadable();
    both(&docx_with("word/unknown.bin", b"\x02\x03\x00\x01")).unreadable();
}

#[test]
fn nothing_of_a_text_is_lost_in_how_it_is_written() {
    let utf16 = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect()
    };
    let in_utf16 = |body: &str| {
        let mut entries = docx_entries("");
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><w:document><w:body>{body}</w:body></w:document>"
        );
        entries[1] = Entry::new("word/document.xml", &utf16(&text));
        archive(&entries)
    };
    let run = |text: &str| format!("<w:r><w:t>{text}</w:t></w:r>");
    let pieces: String = CARD.chars().map(|digit| run(&digit.to_string())).collect();
    for (what, bytes) in [
        ("in UTF-16", in_utf16(&paragraph(CARD))),
        (
            "by reference",
            docx(&paragraph("4111&#49;&#x31;1111111111")),
        ),
        (
            "in a section of characters",
            docx(&paragraph("4111<![CDATA[111111111111]]>")),
        ),
        ("run by run", docx(&format!("<w:p>{pieces}</w:p>"))),
        (
            "deleted",
            docx(&format!(
                "<w:p><w:del><w:r><w:delText>{CARD}</w:delText></w:r></w:del></w:p>"
            )),
        ),
        (
            "around a text box",
            docx(&format!(
                "<w:p>{}<w:r><w:txbxContent>{}</w:txbxContent></w:r>{}</w:p>",
                run("41111111"),
                paragraph("box"),
                run("11111111")
            )),
        ),
        (
            "in a text box",
            docx(&format!(
                "<w:p><w:r><w:txbxContent>{}</w:txbxContent></w:r></w:p>",
                paragraph(CARD)
            )),
        ),
        (
            "in a field's code",
            docx(&format!(
                "<w:p><w:r><w:instrText>HYPERLINK \"x?{CARD}\"</w:instrText></w:r></w:p>"
            )),
        ),
        (
            "in a picture's description",
            docx(&format!(
                "<w:p><w:drawing><wp:docPr descr=\"{CARD}\"/></w:drawing></w:p>"
            )),
        ),
        (
            "in word art",
            docx(&format!("<w:p><v:textpath string=\"{CARD}\"/></w:p>")),
        ),
        (
            "in a formula",
            docx(&format!(
                "<w:p><m:oMath><m:r><m:t>{CARD}</m:t></m:r></m:oMath></w:p>"
            )),
        ),
        (
            "in an unknown element",
            docx("<w:p><x:new>4111&#49;11111111111</x:new></w:p>"),
        ),
        (
            "in a part of its own",
            docx_with("customXml/item1.xml", format!("<a b='{CARD}'/>").as_bytes()),
        ),
        (
            "in a web page put in",
            docx_with(
                "word/afchunk.htm",
                format!("<html><body>{CARD}</body></html>").as_bytes(),
            ),
        ),
        (
            "in a text put in",
            docx_with("word/afchunk.txt", CARD.as_bytes()),
        ),
        (
            "as an exponent",
            xlsx("<row><c><v>4.111111111111111E15</v></c></row>", ""),
        ),
        (
            "in a cell's own text",
            xlsx(
                &format!(
                    "<row><c t=\"inlineStr\"><is><r><t>4111</t></r><r><t>{}</t></r></is></c></row>",
                    &CARD[4..]
                ),
                "",
            ),
        ),
        (
            "in a formula's result",
            xlsx(
                &format!("<row><c t=\"str\"><f>A1</f><v>{CARD}</v></c></row>"),
                "",
            ),
        ),
        (
            "in rich shared text",
            xlsx(
                "<row><c t=\"s\"><v>0</v></c></row>",
                &format!("<si><r><t>4111</t></r><r><t>{}</t></r></si>", &CARD[4..]),
            ),
        ),
        (
            "in a page's header",
            xlsx(
                &format!(
                    "</sheetData><headerFooter><oddHeader>{CARD}</oddHeader></headerFooter><sheetData>"
                ),
                "",
            ),
        ),
    ] {
        let outcome = both(&bytes);
        assert!(outcome.text.contains(CARD), "{what}: {outcome:?}");
    }
    // A measure beside a text is no part of it, and neither is the next cell.
    let measured = docx(&format!(
        "<w:p>{}<w:posOffset>1111</w:posOffset>{}</w:p>",
        run("4111"),
        run("1111")
    ));
    assert!(both(&measured).whole().contains("41111111\n"));
    let fallback = docx(&format!(
        "<mc:AlternateContent><mc:Choice>{0}</mc:Choice><mc:Fallback>{0}{1}</mc:Fallback></mc:AlternateContent>",
        paragraph(CARD),
        paragraph("only here")
    ));
    let outcome = both(&fallback);
    assert_eq!(outcome.whole().matches(CARD).count(), 1);
    assert!(outcome.text.contains("only here"));
}

#[test]
fn cells_that_refer_to_nothing_or_to_too_much_are_refused() {
    both(&xlsx("<row><c t=\"s\"><v>7</v></c></row>", "")).refused(Code::Malformed);
    both(&xlsx("<row><c t=\"s\"><v>x</v></c></row>", "")).refused(Code::Malformed);
    let long = format!("<si><t>{}</t></si>", "4111 ".repeat(20_000));
    let limits = Limits {
        text_bytes: 4 << 20,
        ..Limits::default()
    };
    let outcome = both_within(
        &xlsx(&"<row><c t=\"s\"><v>0</v></c></row>".repeat(1000), &long),
        &limits,
    );
    outcome.refused(Code::TooMuchText);
}

#[test]
fn old_documents_that_hide_or_run_are_refused() {
    let (plain, table) = word(CARD.as_bytes(), 0);
    let (encrypted, _) = word(CARD.as_bytes(), 0x0100);
    let (obfuscated, _) = word(CARD.as_bytes(), 0x8100);
    let document = ("/WordDocument", plain.as_slice());
    let table = ("/0Table", table.as_slice());
    for (what, streams, code) in [
        (
            "encrypted",
            vec![("/WordDocument", encrypted.as_slice()), table],
            Code::Encrypted,
        ),
        (
            "obfuscated",
            vec![("/WordDocument", obfuscated.as_slice()), table],
            Code::Encrypted,
        ),
        (
            "an encrypted package",
            vec![("/EncryptedPackage", &b"x"[..]), ("/EncryptionInfo", b"x")],
            Code::Encrypted,
        ),
        (
            "macros",
            vec![document, table, ("/Macros/VBA/dir", b"x")],
            Code::Macro,
        ),
        (
            "macros elsewhere",
            vec![
                document,
                table,
                ("/ObjectPool/_1/_VBA_PROJECT_CUR/VBA/dir", b"x"),
            ],
            Code::Macro,
        ),
        ("no table", vec![document], Code::Malformed),
        (
            "no text",
            vec![("/WordDocument", b"x"), table],
            Code::Malformed,
        ),
        (
            "an unknown program's",
            vec![("/Contents", b"x")],
            Code::UnknownType,
        ),
    ] {
        let outcome = both(&compound(&streams));
        let sentence = outcome.refused(code);
        assert!(!sentence.is_empty(), "{what}");
    }
    for field in [
        "\u{13}DDEAUTO cmd\u{14}x\u{15}",
        "\u{13} dde cmd\u{15}",
        "\u{13}DDE never ended",
    ] {
        both(&doc(field.as_bytes())).refused(Code::ActiveContent);
    }
    let inner = compound(&[
        document,
        table,
        ("/ObjectPool/_1/WordDocument", document.1),
        ("/ObjectPool/_1/0Table", table.1),
    ]);
    assert_eq!(both(&inner).whole().matches(CARD).count(), 2);
}

#[test]
fn an_old_documents_fields_and_marks_are_read() {
    let text =
        b"a\x13HYPERLINK \"x?4012888888881881\"\x144111\x15\r4111\x1e1111\x07cell\x07\x0cend";
    let outcome = both(&doc(text));
    let read = outcome.whole();
    for expected in ["a4111", "4012888888881881", "4111-1111\tcell\t\nend"] {
        assert!(read.contains(expected), "{expected}: {read}");
    }
    let outcome = both(&doc(b"\x01\x08 picture"));
    assert!(outcome.unreadable().contains("pictures"));
}

#[test]
fn a_broken_piece_table_is_no_clean_document() {
    let (word, table) = word(CARD.as_bytes(), 0);
    for at in 0..table.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut table = table.clone();
            table[at] = value;
            let outcome = here(&compound(&[("/WordDocument", &word), ("/0Table", &table)]));
            if outcome
                .result
                .as_ref()
                .is_ok_and(|parsed| parsed.unreadable.is_none())
            {
                assert_eq!(outcome.result.as_ref().unwrap().kind, Kind::Doc);
                assert!(!outcome.text.is_empty(), "byte {at} is {value}");
            }
        }
    }
    let bytes = fixture("office/letter.doc");
    for length in (0..bytes.len()).step_by(509) {
        here(&bytes[..length]).not_clean();
    }
}
