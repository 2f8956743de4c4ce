//! What a file is, by its content, and with that who reads it.

use super::magic;
use super::reading::{Reading, Source};
use super::refusal::{Code, Refusal, from_io};
use super::{Kind, office, ole, pdf, text, xml};
use file_format::FileFormat;
use memchr::memmem::find;
use std::io::{Cursor, Read as _, SeekFrom};

/// So much of the beginning decides. A PDF's header may stand anywhere in the
/// first 1024 bytes (ISO 32000-1, annex H, note 13).
const HEAD: usize = 4096;
const PDF_HEADER_WITHIN: usize = 1024;
/// The longest end that a ZIP archive may have: its record and a comment.
const TAIL: u64 = 22 + 65_535;
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Tells what `file` is and reads it.
pub(super) fn read(file: &mut dyn Source, reading: &mut Reading<'_>) -> Result<Kind, Refusal> {
    let head = head(file)?;
    if head.is_empty() {
        return Err(Refusal::new(Code::Empty, "it is empty"));
    }
    if let Some(program) = magic::executable(&head) {
        let code = match reading.is_attachment() {
            true => Code::EmbeddedExecutable,
            false => Code::Executable,
        };
        return Err(Refusal::new(code, format!("it is {program}")));
    }
    let pdf = find(&head[..head.len().min(PDF_HEADER_WITHIN)], b"%PDF-");
    if let Some(at) = pdf {
        no_second_kind(file, &head[..at])?;
        pdf::read(whole(file, reading)?, reading)?;
        return Ok(Kind::Pdf);
    }
    if head.starts_with(b"PK\x03\x04") {
        return office::read(file, reading);
    }
    if head.starts_with(OLE) {
        return ole::read(file, reading);
    }
    if text::read(file, &head, reading)? {
        return Ok(Kind::Text);
    }
    Err(unknown(&head))
}

/// Reads a file within a document. What is not read there makes the document
/// no worse than unreadable; what is dangerous there is dangerous.
pub(super) fn attachment(bytes: Vec<u8>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    reading.attachment(|reading| {
        if magic::markup(&bytes) {
            reading.part("markup")?;
            match xml::everything(&mut &bytes[..], reading) {
                Err(refusal) if refusal.is(Code::Malformed) => {
                    reading.unreadable("markup that is not read");
                }
                other => other?,
            }
            return Ok(());
        }
        if magic::picture(&bytes) {
            reading.unreadable("a picture");
            return Ok(());
        }
        match read(&mut Cursor::new(bytes), reading) {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.is(Code::Empty) => Ok(()),
            Err(refusal) if refusal.is(Code::UnknownType) || refusal.is(Code::Malformed) => {
                reading.unreadable(refusal.sentence);
                Ok(())
            }
            Err(refusal) => Err(refusal),
        }
    })
}

/// Refuses a PDF that is something else too: by what stands before its header,
/// or by an archive whose directory stands at its end, where unpackers look.
fn no_second_kind(file: &mut dyn Source, before: &[u8]) -> Result<(), Refusal> {
    let polyglot = |what: &str| {
        let sentence = format!("it is a PDF and {what} at once");
        Err(Refusal::new(Code::Polyglot, sentence))
    };
    const BEGINNINGS: &[(&[u8], &str)] = &[
        (b"PK", "a ZIP archive"),
        (OLE, "a compound file"),
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"GIF8", "a picture"),
        (b"BM", "a picture"),
        (b"Rar!", "an archive"),
        (b"7z\xbc\xaf", "an archive"),
        (b"\x1f\x8b", "an archive"),
        (b"ID3", "a sound"),
        (b"RIFF", "a film or sound"),
        (b"<", "a page of markup"),
    ];
    if let Some((_, what)) = BEGINNINGS
        .iter()
        .find(|(magic, _)| before.starts_with(magic))
    {
        return polyglot(what);
    }
    let tail = tail(file)?;
    if archive_ends(&tail) {
        return polyglot("a ZIP archive");
    }
    // What follows the last end of file mark, beside line ends and padding.
    let behind = tail.windows(5).rposition(|window| window == b"%%EOF");
    let behind = behind.map_or(&[][..], |at| &tail[at + 5..]);
    let start = behind
        .iter()
        .position(|byte| !byte.is_ascii_whitespace() && *byte != 0);
    let behind = &behind[start.unwrap_or(behind.len())..];
    if let Some(program) = magic::executable(behind) {
        return polyglot(program);
    }
    if let Some((_, what)) = BEGINNINGS
        .iter()
        .find(|(magic, _)| behind.starts_with(magic))
    {
        return polyglot(what);
    }
    Ok(())
}

/// Whether a ZIP archive's directory ends with `tail`: its last record names
/// the length of the comment behind it (APPNOTE 4.3.16).
fn archive_ends(tail: &[u8]) -> bool {
    const RECORD: usize = 22;
    memchr::memmem::find_iter(tail, b"PK\x05\x06").any(|at| {
        let comment = tail.get(at + 20..at + RECORD);
        comment.is_some_and(|comment| {
            let comment = usize::from(u16::from_le_bytes([comment[0], comment[1]]));
            at + RECORD + comment == tail.len()
        })
    })
}

fn tail(file: &mut dyn Source) -> Result<Vec<u8>, Refusal> {
    let damaged = |error: std::io::Error| from_io(&error, "it");
    let length = file.seek(SeekFrom::End(0)).map_err(damaged)?;
    let start = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start)).map_err(damaged)?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).map_err(damaged)?;
    Ok(tail)
}

/// All of `file`, for what is not read as a stream.
fn whole(file: &mut dyn Source, reading: &Reading<'_>) -> Result<Vec<u8>, Refusal> {
    let damaged = |error: std::io::Error| from_io(&error, "it");
    let length = file.seek(SeekFrom::End(0)).map_err(damaged)?;
    // Its bytes are in memory twice while it is loaded, and more is needed to read it.
    let limit = reading.limits.memory_bytes / 4;
    if length > limit {
        let sentence = format!("it has {length} bytes, where {limit} can be read in memory");
        return Err(Refusal::new(Code::TooLarge, sentence));
    }
    file.seek(SeekFrom::Start(0)).map_err(damaged)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(limit).read_to_end(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

/// The first bytes of `file`, which is read from its start again afterwards.
fn head(file: &mut dyn Source) -> Result<Vec<u8>, Refusal> {
    let damaged = |error: std::io::Error| from_io(&error, "it");
    let mut head = Vec::with_capacity(HEAD);
    file.seek(SeekFrom::Start(0)).map_err(damaged)?;
    file.take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(damaged)?;
    file.seek(SeekFrom::Start(0)).map_err(damaged)?;
    Ok(head)
}

/// Names what is not read, as well as its first bytes tell.
fn unknown(head: &[u8]) -> Refusal {
    let format = FileFormat::from_bytes(head);
    let sentence = match format {
        FileFormat::ArbitraryBinaryData | FileFormat::PlainText | FileFormat::Empty => {
            "it is none of the kinds of documents that are read".to_owned()
        }
        format => format!("it looks like {}, which is not read", format.name()),
    };
    Refusal::new(Code::UnknownType, sentence)
}
