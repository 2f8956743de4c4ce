//! The text of a Word document before 2007, through its piece table
//! ([MS-DOC] 2.4.1): the document, its notes, headers, comments and text
//! boxes, which are all one row of characters; hidden and deleted text with
//! them, and the code of fields.

use super::reading::Reading;
use super::refusal::{Code, Refusal};
use encoding_rs::WINDOWS_1252;

/// `wIdent` of Word 97 and later, and of Word 6 and 95.
const WORD_97: u16 = 0xa5ec;
const WORD_6: u16 = 0xa5dc;
/// The first `nFib` of Word 97's format.
const FIRST_FIB_97: u16 = 0xc0;
/// Flags of the header ([MS-DOC] 2.5.2).
const COMPLEX: u16 = 0x0004;
const ENCRYPTED: u16 = 0x0100;
const TABLE_1: u16 = 0x0200;
const OBFUSCATED: u16 = 0x8000;
/// Where the location of the piece table is among the pairs of offset and length.
const CLX: usize = 33;
/// The stories in the order in which their characters follow each other, and
/// where their lengths are among the header's numbers ([MS-DOC] 2.5.5).
const STORIES: &[(&str, usize)] = &[
    ("document", 3),
    ("footnotes", 4),
    ("headers", 5),
    ("comments", 7),
    ("endnotes", 8),
    ("text boxes", 9),
    ("text boxes of headers", 10),
];
/// Text with pictures is read whole when there is so much of it.
const ENOUGH_TEXT: u64 = 100;

/// What the beginning of the `WordDocument` stream says (the FIB).
pub(super) struct Header {
    flags: u16,
    layout: Layout,
}

enum Layout {
    Word97 {
        /// Characters of each story.
        stories: Vec<u64>,
        /// Offset and length of the piece table in the table stream.
        clx: (usize, usize),
    },
    /// The first and last byte of the text.
    Word6 { text: (usize, usize) },
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*two))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four))
}

fn broken(what: &str) -> Refusal {
    Refusal::malformed(format!("it is a Word document whose {what} is broken"))
}

impl Header {
    /// Refuses an encrypted document.
    pub fn read(word: &[u8]) -> Result<Self, Refusal> {
        Self::parse(word).ok_or_else(|| broken("header"))?
    }

    fn parse(word: &[u8]) -> Option<Result<Self, Refusal>> {
        let ident = u16_at(word, 0)?;
        if ident != WORD_97 && ident != WORD_6 {
            return None;
        }
        let flags = u16_at(word, 0x0a)?;
        if flags & (ENCRYPTED | OBFUSCATED) != 0 {
            let sentence = "it is a Word document that opens only with a password";
            return Some(Err(Refusal::new(Code::Encrypted, sentence)));
        }
        let layout = if ident == WORD_6 || u16_at(word, 2)? < FIRST_FIB_97 {
            Layout::Word6 {
                text: (u32_at(word, 0x18)? as usize, u32_at(word, 0x1c)? as usize),
            }
        } else {
            // Three arrays, each behind its length.
            let shorts = usize::from(u16_at(word, 32)?);
            let numbers = 34 + shorts * 2 + 2;
            let count = usize::from(u16_at(word, numbers - 2)?);
            let pairs = numbers + count * 4 + 2;
            if usize::from(u16_at(word, pairs - 2)?) <= CLX {
                return None;
            }
            let mut stories = Vec::new();
            for (_, at) in STORIES {
                let length = if *at < count {
                    u32_at(word, numbers + at * 4)?
                } else {
                    0
                };
                stories.push(u64::from(length));
            }
            let clx = pairs + CLX * 8;
            Layout::Word97 {
                stories,
                clx: (u32_at(word, clx)? as usize, u32_at(word, clx + 4)? as usize),
            }
        };
        Some(Ok(Self { flags, layout }))
    }

    /// The name of the stream that has the piece table.
    pub fn table_stream(&self) -> Option<&'static str> {
        match self.layout {
            Layout::Word6 { .. } => None,
            Layout::Word97 { .. } if self.flags & TABLE_1 != 0 => Some("1Table"),
            Layout::Word97 { .. } => Some("0Table"),
        }
    }
}

/// A run of characters: which they are, and where they stand.
struct Piece {
    start: u64,
    end: u64,
    offset: usize,
    /// One byte each, in Windows-1252, and not two.
    bytes: bool,
}

pub(super) fn read(
    word: &[u8],
    table: &[u8],
    header: &Header,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    let mut text = Text::default();
    match &header.layout {
        Layout::Word6 {
            text: (first, last),
        } => {
            let Some(bytes) = word.get(*first..*last) else {
                return Err(broken("text"));
            };
            if header.flags & COMPLEX != 0 {
                reading.unreadable("it was saved by an old Word in a hurry, in pieces");
            }
            reading.part("document")?;
            text.take(&WINDOWS_1252.decode_without_bom_handling(bytes).0, reading)?;
        }
        Layout::Word97 { stories, clx } => {
            let pieces = pieces(table, *clx).ok_or_else(|| broken("piece table"))?;
            let mut start = 0;
            for ((name, _), length) in STORIES.iter().zip(stories) {
                if *length == 0 {
                    continue;
                }
                reading.part(name)?;
                let end = start + length;
                for piece in &pieces {
                    reading.meter.steps(1)?;
                    story(word, piece, (start, end), &mut text, reading)?;
                }
                text.end(reading)?;
                start = end;
            }
            if pieces.last().is_none_or(|piece| piece.end < start) {
                reading.unreadable("its piece table says less than its header");
            }
        }
    }
    text.end(reading)?;
    reading.pictures(text.pictures);
    if text.pictures > 0 && text.characters < ENOUGH_TEXT {
        reading.unreadable("it has pictures and little text");
    }
    Ok(())
}

/// Reads the piece table ([MS-DOC] 2.9.38, 2.8.35).
fn pieces(table: &[u8], (start, length): (usize, usize)) -> Option<Vec<Piece>> {
    let mut rest = table.get(start..start.checked_add(length)?)?;
    // Property modifiers come first.
    while let [1, tail @ ..] = rest {
        rest = tail.get(2 + usize::from(u16_at(tail, 0)?)..)?;
    }
    let [2, rest @ ..] = rest else { return None };
    let length = u32_at(rest, 0)? as usize;
    let plc = rest.get(4..length.checked_add(4)?)?;
    let count = plc.len().checked_sub(4)? / 12;
    let mut pieces = Vec::with_capacity(count);
    for index in 0..count {
        let start = u64::from(u32_at(plc, index * 4)?);
        let end = u64::from(u32_at(plc, index * 4 + 4)?);
        let place = u32_at(plc, (count + 1) * 4 + index * 8 + 2)?;
        let bytes = place & 0x4000_0000 != 0;
        let offset = (place & 0x3fff_ffff) as usize;
        if end < start {
            return None;
        }
        pieces.push(Piece {
            start,
            end,
            offset: if bytes { offset / 2 } else { offset },
            bytes,
        });
    }
    Some(pieces)
}

/// Reads what of `piece` belongs to a story.
fn story(
    word: &[u8],
    piece: &Piece,
    (start, end): (u64, u64),
    text: &mut Text,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    let (from, to) = (piece.start.max(start), piece.end.min(end));
    if from >= to {
        return Ok(());
    }
    let width = if piece.bytes { 1 } else { 2 };
    let at = |position: u64| -> Option<usize> {
        let characters = usize::try_from(position - piece.start).ok()?;
        piece.offset.checked_add(characters.checked_mul(width)?)
    };
    let bytes = match (at(from), at(to)) {
        (Some(first), Some(last)) if first <= word.len() => {
            if last > word.len() {
                reading.unreadable("a piece of its text is missing");
            }
            &word[first..last.min(word.len())]
        }
        _ => {
            reading.unreadable("a piece of its text is missing");
            return Ok(());
        }
    };
    // In chunks: a table may name the same bytes many times.
    for chunk in bytes.chunks(32 << 10) {
        let decoded = if piece.bytes {
            WINDOWS_1252.decode_without_bom_handling(chunk).0
        } else {
            encoding_rs::UTF_16LE.decode_without_bom_handling(chunk).0
        };
        text.take(&decoded, reading)?;
    }
    Ok(())
}

/// Characters on their way out, without those that only Word knows.
#[derive(Default)]
struct Text {
    pending: String,
    /// Open fields: whether their code is still being read, and it.
    fields: Vec<(bool, String)>,
    characters: u64,
    pictures: u32,
}

impl Text {
    fn take(&mut self, text: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        reading.meter.steps(text.len() as u64 / 8)?;
        for character in text.chars() {
            match character {
                '\r' | '\u{b}' | '\u{c}' => self.push('\n'),
                // The end of a cell or row.
                '\u{7}' => self.push('\t'),
                '\u{1e}' => self.push('-'),
                '\t' | '\n' => self.push(character),
                '\u{13}' => {
                    reading.nesting(self.fields.len())?;
                    self.fields.push((true, String::new()));
                }
                '\u{14}' => {
                    if let Some((in_code, _)) = self.fields.last_mut() {
                        *in_code = false;
                    }
                }
                '\u{15}' => self.end_field()?,
                '\u{1}' | '\u{8}' => self.pictures = self.pictures.saturating_add(1),
                character if character < ' ' => {}
                character => self.push(character),
            }
        }
        if self.pending.len() > 32 << 10 {
            reading.text(&std::mem::take(&mut self.pending))?;
        }
        Ok(())
    }

    fn push(&mut self, character: char) {
        match self.fields.iter_mut().rev().find(|(in_code, _)| *in_code) {
            // A field that never ends is text.
            Some((_, code)) if code.len() < 4096 => code.push(character),
            _ => {
                self.characters += u64::from(!character.is_whitespace());
                self.pending.push(character);
            }
        }
    }

    /// The code of a field stands behind its result.
    fn end_field(&mut self) -> Result<(), Refusal> {
        let Some((_, code)) = self.fields.pop() else {
            return Ok(());
        };
        let word = code.split_whitespace().next().unwrap_or_default();
        if word.eq_ignore_ascii_case("DDE") || word.eq_ignore_ascii_case("DDEAUTO") {
            let sentence = "it holds a field that starts a program (DDE)";
            return Err(Refusal::new(Code::ActiveContent, sentence));
        }
        // A link's target is worth reading; a page number's code is not.
        if word.len() < code.trim().len() {
            self.pending.push_str(" {");
            self.pending.push_str(code.trim());
            self.pending.push_str("} ");
        }
        Ok(())
    }

    fn end(&mut self, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        while !self.fields.is_empty() {
            self.end_field()?;
        }
        reading.text(&std::mem::take(&mut self.pending))
    }
}
