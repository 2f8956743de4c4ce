//! The pages of a PDF, and what is drawn in it and on no page.

use super::Pdf;
use super::content::{Cache, Painter, Seen};
use super::matrix::Matrix;
use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use lopdf::{Dictionary, Object, ObjectId};
use std::collections::HashSet;

/// Pictures that cover so much of a page are what the page is about,
const COVERED: f64 = 0.25;
/// unless there is so much text: characters. A scan that was read by a machine
/// has it; a stamp or a page number on a scan is less.
const ENOUGH_TEXT: u64 = 100;
/// Lines and curves on a page without text: text may have been drawn as shapes.
const STROKES: u64 = 100;
/// So many characters that no mapping tells, of so many kinds, may be a
/// number; fewer are bullets and ornaments, unless they are all there is.
const UNMAPPED: u64 = 8;
const UNMAPPED_KINDS: usize = 4;

/// What a page inherits from the nodes above it (ISO 32000-1, 7.7.3.4).
#[derive(Clone, Default)]
struct Inherited<'a> {
    resources: Option<&'a Dictionary>,
    media_box: Option<&'a Object>,
}

impl<'a> Inherited<'a> {
    fn with(mut self, pdf: &'a Pdf, node: &'a Dictionary) -> Self {
        if let Ok(resources) = pdf.get(node, b"Resources").as_dict() {
            self.resources = Some(resources);
        }
        if let media_box @ Object::Array(_) = pdf.get(node, b"MediaBox") {
            self.media_box = Some(media_box);
        }
        self
    }

    fn area(&self, pdf: &Pdf) -> f64 {
        let letter = 612.0 * 792.0;
        let Some(Object::Array(corners)) = self.media_box else {
            return letter;
        };
        let corners: Vec<f64> = corners
            .iter()
            .filter_map(|corner| pdf.resolve(corner).as_float().ok())
            .map(f64::from)
            .collect();
        match corners.as_slice() {
            [x0, y0, x1, y1] => ((x1 - x0) * (y1 - y0)).abs(),
            _ => letter,
        }
    }
}

/// Reads every page in order; returns which objects are pages.
pub(super) fn read(
    pdf: &Pdf,
    reading: &mut Reading<'_>,
    cache: &mut Cache,
) -> Result<HashSet<ObjectId>, Refusal> {
    let root = pdf
        .document
        .catalog()
        .and_then(|catalog| catalog.get(b"Pages"));
    let Ok(root) = root else {
        return Err(Refusal::malformed("it is a PDF without pages"));
    };
    let mut seen = HashSet::new();
    let mut number = 0u32;
    // Depth first; each entry has what it inherits and how deep it is.
    let mut open = vec![(root, Inherited::default(), 0)];
    while let Some((node, inherited, depth)) = open.pop() {
        reading.meter.steps(1)?;
        reading.nesting(depth)?;
        if let Ok(id) = node.as_reference() {
            if !seen.insert(id) {
                return Err(Refusal::malformed("its page tree leads back into itself"));
            }
            if pdf.is_lost(id) {
                reading.unreadable(format!("a page after page {number} is damaged"));
            }
        }
        let Ok(dictionary) = pdf.resolve(node).as_dict() else {
            continue;
        };
        let inherited = inherited.with(pdf, dictionary);
        match pdf.get(dictionary, b"Kids") {
            Object::Array(kids) if pdf.name(dictionary, b"Type") != b"Page" => {
                if open.len() + kids.len() > 4 * reading.limits.pages as usize + 1000 {
                    let limit = reading.limits.pages;
                    let sentence = format!("it has more than the {limit} pages allowed");
                    return Err(Refusal::new(Code::TooManyPages, sentence));
                }
                let kids = kids.iter().rev();
                open.extend(kids.map(|kid| (kid, inherited.clone(), depth + 1)));
            }
            _ => {
                number += 1;
                let name = format!("page {number}");
                reading.page(&name)?;
                page(pdf, reading, cache, dictionary, &inherited, &name)?;
            }
        }
    }
    if number == 0 {
        return Err(Refusal::malformed("it is a PDF without pages"));
    }
    Ok(seen)
}

/// Reads pages that belong to no page tree any more, and forms and patterns
/// that no page shows: appearances of annotations and fields, older revisions.
pub(super) fn read_others(
    pdf: &Pdf,
    reading: &mut Reading<'_>,
    cache: &mut Cache,
    pages: &HashSet<ObjectId>,
) -> Result<(), Refusal> {
    let mut begun = false;
    for (id, object) in &pdf.document.objects {
        reading.meter.steps(1)?;
        if pages.contains(id) || cache.shown.contains(id) {
            continue;
        }
        let orphan = match object {
            Object::Dictionary(page) => pdf.name(page, b"Type") == b"Page",
            Object::Stream(stream) => {
                let kind = pdf.name(&stream.dict, b"Subtype");
                // Viewers show an appearance that does not say that it is a
                // form. Shadings and pictures have a box as well.
                let boxed = stream.dict.has(b"BBox") && !stream.dict.has(b"ShadingType");
                kind == b"Form"
                    || boxed && kind != b"Image"
                    || stream.dict.has(b"PatternType") && stream.dict.has(b"Resources")
            }
            _ => false,
        };
        if !orphan {
            continue;
        }
        if !begun {
            reading.part("beside the pages")?;
            begun = true;
        }
        let name = "what is drawn beside the pages";
        match object {
            Object::Dictionary(dictionary) => {
                let inherited = Inherited::default().with(pdf, dictionary);
                page(pdf, reading, cache, dictionary, &inherited, name)?;
            }
            Object::Stream(stream) => {
                let mut painter = Painter::new(pdf, reading, cache, f64::MAX);
                let own = Dictionary::new();
                painter.form(stream, Some(*id), &own, Matrix::IDENTITY)?;
                let seen = painter.finish()?;
                judge(reading, &seen, name, false);
            }
            _ => {}
        }
    }
    Ok(())
}

fn page(
    pdf: &Pdf,
    reading: &mut Reading<'_>,
    cache: &mut Cache,
    page: &Dictionary,
    inherited: &Inherited<'_>,
    name: &str,
) -> Result<(), Refusal> {
    let mut painter = Painter::new(pdf, reading, cache, inherited.area(pdf));
    // The streams of a page are one content, cut between any two tokens
    // (ISO 32000-1, 7.8.2).
    let mut content = Vec::new();
    let parts = match pdf.get(page, b"Contents") {
        Object::Array(parts) => parts.as_slice(),
        Object::Null => &[],
        part => std::slice::from_ref(part),
    };
    for part in parts {
        if part.as_reference().is_ok_and(|id| pdf.is_lost(id)) {
            painter.seen.damaged = true;
        }
        if let Ok(stream) = pdf.resolve(part).as_stream()
            && let Some(bytes) = painter.decode(stream)?
        {
            content.extend_from_slice(&bytes);
            content.push(b'\n');
        }
    }
    if let Ok(id) = page.get(b"Contents").and_then(Object::as_reference) {
        painter.seen.damaged |= pdf.is_lost(id);
    }
    let none = Dictionary::new();
    painter.run(
        &content,
        inherited.resources.unwrap_or(&none),
        Matrix::IDENTITY,
    )?;
    let seen = painter.finish()?;
    judge(reading, &seen, name, true);
    Ok(())
}

/// Says what of `name` can be seen and was not read.
fn judge(reading: &mut Reading<'_>, seen: &Seen, name: &str, whole_page: bool) {
    let no_text = seen.characters == 0;
    reading.pictures(seen.pictures);
    if whole_page {
        let picture = seen.covered > COVERED && seen.characters < ENOUGH_TEXT;
        if picture || no_text && seen.pictures > 0 {
            reading.unreadable(format!("{name} is a picture"));
        } else if no_text && seen.strokes >= STROKES {
            reading.unreadable(format!("{name} is drawn and has no text"));
        }
    }
    let kinds = seen.unmapped_codes.len();
    if seen.unmapped >= UNMAPPED && (no_text || kinds >= UNMAPPED_KINDS) {
        reading.unreadable(format!("{name} has a font whose characters are not known"));
    }
    if seen.damaged {
        reading.unreadable(format!("{name} is damaged"));
    }
    if seen.circular {
        reading.unreadable(format!("{name} has a form that shows itself"));
    }
    if seen.unknown {
        reading.unreadable(format!("{name} is encoded in a way that is not read"));
    }
}
