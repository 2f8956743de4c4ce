//! Fonts: which characters a shown string is, and how wide it is.

use super::Pdf;
use super::cmap::CMap;
use super::filter::Content;
use super::glyphs::{self, Base};
use crate::document::reading::Meter;
use crate::document::refusal::Refusal;
use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_16BE};
use lopdf::{Dictionary, Object};
use std::collections::HashMap;

/// A font as far as its text goes.
pub(super) struct Font {
    kind: Kind,
    to_unicode: Option<CMap>,
    widths: Widths,
    /// From glyph space to text space: a thousandth but in Type 3 fonts.
    scale: f64,
}

enum Kind {
    /// One byte is one character.
    Simple(Box<[Option<String>; 256]>),
    /// Codes cut by a CMap, which only `ToUnicode` makes characters of.
    Composite(CMap),
    /// As above, of one of Adobe's CJK collections: the first of its glyphs
    /// are those of ASCII.
    Collection(CMap),
    /// The string is text in an encoding of its own.
    Encoded(&'static Encoding),
}

struct Widths {
    by_code: HashMap<u32, f64>,
    default: f64,
}

/// One character or more that a code shows.
pub(super) struct Shown {
    pub code: u32,
    /// None when nothing says which.
    pub text: Option<String>,
    /// In text space, for a font size of one.
    pub width: f64,
    /// The single-byte code 32, to which word spacing applies.
    pub is_space: bool,
}

impl Font {
    pub fn read(pdf: &Pdf, dictionary: &Dictionary, meter: &Meter) -> Result<Self, Refusal> {
        meter.steps(500)?;
        let to_unicode = match pdf.get(dictionary, b"ToUnicode") {
            Object::Stream(stream) => match pdf.decode(stream, meter)? {
                Content::Bytes { bytes, .. } => Some(CMap::parse(&bytes, meter)?),
                _ => None,
            },
            _ => None,
        };
        let to_unicode = to_unicode.filter(|cmap| !cmap.is_empty());
        let composite = pdf.name(dictionary, b"Subtype") == b"Type0";
        let mut font = if composite {
            Self::composite(pdf, dictionary, meter)?
        } else {
            Self::simple(pdf, dictionary, meter, to_unicode.is_some())?
        };
        font.to_unicode = to_unicode;
        Ok(font)
    }

    fn simple(
        pdf: &Pdf,
        dictionary: &Dictionary,
        meter: &Meter,
        mapped: bool,
    ) -> Result<Self, Refusal> {
        let encoding = Simple::read(pdf, dictionary, meter, mapped)?;
        let mut widths = Widths {
            by_code: HashMap::new(),
            default: 500.0,
        };
        let first = pdf.number(dictionary, b"FirstChar").unwrap_or(0.0).max(0.0) as u32;
        let given = match pdf.get(dictionary, b"Widths") {
            Object::Array(given) => given.as_slice(),
            _ => &[],
        };
        for (code, width) in (first..256).zip(given) {
            if let Ok(width) = pdf.resolve(width).as_float() {
                widths.by_code.insert(code, f64::from(width));
            }
        }
        if given.is_empty() {
            standard_widths(&mut widths, pdf.name(dictionary, b"BaseFont"));
        }
        let mut scale = 0.001;
        if pdf.name(dictionary, b"Subtype") == b"Type3"
            && let Object::Array(matrix) = pdf.get(dictionary, b"FontMatrix")
            && let Some(Ok(a)) = matrix.first().map(Object::as_float)
        {
            scale = f64::from(a);
        }
        Ok(Self {
            kind: Kind::Simple(encoding),
            to_unicode: None,
            widths,
            scale,
        })
    }

    fn composite(pdf: &Pdf, dictionary: &Dictionary, meter: &Meter) -> Result<Self, Refusal> {
        let descendant = match pdf.get(dictionary, b"DescendantFonts") {
            Object::Array(fonts) => fonts.first().map(|font| pdf.resolve(font)),
            _ => None,
        };
        let empty = Dictionary::new();
        let descendant = descendant
            .and_then(|font| font.as_dict().ok())
            .unwrap_or(&empty);
        let info = pdf.get(descendant, b"CIDSystemInfo").as_dict().ok();
        let ordering = info.map(|info| pdf.get(info, b"Ordering"));
        let ordering = ordering
            .and_then(|ordering| ordering.as_str().ok())
            .unwrap_or_default();
        let collection = [&b"Japan1"[..], b"GB1", b"CNS1", b"Korea1", b"KR"].contains(&ordering);
        let kind = match pdf.get(dictionary, b"Encoding") {
            Object::Stream(stream) => match pdf.decode(stream, meter)? {
                Content::Bytes { bytes, .. } => Kind::Composite(CMap::parse(&bytes, meter)?),
                _ => Kind::Composite(CMap::default()),
            },
            Object::Name(name) => match predefined(name) {
                Some(encoding) => Kind::Encoded(encoding),
                None if collection => Kind::Collection(CMap::default()),
                None => Kind::Composite(CMap::default()),
            },
            _ => Kind::Composite(CMap::default()),
        };
        let default = pdf.number(descendant, b"DW").unwrap_or(1000.0);
        let mut widths = Widths {
            by_code: HashMap::new(),
            default,
        };
        if let Object::Array(list) = pdf.get(descendant, b"W") {
            composite_widths(pdf, list, &mut widths, meter)?;
        }
        Ok(Self {
            kind,
            to_unicode: None,
            widths,
            scale: 0.001,
        })
    }

    /// Hands on what `string` shows, code by code.
    pub fn show(
        &self,
        string: &[u8],
        take: &mut dyn FnMut(Shown) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        match &self.kind {
            Kind::Simple(characters) => {
                for byte in string {
                    let code = u32::from(*byte);
                    let mapped = self
                        .to_unicode
                        .as_ref()
                        .and_then(|cmap| cmap.characters((1, code)));
                    take(Shown {
                        code,
                        text: sensible(mapped).or_else(|| characters[usize::from(*byte)].clone()),
                        width: self.width(code),
                        is_space: *byte == b' ',
                    })?;
                }
            }
            Kind::Composite(cmap) | Kind::Collection(cmap) => {
                let of_collection = matches!(self.kind, Kind::Collection(_));
                let cutter = match &self.to_unicode {
                    Some(to_unicode) if !cmap.has_spaces() && to_unicode.has_spaces() => to_unicode,
                    _ => cmap,
                };
                let mut rest = string;
                while let Some((code, length)) = cutter.next(rest) {
                    rest = &rest[length..];
                    let mapped = self
                        .to_unicode
                        .as_ref()
                        .and_then(|cmap| cmap.characters(code));
                    let latin = || {
                        let ascii = of_collection && (1..=95).contains(&code.1);
                        ascii
                            .then(|| char::from_u32(code.1 + 0x1f))
                            .flatten()
                            .map(String::from)
                    };
                    take(Shown {
                        code: code.1,
                        text: sensible(mapped).or_else(latin),
                        width: self.width(code.1),
                        is_space: length == 1 && code.1 == 32,
                    })?;
                }
            }
            Kind::Encoded(encoding) => {
                let (text, _) = encoding.decode_without_bom_handling(string);
                for character in text.chars() {
                    take(Shown {
                        code: u32::from(character),
                        text: sensible(Some(String::from(character))),
                        width: self.scale * self.widths.default,
                        is_space: false,
                    })?;
                }
            }
        }
        Ok(())
    }

    fn width(&self, code: u32) -> f64 {
        self.scale
            * self
                .widths
                .by_code
                .get(&code)
                .copied()
                .unwrap_or(self.widths.default)
    }
}

/// Leaves out what maps to no character: some producers map every glyph to
/// U+FFFD or to a control character, to have a mapping at all.
fn sensible(text: Option<String>) -> Option<String> {
    text.filter(|text| {
        let tells =
            |c: char| c != '\u{fffd}' && (!c.is_control() || matches!(c, '\t' | '\r' | '\n'));
        !text.is_empty() && text.chars().all(tells)
    })
}

/// The encoding of a simple font.
struct Simple;

impl Simple {
    fn read(
        pdf: &Pdf,
        font: &Dictionary,
        meter: &Meter,
        mapped: bool,
    ) -> Result<Box<[Option<String>; 256]>, Refusal> {
        let encoding = pdf.get(font, b"Encoding");
        let (base, differences) = match encoding {
            Object::Name(name) => (base(name), None),
            Object::Dictionary(encoding) => {
                let differences = pdf.get(encoding, b"Differences").as_array().ok();
                (base(pdf.name(encoding, b"BaseEncoding")), differences)
            }
            _ => (None, None),
        };
        let named = pdf.name(font, b"BaseFont");
        let descriptor = pdf.get(font, b"FontDescriptor").as_dict().ok();
        let flags = descriptor.and_then(|descriptor| pdf.number(descriptor, b"Flags"));
        let symbolic = flags.is_some_and(|flags| flags as u32 & 4 != 0);
        let is = |name: &[u8]| named.windows(name.len()).any(|window| window == name);
        let own = match descriptor.map(|descriptor| pdf.get(descriptor, b"FontFile")) {
            Some(Object::Stream(file)) if base.is_none() => match pdf.decode(file, meter)? {
                Content::Bytes { bytes, .. } => built_in(&bytes),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let embedded = descriptor.is_some_and(|descriptor| {
            [&b"FontFile"[..], b"FontFile2", b"FontFile3"]
                .iter()
                .any(|key| descriptor.has(key))
        });
        let mut table: Box<[Option<String>; 256]> = Box::new([const { None }; 256]);
        let type3 = pdf.name(font, b"Subtype") == b"Type3";
        // A font program that has an encoding of its own, which is not read:
        // its codes may stand for anything.
        let secret = embedded && symbolic && encoding.is_null() && own.is_empty() && !mapped;
        if !type3 && !secret && own.is_empty() {
            let base = match base {
                Some(base) => base,
                None if is(b"Symbol") => Base::Symbol,
                None if is(b"Dingbats") || is(b"Wingdings") => Base::Dingbats,
                None if pdf.name(font, b"Subtype") == b"TrueType" => Base::WinAnsi,
                None => Base::Standard,
            };
            for code in 0..=255 {
                table[usize::from(code)] = base.character(code).map(String::from);
            }
        }
        for (code, name) in own {
            table[usize::from(code)] = glyphs::character(&name);
        }
        let mut code = 0usize;
        for item in differences.into_iter().flatten() {
            match pdf.resolve(item) {
                Object::Integer(next) => code = usize::try_from(*next).unwrap_or(256),
                Object::Name(name) => {
                    if let Some(entry) = table.get_mut(code) {
                        let name = String::from_utf8_lossy(name);
                        *entry = glyphs::character(&name);
                    }
                    code += 1;
                }
                _ => {}
            }
        }
        Ok(table)
    }
}

fn base(name: &[u8]) -> Option<Base> {
    match name {
        b"WinAnsiEncoding" => Some(Base::WinAnsi),
        b"MacRomanEncoding" => Some(Base::MacRoman),
        b"StandardEncoding" => Some(Base::Standard),
        _ => None,
    }
}

/// The encoding that a Type 1 font program states in its clear part, in lines
/// such as `dup 52 /four put`.
fn built_in(program: &[u8]) -> Vec<(u8, String)> {
    let clear = memchr::memmem::find(program, b"eexec").unwrap_or(program.len());
    let clear = String::from_utf8_lossy(&program[..clear.min(1 << 20)]);
    let mut encoding = Vec::new();
    let mut words = clear.split_ascii_whitespace();
    while let Some(word) = words.next() {
        if word != "dup" || encoding.len() > 256 {
            continue;
        }
        let code = words.next().and_then(|code| code.parse().ok());
        let name = words.next().and_then(|name| name.strip_prefix('/'));
        if let (Some(code), Some(name)) = (code, name) {
            encoding.push((code, name.to_owned()));
        }
    }
    encoding
}

/// The encodings behind the names of predefined CMaps (ISO 32000-1, table 118).
fn predefined(name: &[u8]) -> Option<&'static Encoding> {
    let name = std::str::from_utf8(name).ok()?;
    if name.contains("UCS2") || name.contains("UTF16") {
        Some(UTF_16BE)
    } else if name.contains("RKSJ") {
        Some(SHIFT_JIS)
    } else if name.starts_with("GBK") || name.starts_with("GB-EUC") {
        Some(GBK)
    } else if name.starts_with("B5") || name.starts_with("ETen") || name.starts_with("HKscs") {
        Some(BIG5)
    } else if name.starts_with("KSC") {
        Some(EUC_KR)
    } else {
        None
    }
}

/// Widths of the standard fonts, which need not be written in a file: of what
/// numbers are set with; the rest is near enough.
fn standard_widths(widths: &mut Widths, name: &[u8]) {
    let is = |part: &[u8]| name.windows(part.len()).any(|window| window == part);
    let (digit, space, point) = if is(b"Courier") {
        widths.default = 600.0;
        (600.0, 600.0, 600.0)
    } else if is(b"Times") {
        (500.0, 250.0, 250.0)
    } else {
        widths.default = 550.0;
        (556.0, 278.0, 278.0)
    };
    let hyphen = if digit == 600.0 { 600.0 } else { 333.0 };
    widths
        .by_code
        .extend((b'0'..=b'9').map(|code| (u32::from(code), digit)));
    widths.by_code.extend([
        (u32::from(b' '), space),
        (u32::from(b'.'), point),
        (u32::from(b','), point),
        (u32::from(b'-'), hyphen),
    ]);
}

/// `c [w1 w2 ...]` and `first last w`, in any mixture.
fn composite_widths(
    pdf: &Pdf,
    list: &[Object],
    widths: &mut Widths,
    meter: &Meter,
) -> Result<(), Refusal> {
    let number = |object: &Object| pdf.resolve(object).as_float().map(f64::from).ok();
    let code = |object: &Object| number(object).map(|number| number.clamp(0.0, 65535.0) as u32);
    let mut rest = list;
    while let [first, second, tail @ ..] = rest {
        let Some(first) = code(first) else {
            rest = &rest[1..];
            continue;
        };
        match (pdf.resolve(second), tail) {
            (Object::Array(given), _) => {
                meter.steps(given.len() as u64)?;
                let codes = first..=65535;
                widths
                    .by_code
                    .extend(codes.zip(given.iter().filter_map(number)));
                rest = tail;
            }
            (last, [width, tail @ ..]) => {
                if let (Some(last), Some(width)) = (code(last), number(width)) {
                    meter.steps(u64::from(last.saturating_sub(first)))?;
                    widths
                        .by_code
                        .extend((first..=last).map(|code| (code, width)));
                }
                rest = tail;
            }
            _ => break,
        }
    }
    Ok(())
}
