//! Every text in a PDF's objects that is not drawn: fields, annotations,
//! outlines, titles, alternative texts, metadata; and the files attached.
//!
//! The objects are read one by one and not along the trees that lead to them:
//! so there is none that a broken tree could hide.

use super::Pdf;
use super::filter::Content;
use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use crate::document::{detect, magic, xml};
use lopdf::{Dictionary, Object, ObjectId, Stream};
use std::collections::BTreeMap;

/// Strings under these keys are no text: identifiers, digests, signatures,
/// keys, dates, tables of colours.
const NO_TEXT: &[&[u8]] = &[
    b"ID",
    b"O",
    b"U",
    b"OE",
    b"UE",
    b"Perms",
    b"Cert",
    b"Recipients",
    b"CheckSum",
    b"CreationDate",
    b"ModDate",
    b"M",
    b"Lookup",
    b"DA",
    b"IDTree",
    b"LastModified",
    b"Panose",
    b"CharSet",
];

pub(super) fn read(pdf: &Pdf, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    reading.part("document data")?;
    let mut lost = 0u32;
    for object in pdf.document.objects.values() {
        strings(pdf, object, reading, 0, &mut lost)?;
    }
    // Of the trailer what is no object of its own: its information, a catalog.
    entries(pdf, &pdf.document.trailer, reading, 0, &mut lost)?;
    if lost > 0 {
        reading.unreadable("objects that it refers to are damaged");
    }
    let mut attached: BTreeMap<ObjectId, &Stream> = BTreeMap::new();
    for (id, object) in &pdf.document.objects {
        if let Object::Stream(stream) = object {
            if pdf.name(&stream.dict, b"Type") == b"EmbeddedFile" {
                attached.insert(*id, stream);
            }
            if pdf.name(&stream.dict, b"Subtype") == b"XML" {
                xml_stream(pdf, stream, reading)?;
            }
        }
        carried(pdf, object, reading, 0, &mut attached)?;
    }
    for (_, object) in pdf.document.trailer.iter() {
        carried(pdf, object, reading, 0, &mut attached)?;
    }
    for stream in attached.into_values() {
        attachment(pdf, stream, reading)?;
    }
    Ok(())
}

/// Looks for forms and attachments in `object` and in what stands within it: a
/// form may be an object of its own or a part of the catalog.
fn carried<'a>(
    pdf: &'a Pdf,
    object: &'a Object,
    reading: &mut Reading<'_>,
    depth: usize,
    attached: &mut BTreeMap<ObjectId, &'a Stream>,
) -> Result<(), Refusal> {
    reading.meter.steps(1)?;
    reading.nesting(depth)?;
    let dictionary = match object {
        Object::Array(items) => {
            return items
                .iter()
                .try_for_each(|item| carried(pdf, item, reading, depth + 1, attached));
        }
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        _ => return Ok(()),
    };
    form_data(pdf, dictionary, reading)?;
    attachments(pdf, dictionary, attached)?;
    for (_, value) in dictionary.iter() {
        carried(pdf, value, reading, depth + 1, attached)?;
    }
    Ok(())
}

fn strings(
    pdf: &Pdf,
    object: &Object,
    reading: &mut Reading<'_>,
    depth: usize,
    lost: &mut u32,
) -> Result<(), Refusal> {
    reading.meter.steps(1)?;
    reading.nesting(depth)?;
    match object {
        Object::String(bytes, _) => {
            let text = super::text_string(bytes);
            let text: String = text
                .chars()
                .map(|c| {
                    if c.is_control() && c != '\n' && c != '\r' && c != '\t' {
                        ' '
                    } else {
                        c
                    }
                })
                .collect();
            if !text.trim().is_empty() {
                reading.line(&text)?;
            }
            Ok(())
        }
        Object::Array(items) => {
            // A table of colours is a string of bytes.
            if items.first().and_then(|item| item.as_name().ok()) == Some(b"Indexed") {
                return Ok(());
            }
            items
                .iter()
                .try_for_each(|item| strings(pdf, item, reading, depth + 1, lost))
        }
        Object::Dictionary(dictionary) => entries(pdf, dictionary, reading, depth, lost),
        Object::Stream(stream) => entries(pdf, &stream.dict, reading, depth, lost),
        Object::Reference(id) => {
            *lost += u32::from(pdf.is_lost(*id));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn entries(
    pdf: &Pdf,
    dictionary: &Dictionary,
    reading: &mut Reading<'_>,
    depth: usize,
    lost: &mut u32,
) -> Result<(), Refusal> {
    // What a signature signs is not text; neither is the encryption's data.
    let signature = dictionary.has(b"ByteRange");
    for (key, value) in dictionary.iter() {
        let key = key.as_slice();
        if NO_TEXT.contains(&key) || signature && key == b"Contents" {
            continue;
        }
        strings(pdf, value, reading, depth + 1, lost)?;
    }
    Ok(())
}

/// Metadata (XMP).
fn xml_stream(pdf: &Pdf, stream: &Stream, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    match pdf.decode(stream, &reading.meter)? {
        Content::Bytes { bytes, damaged } => {
            if damaged {
                reading.unreadable("its metadata is damaged");
            }
            reading.part("metadata")?;
            markup(&bytes, reading, "its metadata is damaged")?;
        }
        Content::Picture | Content::Unknown => reading.unreadable("its metadata cannot be read"),
    }
    Ok(())
}

/// The text of XML that need not be sound for the PDF to be.
fn markup(bytes: &[u8], reading: &mut Reading<'_>, otherwise: &str) -> Result<(), Refusal> {
    match xml::everything(&mut &bytes[..], reading) {
        Err(refusal) if refusal.is(Code::Malformed) => {
            reading.unreadable(otherwise);
            Ok(())
        }
        other => other,
    }
}

/// A form in XFA: one XML document, whole or cut into several streams.
fn form_data(pdf: &Pdf, form: &Dictionary, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let parts: Vec<&Stream> = match pdf.get(form, b"XFA") {
        Object::Stream(stream) => vec![stream],
        Object::Array(parts) => parts
            .iter()
            .filter_map(|part| pdf.resolve(part).as_stream().ok())
            .collect(),
        _ => return Ok(()),
    };
    let mut whole = Vec::new();
    for part in parts {
        match pdf.decode(part, &reading.meter)? {
            Content::Bytes { bytes, damaged } => {
                if damaged {
                    reading.unreadable("its form is damaged");
                }
                whole.extend_from_slice(&bytes);
            }
            Content::Picture | Content::Unknown => {
                reading.unreadable("its form is encoded in a way that is not read");
            }
        }
    }
    if magic::contains(&whole, b"<script") {
        let sentence = "it is a PDF whose form runs scripts";
        return Err(Refusal::new(Code::ActiveContent, sentence));
    }
    reading.part("form data")?;
    markup(&whole, reading, "its form cannot be read")
}

/// Collects the files of a file specification (ISO 32000-1, 7.11), and
/// refuses what its name says is a program.
fn attachments<'a>(
    pdf: &'a Pdf,
    specification: &'a Dictionary,
    attached: &mut BTreeMap<ObjectId, &'a Stream>,
) -> Result<(), Refusal> {
    let Ok(files) = pdf.get(specification, b"EF").as_dict() else {
        return Ok(());
    };
    for key in [&b"UF"[..], b"F", b"DOS", b"Mac", b"Unix"] {
        let name = pdf.get(specification, key).as_str().unwrap_or_default();
        if magic::runs_by_name(&super::text_string(name)) {
            let sentence = "it is a PDF with a program or script attached";
            return Err(Refusal::new(Code::EmbeddedExecutable, sentence));
        }
    }
    for (_, file) in files.iter() {
        if let (Ok(id), Ok(stream)) = (file.as_reference(), pdf.resolve(file).as_stream()) {
            attached.insert(id, stream);
        }
    }
    Ok(())
}

fn attachment(pdf: &Pdf, stream: &Stream, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    match pdf.decode(stream, &reading.meter)? {
        Content::Bytes { bytes, damaged } => {
            if damaged {
                reading.unreadable("an attachment is damaged");
            }
            detect::attachment(bytes, reading)
        }
        Content::Picture => {
            reading.unreadable("an attachment is a picture");
            Ok(())
        }
        Content::Unknown => {
            reading.unreadable("an attachment is encoded in a way that is not read");
            Ok(())
        }
    }
}
