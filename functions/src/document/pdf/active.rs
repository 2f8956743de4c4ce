//! What a PDF does when it is opened, beyond being shown: refused.

use super::Pdf;
use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use lopdf::{Dictionary, Object};

/// Refuses JavaScript, actions that start programs, and multimedia that
/// carries scripts, wherever they stand in the file: which of them is reached
/// depends on the viewer.
pub(super) fn refuse(pdf: &Pdf, reading: &Reading<'_>) -> Result<(), Refusal> {
    for object in pdf.document.objects.values() {
        look(pdf, object, reading, 0)?;
    }
    for (_, object) in pdf.document.trailer.iter() {
        look(pdf, object, reading, 0)?;
    }
    Ok(())
}

/// lopdf keeps the depth of one object below 100.
fn look(pdf: &Pdf, object: &Object, reading: &Reading<'_>, depth: usize) -> Result<(), Refusal> {
    reading.meter.steps(1)?;
    reading.nesting(depth)?;
    match object {
        Object::Array(items) => items
            .iter()
            .try_for_each(|item| look(pdf, item, reading, depth + 1)),
        Object::Dictionary(dictionary) => look_into(pdf, dictionary, reading, depth),
        Object::Stream(stream) => look_into(pdf, &stream.dict, reading, depth),
        _ => Ok(()),
    }
}

fn look_into(
    pdf: &Pdf,
    dictionary: &Dictionary,
    reading: &Reading<'_>,
    depth: usize,
) -> Result<(), Refusal> {
    if let Some(what) = action(pdf, dictionary) {
        let sentence = format!("it is a PDF that holds {what}");
        return Err(Refusal::new(Code::ActiveContent, sentence));
    }
    let mut entries = dictionary.iter();
    entries.try_for_each(|(_, object)| look(pdf, object, reading, depth + 1))
}

fn action(pdf: &Pdf, dictionary: &Dictionary) -> Option<&'static str> {
    let kind = pdf.name(dictionary, b"S");
    if kind == b"JavaScript" || dictionary.has(b"JS") {
        return Some("JavaScript");
    }
    // An action, and not an element of the structure tree of that name, which
    // has a parent and nothing to start.
    let target = [&b"F"[..], b"Win", b"Mac", b"Unix"];
    let starts = !dictionary.has(b"P") || target.iter().any(|key| dictionary.has(key));
    if kind == b"Launch" && starts {
        return Some("an action that starts a program");
    }
    match pdf.name(dictionary, b"Subtype") {
        b"RichMedia" => Some("multimedia that may run scripts"),
        b"3D" if dictionary.has(b"OnInstantiate") => Some("JavaScript"),
        _ => None,
    }
}
