//! What the child writes and the parent reads: a document's parts and text,
//! and how it ended.
//!
//! A frame is a tag, the length of its payload as four bytes little-endian,
//! and the payload:
//!
//! | tag | payload | length |
//! |---|---|---|
//! | `P` | the name of a part that begins, UTF-8 | up to [`MAX_NAME`] |
//! | `T` | text | up to [`MAX_TEXT`] |
//! | `E` | the end: `{"Ok": Parsed}` or `{"Err": Refusal}` | up to [`MAX_END`] |
//!
//! After `E` nothing comes. The parent trusts none of it: a child that a
//! document took over can say what it likes, but not make the parent keep,
//! wait for or believe more than this.

use super::{Parsed, Refusal};

pub(super) const MAX_NAME: usize = 200;
pub(super) const MAX_TEXT: usize = 64 << 10;
pub(super) const MAX_END: usize = 16 << 10;
const HEADER: usize = 5;

/// How the child says that it came to an end.
pub(super) type End = Result<Parsed, Refusal>;

pub(super) fn part(name: &str) -> Vec<u8> {
    let mut end = name.len().min(MAX_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    encode(b'P', &name.as_bytes()[..end])
}

/// Frames of text, each as long as may be.
pub(super) fn text(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    text.chunks(MAX_TEXT).map(|chunk| encode(b'T', chunk))
}

pub(super) fn end(end: &End) -> Vec<u8> {
    let json = serde_json::to_vec(end).unwrap_or_default();
    encode(b'E', &json)
}

fn encode(tag: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER + payload.len());
    frame.push(tag);
    // The payloads above are all shorter than 4 GiB.
    frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// What a frame says. Text comes in pieces as it arrives.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Part(&'a str),
    Text(&'a [u8]),
    End(Result<Parsed, Refusal>),
}

/// Bytes that no child of ours writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the parser's answer is none: {0}")]
pub struct Broken(&'static str);

enum State {
    Header,
    /// A payload that must be whole: its tag, its length.
    Whole(u8, usize),
    /// So many bytes of text are still to come.
    Text(usize),
    Ended,
}

/// Takes the child's output apart, however it is cut. Keeps at most one part's
/// name or end.
pub struct Decoder {
    state: State,
    kept: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    pub fn new() -> Self {
        Self {
            state: State::Header,
            kept: Vec::new(),
        }
    }

    /// Takes the next bytes. After an error it must not be fed again.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        take: &mut dyn FnMut(Frame<'_>),
    ) -> Result<(), Broken> {
        while !bytes.is_empty() {
            match self.state {
                State::Ended => return Err(Broken("bytes after its end")),
                State::Text(left) => {
                    let (text, rest) = bytes.split_at(left.min(bytes.len()));
                    take(Frame::Text(text));
                    bytes = rest;
                    self.state = match left - text.len() {
                        0 => State::Header,
                        left => State::Text(left),
                    };
                }
                State::Header => {
                    if !self.keep(&mut bytes, HEADER) {
                        return Ok(());
                    }
                    self.state = Self::header(&self.kept)?;
                    self.kept.clear();
                }
                State::Whole(tag, length) => {
                    if !self.keep(&mut bytes, length) {
                        return Ok(());
                    }
                    self.whole(tag, take)?;
                }
            }
        }
        Ok(())
    }

    /// Whether the child said how it ended, and nothing is missing.
    pub fn ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Moves bytes to `kept` until it is `length` long; false when they do not suffice.
    fn keep(&mut self, bytes: &mut &[u8], length: usize) -> bool {
        let missing = length - self.kept.len();
        let (kept, rest) = bytes.split_at(missing.min(bytes.len()));
        self.kept.extend_from_slice(kept);
        *bytes = rest;
        self.kept.len() == length
    }

    fn header(header: &[u8]) -> Result<State, Broken> {
        let [tag, length @ ..] = header else {
            return Err(Broken("no header"));
        };
        let length = length.try_into().map(u32::from_le_bytes);
        let length = length.map_err(|_| Broken("no length"))? as usize;
        match (tag, length) {
            (b'T', 1..=MAX_TEXT) => Ok(State::Text(length)),
            (b'P', 1..=MAX_NAME) => Ok(State::Whole(b'P', length)),
            (b'E', 1..=MAX_END) => Ok(State::Whole(b'E', length)),
            (b'T' | b'P' | b'E', _) => Err(Broken("a length out of bounds")),
            _ => Err(Broken("an unknown tag")),
        }
    }

    fn whole(&mut self, tag: u8, take: &mut dyn FnMut(Frame<'_>)) -> Result<(), Broken> {
        if tag == b'P' {
            let name =
                std::str::from_utf8(&self.kept).map_err(|_| Broken("a name that is not UTF-8"))?;
            take(Frame::Part(name));
            self.state = State::Header;
        } else {
            let end: End =
                serde_json::from_slice(&self.kept).map_err(|_| Broken("an end that is not one"))?;
            take(Frame::End(end));
            self.state = State::Ended;
        }
        self.kept.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Code, Kind};

    fn decode(bytes: &[u8], cut: usize) -> Result<(Vec<String>, bool), Broken> {
        let mut decoder = Decoder::new();
        let mut seen: Vec<String> = Vec::new();
        let mut take = |frame: Frame<'_>| match frame {
            Frame::Part(name) => seen.push(format!("part {name}")),
            Frame::Text(text) => {
                let text = String::from_utf8_lossy(text).into_owned();
                match seen.last_mut() {
                    Some(last) if last.starts_with("text") => last.push_str(&text),
                    _ => seen.push(format!("text {text}")),
                }
            }
            Frame::End(end) => seen.push(format!("end {}", end.is_ok())),
        };
        for chunk in bytes.chunks(cut) {
            decoder.feed(chunk, &mut take)?;
        }
        let ended = decoder.ended();
        Ok((seen, ended))
    }

    fn parsed() -> End {
        Ok(Parsed {
            kind: Kind::Text,
            parts: 1,
            text_bytes: 5,
            pictures: 0,
            unreadable: None,
        })
    }

    #[test]
    fn what_is_written_is_read_however_it_is_cut() {
        let mut bytes = part("page 1");
        bytes.extend(text(b"hello").flatten());
        bytes.extend(end(&parsed()));
        for cut in 1..bytes.len() {
            let (seen, ended) = decode(&bytes, cut).unwrap();
            assert_eq!(seen, ["part page 1", "text hello", "end true"], "cut {cut}");
            assert!(ended);
        }
    }

    #[test]
    fn a_child_that_stops_halfway_has_not_ended() {
        let bytes = end(&parsed());
        for length in 0..bytes.len() {
            let (_, ended) = decode(&bytes[..length], 3).unwrap();
            assert!(!ended, "after {length} bytes");
        }
    }

    #[test]
    fn what_no_child_writes_is_broken() {
        let after_end = [end(&parsed()), vec![b'T']].concat();
        let refusal = end(&Err(Refusal::new(Code::Empty, "x")));
        for (what, bytes) in [
            ("a tag", vec![b'X', 1, 0, 0, 0, 0]),
            ("an endless text", vec![b'T', 255, 255, 255, 255]),
            ("an endless name", vec![b'P', 255, 255, 0, 0]),
            ("an empty text", vec![b'T', 0, 0, 0, 0]),
            ("a name that is no text", vec![b'P', 1, 0, 0, 0, 0xff]),
            ("an end that is no JSON", vec![b'E', 2, 0, 0, 0, b'{', b'}']),
            ("more after the end", after_end),
            ("two ends", [refusal.clone(), refusal].concat()),
        ] {
            assert!(decode(&bytes, 7).is_err(), "{what}");
        }
    }
}
