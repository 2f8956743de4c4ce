//! What a file is, by its content, and with that who reads it.

use super::magic;
use super::reading::{Reading, Source};
use super::refusal::{Code, Refusal, from_io};
use super::{Kind, text};
use file_format::FileFormat;
use std::io::{Read as _, SeekFrom};

/// So much of the beginning decides. A PDF's header may stand anywhere in the
/// first 1024 bytes (ISO 32000-1, annex H, note 13).
const HEAD: usize = 4096;
const PDF_HEADER_WITHIN: usize = 1024;

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
    if text::read(file, &head, reading)? {
        return Ok(Kind::Text);
    }
    Err(unknown(&head))
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
