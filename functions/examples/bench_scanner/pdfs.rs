//! A corpus of PDFs to measure on: reports of forty pages, prose with tables of
//! digits in it, compressed as every writer does.

use crate::corpus::random::Random;
use crate::corpus::texts;
use lopdf::content::{Content, Operation};
use lopdf::{Document, Object, Stream, dictionary};

const PAGES: usize = 40;
const LINES: usize = 50;
/// Characters of a line at the size that it is set in.
const LINE: usize = 90;

/// So many PDFs.
pub fn reports(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| report(random)).collect()
}

fn report(random: &mut Random) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier", "Encoding" => "WinAnsiEncoding",
    });
    let resources = document.add_object(dictionary! { "Font" => dictionary! { "F1" => font } });
    let mut kids = Vec::new();
    for page in 0..PAGES {
        let text = match page % 4 {
            3 => texts::log(random, LINES * LINE),
            _ => texts::prose(random, LINES * LINE),
        };
        let content = page_of(&text);
        let mut stream = Stream::new(dictionary! {}, content);
        // Without it the page is just longer.
        let _ = stream.compress();
        let contents = document.add_object(stream);
        let kid = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => pages, "Contents" => contents, "Resources" => resources,
            "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
        });
        kids.push(Object::from(kid));
    }
    let count = i64::try_from(kids.len()).unwrap_or_default();
    document.objects.insert(
        pages,
        dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }.into(),
    );
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    if document.save_to(&mut bytes).is_err() {
        bytes.clear();
    }
    bytes
}

fn page_of(text: &[u8]) -> Vec<u8> {
    let mut operations = vec![
        Operation::new("BT", vec![]),
        Operation::new("Tf", vec!["F1".into(), 9.into()]),
        Operation::new("TL", vec![14.into()]),
        Operation::new("Td", vec![50.into(), 790.into()]),
    ];
    let printable: Vec<u8> = text
        .iter()
        .map(|byte| if byte.is_ascii_graphic() { *byte } else { b' ' })
        .collect();
    for line in printable.chunks(LINE).take(LINES) {
        operations.push(Operation::new("Tj", vec![Object::string_literal(line)]));
        operations.push(Operation::new("T*", vec![]));
    }
    operations.push(Operation::new("ET", vec![]));
    Content { operations }.encode().unwrap_or_default()
}
