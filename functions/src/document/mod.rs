//! What a file is, whether it is sound, and its text.
//!
//! A document is a stranger's: its parser may overflow the stack or ask for
//! all the memory there is, which no program survives. So this binary runs
//! itself as a child that has the document as its standard input, no
//! environment and no credentials, and limits that the kernel enforces.
//! [`parse`] is the parent's side, [`child_main`] the child's.

use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::ExitCode;
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

/// Fits a function of 512 MB and 15 s.
impl Default for Limits {
    fn default() -> Self {
        Self {
            pages: 2_000,
            nesting: 64,
            decompressed_bytes: 200 << 20,
            text_bytes: 64 << 20,
            memory_bytes: 256 << 20,
            cpu: Duration::from_secs(8),
            wall: Duration::from_secs(8),
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
    /// Why its text is not all that can be read in it, such as pages that are
    /// pictures: a scan must not call it clean.
    pub unreadable: Option<String>,
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// A word for programs, such as `encrypted`.
    pub code: String,
    /// For people: what is wrong. Never content of the document.
    pub sentence: String,
}

/// Parses `file` in a child of its own, which is `program` run as
/// `program parse ...`; hands its text to `take`.
pub async fn parse(
    _program: &Path,
    _file: std::fs::File,
    _mode: Mode,
    _limits: &Limits,
    _take: &mut (dyn FnMut(Piece<'_>) + Send),
) -> Result<Parsed, Refusal> {
    Err(Refusal {
        code: "unknown".into(),
        sentence: "no parser is there yet".into(),
    })
}

/// The child: `arguments` are what follows `parse`.
pub fn child_main(_arguments: impl Iterator<Item = String>) -> ExitCode {
    ExitCode::FAILURE
}
