//! Plain text in UTF-8, UTF-16 or Windows-1252, in constant memory: the file
//! is read twice, once to see what it is and once to hand it on as UTF-8.

use super::markup::{self, Beginning};
use super::reading::{Reading, Source};
use super::refusal::{Code, Refusal, from_io};
use encoding_rs::{CoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::SeekFrom;

const CHUNK: usize = 16 << 10;
/// Bytes per step.
const STEP: usize = 64;

/// Reads `file`, whose first bytes are `head`; false when it is no text.
///
/// Text is what has no control characters but those of printers and
/// terminals: a byte of zero means something else. Markup and the like is
/// refused by name: it can spell a digit as `&#52;`, where nobody who reads it
/// as text would see it.
pub(super) fn read(
    file: &mut dyn Source,
    head: &[u8],
    reading: &mut Reading<'_>,
) -> Result<bool, Refusal> {
    let encoding = match by_head(head)? {
        Some(encoding) => encoding,
        None => match by_content(file, reading)? {
            Some(encoding) => encoding,
            None => return Ok(false),
        },
    };
    let decoded = encoding.decode(head).0;
    let start = decoded.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let beginning = markup::beginning(start);
    let name = match beginning {
        Beginning::Markup(name) => Some(name),
        _ => no_plain_text(start),
    };
    if let Some(name) = name {
        let sentence = format!("it is {name}, which is not plain text");
        return Err(Refusal::new(Code::UnknownType, sentence));
    }
    reading.part("text")?;
    decode(file, encoding, beginning == Beginning::Tag, reading)?;
    Ok(true)
}

/// The encoding that the first bytes leave no doubt about.
fn by_head(head: &[u8]) -> Result<Option<&'static Encoding>, Refusal> {
    if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
        let sentence = "it is UTF-32 text; send it as UTF-8 or UTF-16";
        return Err(Refusal::new(Code::UnknownType, sentence));
    }
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok((encoding != UTF_8).then_some(encoding));
    }
    // Without a mark: the digits, spaces and Latin letters of UTF-16 have a
    // zero in every other byte, always in the same place.
    let units = head.len() / 2;
    let zeros = |place: usize| {
        (0..units)
            .filter(|unit| head[unit * 2 + place] == 0)
            .count()
    };
    let (first, second) = (zeros(0), zeros(1));
    let many = (units / 4).max(1);
    Ok(if second >= many && first == 0 {
        Some(UTF_16LE)
    } else if first >= many && second == 0 {
        Some(UTF_16BE)
    } else {
        None
    })
}

/// UTF-8 when the bytes are, or when what is wrong in it is the exception;
/// else Windows-1252, in which every byte is a character. None when it is no
/// text at all.
fn by_content(
    file: &mut dyn Source,
    reading: &Reading<'_>,
) -> Result<Option<&'static Encoding>, Refusal> {
    let (mut sequences, mut wrong) = (0u64, 0u64);
    // Of a sequence that was cut: at most three bytes.
    let mut carried = 0;
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = read_some(file, &mut chunk[carried..])?;
        if chunk[carried..carried + length]
            .iter()
            .any(|byte| is_control(*byte))
        {
            return Ok(None);
        }
        let mut bytes = &chunk[..carried + length];
        reading.meter.steps((length / STEP) as u64)?;
        let mut cut = 0;
        loop {
            match std::str::from_utf8(bytes) {
                Ok(text) => {
                    sequences += beginnings(text.as_bytes());
                    break;
                }
                Err(error) => {
                    let (valid, rest) = bytes.split_at(error.valid_up_to());
                    sequences += beginnings(valid);
                    let Some(skip) = error.error_len() else {
                        cut = rest.len();
                        break;
                    };
                    wrong += 1;
                    bytes = &rest[skip..];
                }
            }
        }
        if length == 0 {
            wrong += u64::from(cut > 0);
            break;
        }
        let end = carried + length;
        chunk.copy_within(end - cut..end, 0);
        carried = cut;
    }
    let utf8 = wrong == 0 || sequences > wrong * 4;
    Ok(Some(if utf8 { UTF_8 } else { WINDOWS_1252 }))
}

fn beginnings(utf8: &[u8]) -> u64 {
    utf8.iter().filter(|byte| **byte >= 0xc2).count() as u64
}

/// Other than backspace, tab, the line and page ends, escape and the end of
/// file of old systems.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=7 | 0x0e..=0x19 | 0x1c..=0x1f | 0x7f)
}

/// Hands the text on. Of one that `may_be_markup` it is said when there are
/// characters in it that markup spells by their numbers.
fn decode(
    file: &mut dyn Source,
    encoding: &'static Encoding,
    may_be_markup: bool,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    file.seek(SeekFrom::Start(0))
        .map_err(|error| from_io(&error, "it"))?;
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut chunk = vec![0; CHUNK];
    let mut text = String::with_capacity(CHUNK);
    let (mut characters, mut wrong) = (0u64, 0u64);
    let mut ampersand = false;
    loop {
        let length = read_some(file, &mut chunk)?;
        reading.meter.steps((length / STEP) as u64)?;
        let mut bytes = &chunk[..length];
        loop {
            text.clear();
            let (result, read, replaced) = decoder.decode_to_string(bytes, &mut text, length == 0);
            bytes = &bytes[read..];
            if encoding != UTF_8 && encoding != WINDOWS_1252 {
                if text.bytes().any(is_control) {
                    return Err(no_text("it holds control characters"));
                }
                characters += text.chars().count() as u64;
                if replaced {
                    wrong += text.chars().filter(|c| *c == '\u{fffd}').count() as u64;
                }
            }
            if may_be_markup && !text.is_empty() {
                if text.contains("&#") || ampersand && text.starts_with('#') {
                    reading.unreadable("it begins as markup and spells characters by number");
                }
                ampersand = text.ends_with('&');
            }
            reading.text(&text)?;
            if result == CoderResult::InputEmpty {
                break;
            }
        }
        if length == 0 {
            break;
        }
    }
    if wrong * 50 > characters {
        return Err(no_text("it looks like UTF-16 text and is damaged"));
    }
    Ok(())
}

fn no_text(sentence: &str) -> Refusal {
    Refusal::new(Code::UnknownType, sentence)
}

fn read_some(file: &mut dyn Source, chunk: &mut [u8]) -> Result<usize, Refusal> {
    loop {
        match file.read(chunk) {
            Ok(length) => return Ok(length),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(from_io(&error, "it")),
        }
    }
}

/// What text is in name only: what is read in it is not what is written.
/// `start` has no white space in front.
fn no_plain_text(start: &str) -> Option<&'static str> {
    const BEGINNINGS: &[(&str, &str)] = &[
        ("{\\rtf", "an RTF document"),
        ("%!ps", "a PostScript program"),
        ("begin-base64 ", "an encoded file"),
    ];
    let starts = |with: &str| {
        let start = start.as_bytes().get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    if let Some((_, name)) = BEGINNINGS.iter().find(|(with, _)| starts(with)) {
        return Some(name);
    }
    // A message's attachments are in base64.
    let mut header = start.lines().take_while(|line| !line.is_empty());
    header
        .any(|line| line.to_ascii_lowercase().starts_with("mime-version:"))
        .then_some("an e-mail message")
}
