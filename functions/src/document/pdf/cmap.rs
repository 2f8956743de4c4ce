//! CMaps: how a composite font's string is cut into codes, and which
//! characters a code shows (ISO 32000-1, 9.7.5 and 9.10.3).

use super::lex::{Lexer, Operand};
use crate::document::reading::Meter;
use crate::document::refusal::Refusal;
use std::collections::BTreeMap;

/// No font has more glyphs than 65,535.
const MAX_ENTRIES: usize = 200_000;

/// A code: its length in bytes and its value.
type Code = (u8, u32);

#[derive(Default)]
pub(super) struct CMap {
    /// Of each length in bytes, the first and last code.
    spaces: Vec<(u8, u32, u32)>,
    characters: BTreeMap<Code, String>,
    /// By its first code: the last code and the character of the first.
    ranges: BTreeMap<Code, (u32, String)>,
}

impl CMap {
    /// Reads a CMap. What is beyond [`MAX_ENTRIES`] is left out, and so is
    /// unreadable in the end.
    pub fn parse(bytes: &[u8], meter: &Meter) -> Result<Self, Refusal> {
        let mut cmap = Self::default();
        let mut lexer = Lexer::with_operands(bytes, MAX_ENTRIES);
        let mut operands = Vec::new();
        while let Some(operator) = lexer.next(&mut operands) {
            meter.steps(1 + operands.len() as u64)?;
            let (kind, size) = match operator {
                b"endcodespacerange" => (Kind::Space, 2),
                b"endbfchar" => (Kind::Character, 2),
                b"endbfrange" => (Kind::Range, 3),
                _ => continue,
            };
            for entry in operands.chunks_exact(size) {
                cmap.take(kind, entry);
            }
        }
        Ok(cmap)
    }

    fn take(&mut self, kind: Kind, entry: &[Operand]) {
        if self.characters.len() + self.ranges.len() + self.spaces.len() > MAX_ENTRIES {
            return;
        }
        match (kind, entry) {
            (Kind::Space, [Operand::String(first), Operand::String(last)]) => {
                if let (Some((length, first)), Some((_, last))) = (code(first), code(last)) {
                    self.spaces.push((length, first, last));
                }
            }
            (Kind::Character, [Operand::String(from), Operand::String(to)]) => {
                if let Some(code) = code(from) {
                    self.characters.insert(code, utf16(to));
                }
            }
            (Kind::Range, [Operand::String(first), Operand::String(last), to]) => {
                let (Some((length, first)), Some((_, last))) = (code(first), code(last)) else {
                    return;
                };
                match to {
                    Operand::String(to) => {
                        self.ranges.insert((length, first), (last, utf16(to)));
                    }
                    Operand::Array(list) => {
                        let codes = first..=last;
                        for (code, to) in codes.zip(list.iter().filter_map(Operand::string)) {
                            self.characters.insert((length, code), utf16(to));
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Takes the next code off `string`. Without code spaces it is two bytes.
    pub fn next(&self, string: &[u8]) -> Option<(Code, usize)> {
        if string.is_empty() {
            return None;
        }
        for length in 1..=4u8.min(string.len().min(4) as u8) {
            let Some((_, value)) = code(&string[..usize::from(length)]) else {
                break;
            };
            let within = |(of, first, last): &(u8, u32, u32)| {
                *of == length && covers(*first, *last, value, length)
            };
            if self.spaces.iter().any(within) {
                return Some(((length, value), usize::from(length)));
            }
        }
        let shortest = self
            .spaces
            .iter()
            .map(|(length, ..)| *length)
            .min()
            .unwrap_or(2);
        let length = usize::from(shortest).min(string.len());
        code(&string[..length]).map(|code| (code, length))
    }

    /// The characters of `code`.
    pub fn characters(&self, code: Code) -> Option<String> {
        if let Some(text) = self.characters.get(&code) {
            return Some(text.clone());
        }
        let (first, (last, text)) = self.ranges.range(..=code).next_back()?;
        if first.0 != code.0 || *last < code.1 {
            return None;
        }
        // The last character is counted up.
        let mut characters: Vec<char> = text.chars().collect();
        let base = characters.pop()?;
        let counted = char::from_u32(u32::from(base).checked_add(code.1 - first.1)?)?;
        characters.push(counted);
        Some(characters.into_iter().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.characters.is_empty() && self.ranges.is_empty()
    }

    pub fn has_spaces(&self) -> bool {
        !self.spaces.is_empty()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Character,
    Range,
}

/// Whether a code lies within a code space: byte by byte, not as a number.
fn covers(first: u32, last: u32, value: u32, length: u8) -> bool {
    (0..u32::from(length)).all(|byte| {
        let at = |code: u32| code >> (8 * byte) & 0xff;
        (at(first)..=at(last)).contains(&at(value))
    })
}

fn code(bytes: &[u8]) -> Option<Code> {
    if bytes.is_empty() || bytes.len() > 4 {
        return None;
    }
    let value = bytes
        .iter()
        .fold(0, |value, byte| value << 8 | u32::from(*byte));
    Some((bytes.len() as u8, value))
}

fn utf16(bytes: &[u8]) -> String {
    // One byte alone is seen in the wild, for a Latin character.
    if let [byte] = bytes {
        return String::from(*byte as char);
    }
    let units = bytes
        .chunks_exact(2)
        .map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or('\u{fffd}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Limits;

    fn parse(text: &str) -> CMap {
        CMap::parse(text.as_bytes(), &Meter::new(&Limits::default())).unwrap()
    }

    #[test]
    fn codes_are_mapped_one_by_one_in_ranges_and_in_lists() {
        let cmap = parse(
            "1 begincodespacerange <0000> <ffff> endcodespacerange \
             2 beginbfchar <0003> <0020> <0005> <00660069> endbfchar \
             2 beginbfrange <0010> <0019> <0030> <0020> <0022> [<0041> <0042> <D83DDE00>] endbfrange",
        );
        for (code, text) in [
            (3, " "),
            (5, "fi"),
            (0x10, "0"),
            (0x19, "9"),
            (0x21, "B"),
            (0x22, "\u{1f600}"),
        ] {
            assert_eq!(cmap.characters((2, code)).as_deref(), Some(text), "{code}");
        }
        for code in [0, 4, 0x1a, 0x23, 0xffff] {
            assert_eq!(cmap.characters((2, code)), None, "{code}");
        }
        // The same number in one byte is another code.
        assert_eq!(cmap.characters((1, 3)), None);
    }

    #[test]
    fn a_string_is_cut_where_the_code_spaces_say() {
        let cmap = parse("2 begincodespacerange <00> <80> <8140> <9ffc> endcodespacerange");
        assert_eq!(cmap.next(b"A\x81\x40"), Some(((1, 0x41), 1)));
        assert_eq!(cmap.next(b"\x81\x40A"), Some(((2, 0x8140), 2)));
        assert_eq!(cmap.next(b""), None);
        assert_eq!(CMap::default().next(b"\0\x41"), Some(((2, 0x41), 2)));
    }

    #[test]
    fn a_hostile_range_costs_nothing() {
        let cmap = parse("beginbfrange <00000000> <ffffffff> <0030> <00> <ff> [] endbfrange");
        assert_eq!(cmap.characters((4, 5)).as_deref(), Some("5"));
        assert_eq!(cmap.characters((4, u32::MAX)), None);
    }
}
