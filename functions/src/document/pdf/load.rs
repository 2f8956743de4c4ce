//! Loads a PDF's objects, within the limits.

use crate::document::reading::Meter;
use crate::document::refusal::{Code, Refusal};
use lopdf::{DecompressError, Document, Error, LoadOptions, Object, ObjectId};
use std::cell::RefCell;
use std::rc::Rc;

/// No object stream of a real document comes near.
const MAX_OBJECT_STREAM: usize = 64 << 20;

thread_local! {
    /// Counts what object streams decompress to. lopdf bounds each of them
    /// but not their sum, and its hook is a plain function.
    static LOADING: RefCell<Option<Loading>> = const { RefCell::new(None) };
}

struct Loading {
    meter: Rc<Meter>,
    refusal: Option<Refusal>,
}

/// Loads the document. An encrypted one is decrypted when it opens without a
/// password, as those do that only forbid printing or copying; anyone who gets
/// the file can read it. Else it is refused: lopdf returns such documents as
/// if they were empty.
pub(super) fn load(bytes: Vec<u8>, meter: &Rc<Meter>) -> Result<Document, Refusal> {
    let mut document = attempt(&bytes, meter, false)?;
    // lopdf repairs by itself only where it has no hook.
    if !has_pages(&document)
        && !document.trailer.has(b"Encrypt")
        && let Ok(repaired) = attempt(&bytes, meter, true)
        && has_pages(&repaired)
    {
        document = repaired;
    }
    drop(bytes);
    if document.trailer.has(b"Encrypt") {
        return Err(encrypted());
    }
    Ok(document)
}

fn has_pages(document: &Document) -> bool {
    let pages = document.catalog().and_then(|catalog| catalog.get(b"Pages"));
    let pages = pages.and_then(Object::as_reference);
    let pages = pages.and_then(|pages| document.get_dictionary(pages));
    pages.is_ok_and(|pages| pages.has(b"Kids"))
}

fn attempt(bytes: &[u8], meter: &Rc<Meter>, reconstruct: bool) -> Result<Document, Refusal> {
    let options = LoadOptions {
        filter: Some(count),
        max_decompressed_size: Some(MAX_OBJECT_STREAM.min(meter.left())),
        force_reconstruct: reconstruct,
        ..LoadOptions::default()
    };
    LOADING.set(Some(Loading {
        meter: Rc::clone(meter),
        refusal: None,
    }));
    let loaded = Document::load_mem_with_options(bytes, options);
    let loading = LOADING.take();
    if let Some(refusal) = loading.and_then(|loading| loading.refusal) {
        return Err(refusal);
    }
    loaded.map_err(|error| refuse(&error, meter))
}

fn refuse(error: &Error, meter: &Meter) -> Refusal {
    match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => meter.bomb(),
        Error::Decryption(_) | Error::InvalidPassword | Error::AlreadyEncrypted => encrypted(),
        _ => Refusal::malformed("it is no PDF that can be read: its structure is broken"),
    }
}

fn encrypted() -> Refusal {
    let sentence = "it is encrypted, and opens only with a password or certificate";
    Refusal::new(Code::Encrypted, sentence)
}

/// lopdf's hook: sees each object before an object stream is opened, and each
/// member of one. Of the former only whether it is kept counts, of the latter
/// what is returned; only the former can be streams.
fn count(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let Object::Stream(stream) = object else {
        return Some((id, object.clone()));
    };
    let refused = stream.dict.has_type(b"ObjStm")
        && LOADING.with_borrow_mut(|loading| {
            let Some(loading) = loading else { return false };
            if loading.refusal.is_none() {
                loading.refusal = super::filter::measure(stream, &loading.meter).err();
            }
            loading.refusal.is_some()
        });
    (!refused).then_some((id, Object::Null))
}
