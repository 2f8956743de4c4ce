//! PDF: its pages' text, and every other text in its objects.
//!
//! lopdf reads the structure. The content of pages is run here (`content`),
//! since only the places of the strings tell what is one number. What no page
//! shows (older pages, appearances of annotations, fields, outlines, metadata)
//! is handed on as well: it is in the file.

mod active;
mod cmap;
mod content;
mod filter;
mod font;
mod glyphs;
mod layout;
mod lex;
mod load;
mod matrix;
mod objects;
mod pages;

use super::reading::{Meter, Reading};
use super::refusal::Refusal;
use filter::Content;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

/// A loaded document, and how to get at what is in it.
pub(super) struct Pdf {
    document: Document,
}

/// Reads a PDF.
pub(super) fn read(bytes: Vec<u8>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let pdf = Pdf {
        document: load::load(bytes, &reading.meter)?,
    };
    active::refuse(&pdf, reading)?;
    let mut cache = content::Cache::default();
    let shown = pages::read(&pdf, reading, &mut cache)?;
    pages::read_others(&pdf, reading, &mut cache, &shown)?;
    objects::read(&pdf, reading)
}

impl Pdf {
    /// What `object` refers to, or itself. What is not there is null
    /// (ISO 32000-1, 7.3.10).
    fn resolve<'a>(&'a self, object: &'a Object) -> &'a Object {
        match self.document.dereference(object) {
            Ok((_, object)) => object,
            Err(_) => &Object::Null,
        }
    }

    fn get<'a>(&'a self, dictionary: &'a Dictionary, key: &[u8]) -> &'a Object {
        match dictionary.get(key) {
            Ok(object) => self.resolve(object),
            Err(_) => &Object::Null,
        }
    }

    /// The name at `key`, or an empty one.
    fn name<'a>(&'a self, dictionary: &'a Dictionary, key: &[u8]) -> &'a [u8] {
        self.get(dictionary, key).as_name().unwrap_or_default()
    }

    fn number(&self, dictionary: &Dictionary, key: &[u8]) -> Option<f64> {
        self.get(dictionary, key).as_float().ok().map(f64::from)
    }

    fn decode(&self, stream: &Stream, meter: &Meter) -> Result<Content, Refusal> {
        filter::decode(&self.document, stream, meter)
    }

    /// Whether the file says that there is such an object, and it was not to be read.
    fn is_lost(&self, id: ObjectId) -> bool {
        use lopdf::xref::XrefEntry;
        !self.document.objects.contains_key(&id)
            && matches!(
                self.document.reference_table.get(id.0),
                Some(XrefEntry::Normal { .. } | XrefEntry::Compressed { .. })
            )
    }
}

/// A text string: UTF-16 or UTF-8 with a mark, else PDFDocEncoding, which is
/// close to Windows-1252 (ISO 32000-1, 7.9.2.2).
fn text_string(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    encoding_rs::WINDOWS_1252
        .decode_without_bom_handling(bytes)
        .0
        .into_owned()
}
