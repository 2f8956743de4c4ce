//! What a stream's filters make of its bytes, within what may be decompressed.
//!
//! lopdf decodes streams too, but keeps silent about those that end too early:
//! half a page would pass for a page.

use crate::document::reading::Meter;
use crate::document::refusal::Refusal;
use flate2::{Decompress, FlushDecompress, Status};
use lopdf::{Dictionary, Document, Object, Stream};
use weezl::{BitOrder, LzwStatus, decode};

const CHUNK: usize = 32 << 10;
/// No producer chains more. Each stage may expand what the one before did.
const MAX_FILTERS: usize = 8;

/// A stream's content.
pub(super) enum Content {
    /// Decoded. `damaged` when bytes are missing or wrong.
    Bytes { bytes: Vec<u8>, damaged: bool },
    /// In an encoding of pictures.
    Picture,
    /// In a filter that is not known, or in another file.
    Unknown,
}

/// Decodes `stream`.
pub(super) fn decode(
    document: &Document,
    stream: &Stream,
    meter: &Meter,
) -> Result<Content, Refusal> {
    // `F` in a stream's dictionary names a file that has the bytes.
    if stream.dict.has(b"F") {
        return Ok(Content::Unknown);
    }
    let list = |object: Option<&Object>| -> Vec<Object> {
        match object.map(|object| resolve(document, object)) {
            Some(Object::Array(array)) => {
                let items = array.iter().map(|item| resolve(document, item).clone());
                items.collect()
            }
            Some(Object::Null) | None => Vec::new(),
            Some(object) => vec![object.clone()],
        }
    };
    let filters = list(stream.dict.get(b"Filter").ok());
    if filters.len() > MAX_FILTERS {
        return Ok(Content::Unknown);
    }
    let parameters = list(stream.dict.get(b"DecodeParms").ok());
    let mut bytes = stream.content.clone();
    // lopdf leaves a stream empty whose length it cannot make out.
    let length = stream
        .dict
        .get(b"Length")
        .map(|length| resolve(document, length));
    let mut damaged = bytes.is_empty() && !matches!(length, Ok(Object::Integer(0)));
    for (index, filter) in filters.iter().enumerate() {
        let Object::Name(name) = filter else {
            return Ok(Content::Unknown);
        };
        let parameters = parameters
            .get(index)
            .and_then(|object| object.as_dict().ok());
        let stage = match name.as_slice() {
            b"FlateDecode" | b"Fl" => {
                let (bytes, damaged) = inflate(&bytes, meter)?;
                unpredict(bytes, damaged, parameters)
            }
            b"LZWDecode" | b"LZW" => {
                let (bytes, damaged) = lzw(&bytes, parameters, meter)?;
                unpredict(bytes, damaged, parameters)
            }
            b"ASCII85Decode" | b"A85" => ascii85(&bytes),
            b"ASCIIHexDecode" | b"AHx" => ascii_hex(&bytes),
            b"RunLengthDecode" | b"RL" => run_length(&bytes, meter)?,
            // lopdf has decrypted what it could.
            b"Crypt" => (bytes, false),
            b"DCTDecode" | b"DCT" | b"JPXDecode" | b"CCITTFaxDecode" | b"CCF" | b"JBIG2Decode" => {
                return Ok(Content::Picture);
            }
            _ => return Ok(Content::Unknown),
        };
        bytes = stage.0;
        damaged |= stage.1;
    }
    Ok(Content::Bytes { bytes, damaged })
}

/// Counts what `stream` decodes to, for one that lopdf decodes by itself.
pub(super) fn measure(stream: &Stream, meter: &Meter) -> Result<(), Refusal> {
    decode(&Document::new(), stream, meter).map(|_| ())
}

fn resolve<'a>(document: &'a Document, object: &'a Object) -> &'a Object {
    document
        .dereference(object)
        .map_or(&Object::Null, |(_, object)| object)
}

/// Inflates zlib data, or raw deflate data where there is no header. The
/// checksum at the end is not looked at: viewers do not either.
fn inflate(input: &[u8], meter: &Meter) -> Result<(Vec<u8>, bool), Refusal> {
    let header = matches!(input, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31));
    let input = if header { &input[2..] } else { input };
    let mut inflater = Decompress::new(false);
    let mut output = Vec::new();
    loop {
        let consumed = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        let rest = input.get(consumed..).unwrap_or_default();
        let before = output.len();
        output.reserve(CHUNK);
        let status = inflater.decompress_vec(rest, &mut output, FlushDecompress::None);
        meter.decompressed(output.len() - before)?;
        meter.whole(output.len())?;
        match status {
            Ok(Status::StreamEnd) => return Ok((output, false)),
            Ok(_) if output.len() > before || inflater.total_in() as usize > consumed => {}
            // No progress: the input ends too early. Or it is no deflate data.
            Ok(_) | Err(_) => {
                // An empty stream is what some producers write for nothing.
                let nothing = input.is_empty();
                return Ok((output, !nothing));
            }
        }
    }
}

fn lzw(
    input: &[u8],
    parameters: Option<&Dictionary>,
    meter: &Meter,
) -> Result<(Vec<u8>, bool), Refusal> {
    let early = parameters.is_none_or(|parameters| integer(parameters, b"EarlyChange", 1) != 0);
    let mut decoder = match early {
        true => decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8),
        false => decode::Decoder::new(BitOrder::Msb, 8),
    };
    let mut output = Vec::new();
    let mut chunk = vec![0; CHUNK];
    let mut rest = input;
    loop {
        let result = decoder.decode_bytes(rest, &mut chunk);
        rest = &rest[result.consumed_in..];
        meter.decompressed(result.consumed_out)?;
        output.extend_from_slice(&chunk[..result.consumed_out]);
        meter.whole(output.len())?;
        match result.status {
            Ok(LzwStatus::Done) => return Ok((output, false)),
            Ok(LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            // Many producers leave out the end code.
            Ok(_) => return Ok((output, false)),
            Err(_) => return Ok((output, true)),
        }
    }
}

fn ascii85(input: &[u8]) -> (Vec<u8>, bool) {
    let mut output = Vec::with_capacity(input.len() / 5 * 4);
    let (mut group, mut length) = (0u32, 0);
    let mut damaged = false;
    for byte in input {
        match byte {
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                length += 1;
                if length == 5 {
                    output.extend_from_slice(&group.to_be_bytes());
                    (group, length) = (0, 0);
                }
            }
            b'z' if length == 0 => output.extend_from_slice(&[0; 4]),
            b'~' => break,
            byte if is_space(*byte) => {}
            _ => damaged = true,
        }
    }
    if length > 1 {
        for _ in length..5 {
            group = group.wrapping_mul(85).wrapping_add(84);
        }
        output.extend_from_slice(&group.to_be_bytes()[..length - 1]);
    }
    (output, damaged)
}

fn ascii_hex(input: &[u8]) -> (Vec<u8>, bool) {
    let mut output = Vec::with_capacity(input.len() / 2);
    let mut high = None;
    let mut damaged = false;
    for byte in input {
        match (*byte as char).to_digit(16) {
            Some(digit) => match high.take() {
                None => high = Some(digit as u8),
                Some(high) => output.push(high << 4 | digit as u8),
            },
            None if *byte == b'>' => break,
            None => damaged |= !is_space(*byte),
        }
    }
    output.extend(high.map(|high| high << 4));
    (output, damaged)
}

fn run_length(input: &[u8], meter: &Meter) -> Result<(Vec<u8>, bool), Refusal> {
    let mut output = Vec::new();
    let mut rest = input;
    while let [length, tail @ ..] = rest {
        let before = output.len();
        match (*length, tail) {
            (128, _) => return Ok((output, false)),
            (129.., [byte, tail @ ..]) => {
                output.resize(output.len() + 257 - usize::from(*length), *byte);
                rest = tail;
            }
            (0..=127, tail) if tail.len() > usize::from(*length) => {
                let (literal, tail) = tail.split_at(usize::from(*length) + 1);
                output.extend_from_slice(literal);
                rest = tail;
            }
            _ => return Ok((output, true)),
        }
        meter.decompressed(output.len() - before)?;
        meter.whole(output.len())?;
    }
    Ok((output, false))
}

fn integer(dictionary: &Dictionary, key: &[u8], default: i64) -> i64 {
    let value = dictionary.get(key).and_then(Object::as_i64);
    value.unwrap_or(default)
}

/// Takes back what a predictor did to the rows of a picture, or of anything
/// (ISO 32000-1, 7.4.4.4; PNG specification, 9).
fn unpredict(bytes: Vec<u8>, damaged: bool, parameters: Option<&Dictionary>) -> (Vec<u8>, bool) {
    let Some(parameters) = parameters else {
        return (bytes, damaged);
    };
    let predictor = integer(parameters, b"Predictor", 1);
    if predictor <= 1 {
        return (bytes, damaged);
    }
    let sample = |key, default| usize::try_from(integer(parameters, key, default)).unwrap_or(0);
    let (columns, colors, bits) = (
        sample(b"Columns", 1),
        sample(b"Colors", 1),
        sample(b"BitsPerComponent", 8),
    );
    let bits_per_pixel = colors.saturating_mul(bits);
    let row = columns.saturating_mul(bits_per_pixel).div_ceil(8);
    let pixel = bits_per_pixel.div_ceil(8).max(1);
    if row == 0 || row > bytes.len() {
        // No row is whole.
        return (bytes, true);
    }
    match predictor {
        2 if bits == 8 => (unpredict_tiff(bytes, row, pixel), damaged),
        10..=15 => {
            let (bytes, odd) = unpredict_png(&bytes, row, pixel);
            (bytes, damaged || odd)
        }
        _ => (bytes, true),
    }
}

fn unpredict_tiff(mut bytes: Vec<u8>, row: usize, pixel: usize) -> Vec<u8> {
    for row in bytes.chunks_mut(row) {
        for at in pixel..row.len() {
            row[at] = row[at].wrapping_add(row[at - pixel]);
        }
    }
    bytes
}

fn unpredict_png(bytes: &[u8], row: usize, pixel: usize) -> (Vec<u8>, bool) {
    let mut output = Vec::with_capacity(bytes.len());
    let mut above = vec![0; row];
    let mut odd = false;
    for line in bytes.chunks(row + 1) {
        let [kind, line @ ..] = line else { break };
        let mut current = line.to_vec();
        for at in 0..current.len() {
            let left = if at < pixel { 0 } else { current[at - pixel] };
            let corner = if at < pixel { 0 } else { above[at - pixel] };
            let up = above[at];
            let guess = match kind {
                1 => left,
                2 => up,
                3 => u16::midpoint(u16::from(left), u16::from(up)) as u8,
                4 => paeth(left, up, corner),
                _ => 0,
            };
            current[at] = current[at].wrapping_add(guess);
        }
        odd |= *kind > 4;
        output.extend_from_slice(&current);
        above[..current.len()].copy_from_slice(&current);
    }
    (output, odd)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let guess = a + b - c;
    let (to_a, to_b, to_c) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if to_a <= to_b && to_a <= to_c {
        left
    } else if to_b <= to_c {
        up
    } else {
        corner
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}
