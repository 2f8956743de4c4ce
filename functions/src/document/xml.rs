//! XML as office documents have it: no document type, so no entities but the
//! five of XML; in UTF-8 or what its declaration says; walked event by event.

use super::reading::Reading;
use super::refusal::{Code, Refusal, from_io};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::cell::Cell;
use std::io::{BufReader, Read};
use std::rc::Rc;

/// One tag or one text between tags. Word writes runs of a few words.
const MAX_EVENT: u64 = 16 << 20;
/// The nesting limit is meant for objects, of which one is several elements:
/// a table cell within a table cell is six deeper.
const ELEMENTS_PER_LEVEL: usize = 4;

/// What is done with each event. Names are without their prefix.
pub(super) trait Handler {
    fn start(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), Refusal>;
    fn end(&mut self, name: &str, reading: &mut Reading<'_>) -> Result<(), Refusal>;
    fn text(&mut self, text: &str, reading: &mut Reading<'_>) -> Result<(), Refusal>;
}

/// The attributes of an element.
pub(super) struct Attributes<'a>(&'a BytesStart<'a>);

impl Attributes<'_> {
    /// The value of the attribute that is called `name`, whatever its prefix.
    pub fn get(&self, name: &str) -> Option<String> {
        self.all()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// Every attribute, without its prefix, but declarations of prefixes.
    pub fn all(&self) -> impl Iterator<Item = (String, String)> {
        let mut attributes = self.0.attributes();
        // Looking for duplicates takes quadratic time.
        attributes.with_checks(false);
        attributes.filter_map(|attribute| {
            let attribute = attribute.ok()?;
            let key = attribute.key.as_ref();
            if key == "xmlns" || key.starts_with("xmlns:") {
                return None;
            }
            let key = key.rsplit(':').next().unwrap_or(key).to_owned();
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            Some((key, value.into_owned()))
        })
    }
}

/// Walks through `source`, which is a part of a document and not its whole.
pub(super) fn walk(
    source: &mut dyn Read,
    reading: &mut Reading<'_>,
    handler: &mut dyn Handler,
) -> Result<(), Refusal> {
    let since_event = Rc::new(Cell::new(0));
    let guarded = Guarded {
        source: Utf8::new(source).map_err(|error| from_io(&error, "a part of it"))?,
        since_event: Rc::clone(&since_event),
    };
    let mut reader = Reader::from_reader(BufReader::new(guarded));
    let mut buffer = Vec::new();
    let mut depth = 0usize;
    loop {
        buffer.clear();
        since_event.set(0);
        reading.meter.steps(1)?;
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| refuse(&error))?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                reading.nesting(depth / ELEMENTS_PER_LEVEL)?;
                start(&tag, handler, reading)?;
            }
            Event::Empty(tag) => {
                start(&tag, handler, reading)?;
                handler.end(tag.local_name().as_ref(), reading)?;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                handler.end(tag.local_name().as_ref(), reading)?;
            }
            Event::Text(text) => handler.text(&text, reading)?,
            Event::CData(text) => handler.text(&text, reading)?,
            Event::GeneralRef(reference) => {
                let character = resolve(&reference)?;
                handler.text(character.encode_utf8(&mut [0; 4]), reading)?;
            }
            Event::DocType(_) => {
                let sentence = "a part of it has a document type, which no office program writes";
                return Err(Refusal::malformed(sentence));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if depth > 0 {
        return Err(Refusal::malformed("a part of it ends too early"));
    }
    Ok(())
}

fn start(
    tag: &BytesStart<'_>,
    handler: &mut dyn Handler,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    handler.start(tag.local_name().as_ref(), &Attributes(tag), reading)
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, Refusal> {
    let malformed = || Refusal::malformed("a part of it has an unknown entity");
    if let Some(character) = reference.resolve_char_ref().map_err(|_| malformed())? {
        return Ok(character);
    }
    match &**reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(malformed()),
    }
}

fn refuse(error: &quick_xml::Error) -> Refusal {
    match error {
        quick_xml::Error::Io(error) => from_io(error, "a part of it"),
        _ => Refusal::malformed("a part of it is no well-formed XML"),
    }
}

/// Hands on every text and every attribute's value, each on a line of its own.
pub(super) fn everything(source: &mut dyn Read, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    #[derive(Default)]
    struct Everything {
        pending: bool,
    }
    impl Everything {
        fn end_line(&mut self, reading: &mut Reading<'_>) -> Result<(), Refusal> {
            if std::mem::take(&mut self.pending) {
                reading.text("\n")?;
            }
            Ok(())
        }
    }
    impl Handler for Everything {
        fn start(
            &mut self,
            _: &str,
            attributes: &Attributes<'_>,
            reading: &mut Reading<'_>,
        ) -> Result<(), Refusal> {
            self.end_line(reading)?;
            for (_, value) in attributes.all() {
                reading.line(&value)?;
            }
            Ok(())
        }

        fn end(&mut self, _: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
            self.end_line(reading)
        }

        fn text(&mut self, text: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
            if self.pending || !text.trim().is_empty() {
                self.pending = true;
                reading.text(text)?;
            }
            Ok(())
        }
    }
    walk(source, reading, &mut Everything::default())
}

/// Ends what would make the reader keep too much at once.
struct Guarded<'s> {
    source: Utf8<'s>,
    since_event: Rc<Cell<u64>>,
}

impl Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        let since = self.since_event.get() + length as u64;
        self.since_event.set(since);
        if since > MAX_EVENT {
            let sentence = format!("a part of it has a text or tag of more than {MAX_EVENT} bytes");
            return Err(Refusal::new(Code::TooMuchText, sentence).into());
        }
        Ok(length)
    }
}

/// What is read through it is UTF-8, whatever the source is in.
struct Utf8<'s> {
    source: &'s mut dyn Read,
    decoder: Decoder,
    /// Read from the source and not decoded yet.
    raw: Vec<u8>,
    /// Decoded and not handed on yet, from `at`.
    decoded: String,
    at: usize,
    ended: bool,
}

impl<'s> Utf8<'s> {
    fn new(source: &'s mut dyn Read) -> std::io::Result<Self> {
        let mut raw = Vec::new();
        source.take(1024).read_to_end(&mut raw)?;
        let encoding = match Encoding::for_bom(&raw) {
            Some((encoding, _)) => encoding,
            None if raw.starts_with(b"<\0") => UTF_16LE,
            None if raw.starts_with(b"\0<") => UTF_16BE,
            None => declared(&raw)?,
        };
        Ok(Self {
            source,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw,
            decoded: String::new(),
            at: 0,
            ended: false,
        })
    }
}

/// The encoding that the declaration names.
fn declared(head: &[u8]) -> std::io::Result<&'static Encoding> {
    if !head.starts_with(b"<?xml") {
        return Ok(UTF_8);
    }
    let end = head
        .iter()
        .position(|byte| *byte == b'>')
        .unwrap_or(head.len());
    let declaration = String::from_utf8_lossy(&head[..end]);
    let Some((_, rest)) = declaration.split_once("encoding") else {
        return Ok(UTF_8);
    };
    let label = rest.split(['"', '\'']).nth(1).unwrap_or("utf-8");
    match Encoding::for_label(label.as_bytes()) {
        // It has been read as ASCII just now.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => Err(Refusal::malformed("a part of it is in an unknown encoding").into()),
    }
}

impl Read for Utf8<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        const CHUNK: usize = 8 << 10;
        while self.at == self.decoded.len() {
            if self.ended {
                return Ok(0);
            }
            if self.raw.is_empty() {
                self.raw.resize(CHUNK, 0);
                let length = self.source.read(&mut self.raw)?;
                self.raw.truncate(length);
                self.ended = length == 0;
            }
            self.decoded.clear();
            self.at = 0;
            let need = self.decoder.max_utf8_buffer_length(self.raw.len());
            self.decoded.reserve(need.unwrap_or(4 * CHUNK));
            let (_, read, _) =
                self.decoder
                    .decode_to_string(&self.raw, &mut self.decoded, self.ended);
            self.raw.drain(..read);
        }
        let rest = &self.decoded.as_bytes()[self.at..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}
