//! What a file is, whether it is sound, and its text.
//!
//! A document is a stranger's: its parser may overflow the stack or ask for
//! all the memory there is, which no program survives. So this binary runs
//! itself as a child that has the document as its standard input, no
//! environment and no credentials, and limits that the kernel enforces.
//! [`parse`] is the parent's side, [`child_main`] the child's.
//!
//! What a file is follows from its content alone (`detect`), and each kind has
//! its own reader: `text`, `pdf`, `office` (DOCX and XLSX) and `ole` (DOC). All of them write to one `Reading`, which
//! counts what the document costs.
//!
//! Three ends are possible, and the difference matters to a scan:
//! - a [`Refusal`]: the file is not accepted, and says why ([`Code`]);
//! - [`Parsed`] with `unreadable`: it is accepted, and part of what a person
//!   sees in it is not text (scans, fonts without a mapping): not clean;
//! - [`Parsed`] without: every text in it was handed on.

mod child;
mod detect;
mod doc;
mod frame;
mod magic;
mod markup;
mod office;
mod ole;
mod parent;
mod pdf;
mod reading;
mod refusal;
mod text;
mod xml;

pub use child::child_main;
pub use frame::{Broken, Decoder, Frame};
pub use parent::parse;
pub use refusal::{Code, Refusal};

use reading::{Meter, Reading, Source};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The kinds of documents that are known, by content and never by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Pdf,
    Doc,
    Docx,
    Xlsx,
    /// Plain text in UTF-8, UTF-16 or Windows-1252 (of which Latin-1 is a part).
    Text,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Pdf, Self::Doc, Self::Docx, Self::Xlsx, Self::Text];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Doc => "doc",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Text => "text",
        }
    }

    /// What a document of this kind is served as.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Doc => "application/msword",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Text => "text/plain",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What a document may cost. All are enforced: the first four by the parsers,
/// the others by the kernel and by the parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub pages: u32,
    /// Of objects, forms, elements and archives in one another.
    pub nesting: u32,
    /// Bytes that the document's parts decompress to, all together.
    pub decompressed_bytes: u64,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Of the child's address space.
    pub memory_bytes: u64,
    pub cpu: Duration,
    /// From the child's start to its end.
    pub wall: Duration,
}

impl Default for Limits {
    /// What fits into a function of 512 MB and 15 seconds beside the parent:
    /// its own 60 MB and the time to fetch the document and to write the
    /// verdict.
    fn default() -> Self {
        Self {
            pages: 5_000,
            nesting: 100,
            decompressed_bytes: 200 << 20,
            text_bytes: 64 << 20,
            memory_bytes: 320 << 20,
            cpu: Duration::from_secs(8),
            wall: Duration::from_secs(10),
        }
    }
}

/// How far a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All of it is parsed, and nothing handed on.
    Check,
    /// The same, and its text handed on.
    Text,
}

/// What the child hands on of a document, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A part begins, such as `page 3` or `sheet 2`. What follows is apart
    /// from what went before: nothing is found across.
    Part(&'a str),
    /// UTF-8, cut anywhere.
    Text(&'a [u8]),
}

/// A sound document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parsed {
    pub kind: Kind,
    /// Pages, sheets or 1.
    pub parts: u32,
    pub text_bytes: u64,
    /// Pictures that are not read and are too small, beside its text, to make
    /// it unreadable: logos, stamps and signatures, and whatever is in them.
    #[serde(default)]
    pub pictures: u32,
    /// Why its text is not all that can be read in it, such as pages that are
    /// pictures: a scan must not call it clean.
    pub unreadable: Option<String>,
}

/// Parses a document in this process, with none of the kernel's limits: for
/// tests and fuzzing, where a panic shall be seen. The functions use [`parse`].
#[doc(hidden)]
pub fn parse_in_process(
    file: &mut dyn Source,
    mode: Mode,
    limits: &Limits,
    take: &mut dyn FnMut(Piece<'_>),
) -> Result<Parsed, Refusal> {
    let meter = Meter::new(limits);
    let mut reading = Reading::new(limits, &meter, mode, take);
    let kind = detect::read(file, &mut reading)?;
    reading.finish(kind)
}
