//! What every reader of a document writes to: its text and parts go out here,
//! and what it costs is counted here.

use super::refusal::{Code, Refusal};
use super::{Kind, Limits, Mode, Parsed, Piece};
use std::cell::Cell;
use std::io::{Read, Seek};
use std::rc::Rc;

/// A document or an attachment of one.
pub trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// Text is handed on in pieces of about this size.
const PIECE: usize = 32 << 10;
/// So many parts a document may have beyond its pages: attachments, sheets,
/// headers, comments and forms.
const MORE_PARTS: u32 = 50_000;
/// Documents within documents. Each level is parsed on the same stack.
const DOCUMENTS: u32 = 6;
/// Steps (operators of a page, events of a part, objects) in one second of
/// `cpu`. The kernel counts time exactly; this holds where it does not, and
/// makes the end the same on every machine.
const STEPS_PER_SECOND: u64 = 20_000_000;
/// Reasons that are listed one by one.
const REASONS: usize = 3;

/// What has been used up. Shared, since a reader in the middle of a chain
/// counts too.
pub(super) struct Meter {
    decompressed: Cell<u64>,
    steps: Cell<u64>,
    max_decompressed: u64,
    max_whole: u64,
    max_steps: u64,
}

impl Meter {
    pub fn new(limits: &Limits) -> Rc<Self> {
        let milliseconds = u64::try_from(limits.cpu.as_millis()).unwrap_or(u64::MAX);
        Rc::new(Self {
            decompressed: Cell::new(0),
            steps: Cell::new(0),
            max_decompressed: limits.decompressed_bytes,
            // Some of these are in memory at once, and growing one takes it twice.
            max_whole: limits.decompressed_bytes.min(limits.memory_bytes / 8),
            max_steps: milliseconds.saturating_mul(STEPS_PER_SECOND / 1000),
        })
    }

    /// Bytes that a part decompressed to.
    pub fn decompressed(&self, bytes: usize) -> Result<(), Refusal> {
        let total = self.decompressed.get().saturating_add(bytes as u64);
        self.decompressed.set(total);
        if total > self.max_decompressed {
            return Err(self.bomb());
        }
        Ok(())
    }

    /// So much may still be decompressed.
    pub fn left(&self) -> usize {
        let left = self
            .max_decompressed
            .saturating_sub(self.decompressed.get());
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Refuses a part of `bytes` that is decompressed in memory, at whatever
    /// length it has reached.
    pub fn whole(&self, bytes: usize) -> Result<(), Refusal> {
        if bytes as u64 > self.max_whole {
            let limit = self.max_whole;
            let sentence = format!("a part of it decompresses to more than {limit} bytes");
            return Err(Refusal::new(Code::DecompressionBomb, sentence));
        }
        Ok(())
    }

    pub fn bomb(&self) -> Refusal {
        let limit = self.max_decompressed;
        let sentence = format!("it decompresses to more than the {limit} bytes that are allowed");
        Refusal::new(Code::DecompressionBomb, sentence)
    }

    pub fn steps(&self, steps: u64) -> Result<(), Refusal> {
        let total = self.steps.get().saturating_add(steps);
        self.steps.set(total);
        if total > self.max_steps {
            let sentence = "reading it takes more steps than the time for it allows";
            return Err(Refusal::new(Code::TooSlow, sentence));
        }
        Ok(())
    }
}

/// A document being read.
pub(super) struct Reading<'a> {
    pub limits: &'a Limits,
    pub meter: Rc<Meter>,
    mode: Mode,
    take: &'a mut dyn FnMut(Piece<'_>),
    pending: String,
    text_bytes: u64,
    /// Pages and sheets of the document itself and of those within it.
    pages: u32,
    parts: u32,
    depth: u32,
    /// Where in documents within documents this is, such as `attachment 2, `.
    place: String,
    attachments: u32,
    unreadable: Vec<String>,
    pictures: u32,
    more_unreadable: u32,
    /// The pages or sheets of the outermost document.
    own_pages: u32,
}

impl<'a> Reading<'a> {
    pub fn new(
        limits: &'a Limits,
        meter: &Rc<Meter>,
        mode: Mode,
        take: &'a mut dyn FnMut(Piece<'_>),
    ) -> Self {
        Self {
            limits,
            meter: Rc::clone(meter),
            mode,
            take,
            pending: String::new(),
            text_bytes: 0,
            pages: 0,
            parts: 0,
            depth: 0,
            place: String::new(),
            attachments: 0,
            unreadable: Vec::new(),
            pictures: 0,
            more_unreadable: 0,
            own_pages: 0,
        }
    }

    /// A part begins that is no page, such as `comments`. `name` is ours and
    /// never the document's: a sheet may be named after a card number.
    pub fn part(&mut self, name: &str) -> Result<(), Refusal> {
        self.flush();
        self.parts += 1;
        if self.parts - self.pages > MORE_PARTS {
            let sentence = format!("it has more than {MORE_PARTS} parts beside its pages");
            return Err(Refusal::new(Code::TooManyParts, sentence));
        }
        if self.mode == Mode::Text {
            let name = format!("{}{name}", self.place);
            (self.take)(Piece::Part(&name));
        }
        Ok(())
    }

    /// A page or sheet begins.
    pub fn page(&mut self, name: &str) -> Result<(), Refusal> {
        self.pages += 1;
        if self.depth == 0 {
            self.own_pages += 1;
        }
        if self.pages > self.limits.pages {
            let sentence = format!("it has more than the {} pages allowed", self.limits.pages);
            return Err(Refusal::new(Code::TooManyPages, sentence));
        }
        self.part(name)
    }

    pub fn text(&mut self, text: &str) -> Result<(), Refusal> {
        self.text_bytes += text.len() as u64;
        if self.text_bytes > self.limits.text_bytes {
            let limit = self.limits.text_bytes;
            let sentence = format!("it holds more than the {limit} bytes of text allowed");
            return Err(Refusal::new(Code::TooMuchText, sentence));
        }
        if self.mode == Mode::Text {
            self.pending.push_str(text);
            if self.pending.len() >= PIECE {
                self.flush();
            }
        }
        Ok(())
    }

    /// Text that stands alone.
    pub fn line(&mut self, text: &str) -> Result<(), Refusal> {
        self.text(text)?;
        self.text("\n")
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            (self.take)(Piece::Text(self.pending.as_bytes()));
            self.pending.clear();
        }
    }

    /// Something that a person can read and this program cannot. `reason` is
    /// ours, never the document's text.
    pub fn unreadable(&mut self, reason: impl Into<String>) {
        let reason = format!("{}{}", self.place, reason.into());
        if self.unreadable.contains(&reason) {
            return;
        }
        if self.unreadable.len() < REASONS {
            self.unreadable.push(reason);
        } else {
            self.more_unreadable = self.more_unreadable.saturating_add(1);
        }
    }

    /// Pictures that are shown and not read.
    pub fn pictures(&mut self, count: u32) {
        self.pictures = self.pictures.saturating_add(count);
    }

    /// Reads a document within this one. Its pages count as this one's do.
    pub fn attachment<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.depth >= DOCUMENTS.min(self.limits.nesting) {
            let sentence = "documents are nested in it deeper than is allowed";
            return Err(Refusal::new(Code::TooDeep, sentence));
        }
        self.attachments += 1;
        let outside = self.place.len();
        self.place += &format!("attachment {}, ", self.attachments);
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        self.place.truncate(outside);
        result
    }

    pub fn is_attachment(&self) -> bool {
        self.depth > 0
    }

    /// Refuses what is nested deeper than the limit.
    pub fn nesting(&self, depth: usize) -> Result<(), Refusal> {
        if depth > self.limits.nesting as usize {
            let limit = self.limits.nesting;
            let sentence = format!("it is nested deeper than the {limit} levels allowed");
            return Err(Refusal::new(Code::TooDeep, sentence));
        }
        Ok(())
    }

    pub fn finish(mut self, kind: Kind) -> Result<Parsed, Refusal> {
        self.flush();
        let mut reasons = self.unreadable.join("; ");
        if self.more_unreadable > 0 {
            reasons += &format!("; and {} more", self.more_unreadable);
        }
        Ok(Parsed {
            kind,
            parts: self.own_pages.max(1),
            text_bytes: self.text_bytes,
            pictures: self.pictures,
            unreadable: (!reasons.is_empty()).then_some(reasons),
        })
    }
}
