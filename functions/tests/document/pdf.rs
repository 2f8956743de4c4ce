//! PDF: every place where text may stand, in the ways that producers write it.

use crate::support::{CARD, child, fixture, here};
use tap_functions::document::{Code, Kind};

/// The numbers of `fixtures/make.py`, each in a place of its own.
const PLACES: &[(&str, &str)] = &[
    ("in one string", "In one string: 4111111111111111 and on"),
    ("with spaces", "5555 5555 5555 4444"),
    ("digit by digit", "378282246310005"),
    ("letter by letter", "6011111111111117"),
    ("turned", "turned 3530111333300000"),
    ("in the title", "Title 30569309025904"),
    ("in the outline", "Outline 4012888888881881"),
    ("on the second page", "second page 5105105105105100"),
];

#[test]
fn every_place_is_read_however_the_file_is_written() {
    for name in [
        "text.pdf",
        "ascii85.pdf",
        "plain.pdf",
        "object-streams.pdf",
        "linearized.pdf",
    ] {
        let outcome = here(&fixture(&format!("pdf/{name}")));
        let text = outcome.whole();
        for (place, expected) in PLACES {
            assert!(
                text.contains(expected),
                "{name}: {place} is missing: {text}"
            );
        }
        let parsed = outcome.result.unwrap();
        assert_eq!((parsed.kind, parsed.parts), (Kind::Pdf, 2), "{name}");
    }
}

#[test]
fn a_pdf_is_read_in_the_child_as_it_is_here() {
    let bytes = fixture("pdf/text.pdf");
    assert_eq!(child(&bytes).whole(), here(&bytes).whole());
}

#[test]
fn a_subset_font_is_read_through_its_mapping() {
    let outcome = here(&fixture("pdf/embedded-font.pdf"));
    let text = outcome.whole();
    assert!(
        text.contains("subset 4111111111111111 Müller – ok"),
        "{text}"
    );
    assert!(text.contains("5555555555554444"), "{text}");
}

#[test]
fn what_no_page_shows_is_read_as_well() {
    let outcome = here(&fixture("pdf/beside-the-pages.pdf"));
    let text = outcome.whole();
    for expected in [
        "note 5105105105105100",
        "appearance 6011000990139424",
        "attached 371449635398431",
        "metadata 3566002020360505",
    ] {
        assert!(text.contains(expected), "{expected} is missing: {text}");
    }
    let outcome = here(&fixture("pdf/form.pdf"));
    assert!(outcome.whole().contains("field 4111111111111111"));
}

#[test]
fn a_page_that_is_a_picture_is_unreadable_and_a_logo_is_not() {
    let outcome = here(&fixture("pdf/picture.pdf"));
    assert_eq!(outcome.unreadable(), "page 1 is a picture");
    let outcome = here(&fixture("pdf/logo.pdf"));
    assert!(outcome.whole().contains(CARD));
    assert_eq!(outcome.result.unwrap().pictures, 1);
}

#[test]
fn what_asks_for_a_password_is_refused_and_what_does_not_is_read() {
    for cipher in ["rc4-40", "rc4-128", "aes-128", "aes-256"] {
        let outcome = here(&fixture(&format!("pdf/encrypted-{cipher}-user.pdf")));
        outcome.refused(Code::Encrypted);
        let outcome = here(&fixture(&format!("pdf/encrypted-{cipher}-owner.pdf")));
        let text = outcome.whole();
        for (place, expected) in PLACES {
            assert!(
                text.contains(expected),
                "{cipher}: {place} is missing: {text}"
            );
        }
    }
}
