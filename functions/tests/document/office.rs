//! DOCX, XLSX and DOC as office programs write them: every place is read, and
//! what a run, a cell or a format hides is put together again.

use crate::support::{CARD, Outcome, child, fixture, here};
use tap_functions::document::{Code, Kind};

/// The numbers of the letter in `fixtures/make.py`, each in a place of its own.
const LETTER: &[(&str, &str)] = &[
    ("split into runs", "split 4111111111111111"),
    ("in a cell", "cell 378282246310005"),
    ("in the header", "header 6011111111111117"),
    ("in the footer", "footer 3530111333300000"),
    ("hidden", "hidden 4012888888881881"),
    ("in a comment", "comment 5105105105105100"),
    ("in the title", "title 30569309025904"),
];

#[track_caller]
fn has(outcome: &Outcome, places: &[(&str, &str)], what: &str) {
    let text = outcome.whole();
    for (place, expected) in places {
        assert!(
            text.contains(expected),
            "{what}: {place} is missing: {text}"
        );
    }
}

#[test]
fn every_place_of_a_letter_is_read_whoever_wrote_it() {
    for (name, kind) in [
        ("docx/letter.docx", Kind::Docx),
        ("office/letter.docx", Kind::Docx),
        ("office/letter.doc", Kind::Doc),
    ] {
        let outcome = here(&fixture(name));
        has(&outcome, LETTER, name);
        // Two cells are two numbers, and no card.
        assert!(!outcome.text.contains("5555555555554444"), "{name}");
        assert_eq!(outcome.result.unwrap().kind, kind, "{name}");
    }
    let outcome = here(&fixture("office/letter.pdf"));
    // Neither hidden text nor comments are in a print.
    let printed: Vec<_> = LETTER
        .iter()
        .filter(|(place, _)| !["hidden", "in a comment"].contains(place))
        .copied()
        .collect();
    has(&outcome, &printed, "LibreOffice's PDF");
}

#[test]
fn a_workbook_is_read_as_it_is_shown() {
    let outcome = here(&fixture("xlsx/cards.xlsx"));
    has(
        &outcome,
        &[
            ("as text", "as text\t4111111111111111\n"),
            ("as a number", "as a number\t5555555555554444\n"),
            ("formatted", "formatted\t6011 1111 1111 1117\n"),
            ("under a number's format", "security number\t078-05-1120\n"),
            ("in a formula", "=4012888888881881*1"),
            ("in a comment", "comment 378282246310005"),
            ("in the print's header", "header 3530111333300000"),
            ("in the second sheet", "second 5105105105105100"),
        ],
        "the workbook",
    );
    assert!(outcome.text.contains("== sheet 2 =="), "{}", outcome.text);
    let parsed = outcome.result.unwrap();
    assert_eq!((parsed.kind, parsed.parts), (Kind::Xlsx, 2));
}

#[test]
fn office_documents_are_read_in_the_child_as_they_are_here() {
    for name in ["docx/letter.docx", "xlsx/cards.xlsx", "office/letter.doc"] {
        let bytes = fixture(name);
        assert_eq!(child(&bytes).whole(), here(&bytes).whole(), "{name}");
    }
}

#[test]
fn a_document_of_pictures_is_unreadable_and_one_with_a_logo_is_not() {
    let outcome = here(&fixture("docx/picture.docx"));
    assert!(outcome.unreadable().contains("pictures"));
    let outcome = here(&fixture("docx/logo.docx"));
    assert!(outcome.whole().contains(CARD));
    // It was not read either: how many there are is told.
    assert_eq!(outcome.result.unwrap().pictures, 1);
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    for (name, says) in [
        ("office/letter.odt", "OpenDocument"),
        ("office/letter.rtf", "RTF"),
        ("office/cards.xls", "before 2007"),
    ] {
        let outcome = here(&fixture(name));
        let sentence = outcome.refused(Code::UnknownType);
        assert!(sentence.contains(says), "{name}: {sentence}");
    }
}
