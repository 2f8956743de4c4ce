//! The tokens of a content stream or CMap, and what an operator is given.
//!
//! Like a viewer it goes on after what it does not understand: a parser that
//! stops there would miss what people see.

use super::filter::is_space;

/// Arrays and dictionaries in one another; deeper ones are read flat.
const MAX_DEPTH: usize = 32;
/// ISO 32000-1, annex C: 32 operands. Arrays count as one.
const MAX_OPERANDS: usize = 256;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Number(f64),
    String(Vec<u8>),
    Name(Vec<u8>),
    Array(Vec<Operand>),
    /// Keys and values in turn.
    Dictionary(Vec<Operand>),
}

impl Operand {
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub fn string(&self) -> Option<&[u8]> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    pub fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The value of `key`, of a dictionary.
    pub fn get(&self, key: &[u8]) -> Option<&Self> {
        let Self::Dictionary(entries) = self else {
            return None;
        };
        let mut pairs = entries.chunks_exact(2);
        pairs
            .find(|pair| pair[0].name() == Some(key))
            .map(|pair| &pair[1])
    }
}

/// Reads operators with what is given to them.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    max_operands: usize,
    /// Whether something never ends, or not where it is sure to: what stands
    /// behind it may have been taken for a part of it.
    pub damaged: bool,
    /// Whether an inline image may still end as it should, and stand alone.
    sure_ends: bool,
    lone_ends: bool,
}

impl<'a> Lexer<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_operands(bytes, MAX_OPERANDS)
    }

    /// For CMaps, whose sections are longer than what any operator is given.
    pub fn with_operands(bytes: &'a [u8], max_operands: usize) -> Self {
        Self {
            bytes,
            at: 0,
            max_operands,
            damaged: false,
            sure_ends: true,
            lone_ends: true,
        }
    }

    /// The next operator, its operands in `operands`. None at the end.
    pub fn next(&mut self, operands: &mut Vec<Operand>) -> Option<&'a [u8]> {
        operands.clear();
        // Open arrays and dictionaries, outermost first.
        let mut open: Vec<Vec<Operand>> = Vec::new();
        loop {
            self.skip_space();
            let byte = *self.bytes.get(self.at)?;
            let operand = match byte {
                b'(' => Operand::String(self.literal()),
                b'<' if self.peek(1) == Some(b'<') => {
                    self.at += 2;
                    if open.len() < MAX_DEPTH {
                        open.push(Vec::new());
                    }
                    continue;
                }
                b'<' => Operand::String(self.hexadecimal()),
                b'>' => {
                    self.at += if self.peek(1) == Some(b'>') { 2 } else { 1 };
                    match open.pop() {
                        Some(entries) => Operand::Dictionary(entries),
                        None => continue,
                    }
                }
                b'[' => {
                    self.at += 1;
                    if open.len() < MAX_DEPTH {
                        open.push(Vec::new());
                    }
                    continue;
                }
                b']' => {
                    self.at += 1;
                    match open.pop() {
                        Some(items) => Operand::Array(items),
                        None => continue,
                    }
                }
                b'/' => {
                    self.at += 1;
                    Operand::Name(self.name())
                }
                b'{' | b'}' | b')' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let word = self.regular();
                    match number(word) {
                        Some(number) => Operand::Number(number),
                        // `true`, `false` and `null` stand among operands.
                        None if matches!(word, b"true" | b"false" | b"null") => {
                            Operand::Name(word.to_vec())
                        }
                        None => {
                            // An operator within an array ends it: it was never closed.
                            operands.extend(open.drain(..).map(Operand::Array));
                            return Some(word);
                        }
                    }
                }
            };
            match open.last_mut() {
                Some(items) => items.push(operand),
                None => {
                    // The last ones are the operator's.
                    if operands.len() >= self.max_operands {
                        operands.drain(..self.max_operands / 2);
                    }
                    operands.push(operand);
                }
            }
        }
    }

    /// Skips the data of an inline image, behind its `ID`: to the first `EI`
    /// that stands alone and is followed by what may be content. Where there is
    /// none, to the first that stands alone, then to any that ends a word.
    pub fn skip_image(&mut self) {
        let (mut alone, mut any, mut sure) = (None, None, None);
        let start = self.at;
        for found in memchr::memmem::find_iter(&self.bytes[start..], b"EI") {
            let (from, to) = (start + found, start + found + 2);
            if self.bytes.get(to).is_some_and(|byte| !is_space(*byte)) {
                continue;
            }
            any = any.or(Some(to));
            // Content without any is not searched to its end again and again.
            if !self.lone_ends {
                break;
            }
            let before = from.checked_sub(1).and_then(|at| self.bytes.get(at));
            if before.is_some_and(|byte| !is_space(*byte)) {
                continue;
            }
            alone = alone.or(Some(to));
            if !self.sure_ends {
                break;
            }
            let mut behind = self.bytes[to..].iter().take(12);
            if behind.all(|byte| is_space(*byte) || (0x20..0x7f).contains(byte)) {
                sure = Some(to);
                break;
            }
        }
        // Image data looks like an end now and then, and hardly ever like one
        // that stands alone or has text behind it.
        let passed = |end: usize| {
            let text = |any: usize| {
                let between = &self.bytes[any..end];
                let shows = [&b"Tj"[..], b"TJ", b"Do"];
                let mut shows = shows.iter();
                shows.any(|operator| memchr::memmem::find(between, operator).is_some())
            };
            alone.is_some_and(|alone| alone < end) || any.is_some_and(text)
        };
        match sure {
            Some(end) => {
                self.damaged |= passed(end);
                self.at = end;
            }
            None => {
                self.sure_ends = false;
                self.lone_ends &= alone.is_some();
                let end = alone.or(any);
                self.damaged |= end.is_none();
                self.at = end.unwrap_or(self.bytes.len());
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            if *byte == b'%' {
                let rest = &self.bytes[self.at..];
                self.at += memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            } else if is_space(*byte) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    fn regular(&mut self) -> &'a [u8] {
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|byte| !is_space(*byte) && !b"()<>[]{}/%".contains(byte))
        {
            self.at += 1;
        }
        &self.bytes[start..self.at]
    }

    fn name(&mut self) -> Vec<u8> {
        let raw = self.regular();
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let [byte, tail @ ..] = rest {
            rest = tail;
            match (byte, tail) {
                (b'#', [high, low, tail @ ..])
                    if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
                {
                    name.push(hex(*high) << 4 | hex(*low));
                    rest = tail;
                }
                _ => name.push(*byte),
            }
        }
        name
    }

    fn literal(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut string = Vec::new();
        let mut depth = 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return string;
                    }
                }
                b'\\' => {
                    self.escape(&mut string);
                    continue;
                }
                _ => {}
            }
            string.push(byte);
        }
        self.damaged = true;
        string
    }

    fn escape(&mut self, string: &mut Vec<u8>) {
        let Some(byte) = self.peek(0) else { return };
        self.at += 1;
        string.push(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.peek(0) {
                        Some(digit @ b'0'..=b'7') => {
                            code = code * 8 + u32::from(digit - b'0');
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                code as u8
            }
            // A line that goes on.
            b'\r' => {
                self.at += usize::from(self.peek(0) == Some(b'\n'));
                return;
            }
            b'\n' => return,
            other => other,
        });
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        self.at += 1;
        let rest = &self.bytes[self.at..];
        let length = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        self.at += (length + 1).min(rest.len());
        let digits: Vec<u8> = rest[..length]
            .iter()
            .filter(|byte| byte.is_ascii_hexdigit())
            .map(|byte| hex(*byte))
            .collect();
        let pairs = digits.chunks(2);
        pairs
            .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
            .collect()
    }
}

fn hex(digit: u8) -> u8 {
    (digit as char).to_digit(16).unwrap_or(0) as u8
}

/// Numbers as viewers read them: `--5` and `1.2.3` are seen in the wild.
fn number(word: &[u8]) -> Option<f64> {
    if !word
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.'))
    {
        return None;
    }
    let negative = word.first() == Some(&b'-');
    let (mut value, mut scale, mut fraction) = (0.0, 1.0, false);
    for byte in word {
        match byte {
            b'.' if fraction => break,
            b'.' => fraction = true,
            b'0'..=b'9' => {
                value = value * 10.0 + f64::from(byte - b'0');
                if fraction {
                    scale *= 10.0;
                }
            }
            _ => {}
        }
    }
    let value = value / scale;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators(content: &[u8]) -> Vec<(String, Vec<Operand>)> {
        let mut lexer = Lexer::new(content);
        let mut operands = Vec::new();
        let mut all = Vec::new();
        while let Some(operator) = lexer.next(&mut operands) {
            all.push((
                String::from_utf8_lossy(operator).into_owned(),
                operands.clone(),
            ));
        }
        all
    }

    fn string(text: &[u8]) -> Operand {
        Operand::String(text.to_vec())
    }

    #[test]
    fn strings_are_what_the_specification_says() {
        for (content, expected) in [
            (&b"(a(b)c) Tj"[..], &b"a(b)c"[..]),
            (b"(a\\)b\\(c\\\\) Tj", b"a)b(c\\"),
            (b"(\\101\\1012\\53x) Tj", b"AA2+x"),
            (b"(a\\\nb\\\r\nc) Tj", b"abc"),
            (b"<48 65 6C6c 6f> Tj", b"Hello"),
            (b"<4> Tj", b"@"),
            (b"(never closed", b""),
        ] {
            let read = operators(content);
            let read = read
                .first()
                .map_or(vec![], |(_, operands)| operands.clone());
            let expected: &[Operand] = if expected.is_empty() {
                &[]
            } else {
                &[string(expected)]
            };
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn garbage_does_not_end_the_page() {
        let read = operators(b"\xff\xfe ]] >> ) } garbage 1 2 (text) Tj");
        let (operator, operands) = read.last().unwrap();
        assert_eq!(operator, "Tj");
        assert_eq!(operands.last(), Some(&string(b"text")));
        // An array that is never closed.
        let read = operators(b"[(41) 3 (11) TJ (more) Tj");
        assert_eq!(read.len(), 2);
        assert_eq!(read[1].1, [string(b"more")]);
    }

    #[test]
    fn an_image_ends_where_it_can_end_and_never_swallows_the_page_in_silence() {
        let text = "(text) Tj";
        let bytes = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
        for (content, read, damaged) in [
            (format!("ID \u{1}EIxx EI {text}"), true, false),
            (format!("ID \u{1}xxEI {text}"), true, false),
            (
                format!("ID \u{1}xx EI (\u{e9}\u{e9}) Tj {text}"),
                true,
                false,
            ),
            (
                format!("ID \u{1}xxEI\n(\u{e9}\u{e9}) Tj {text}"),
                true,
                false,
            ),
            // A later end would take the text for a part of the image.
            (
                format!("ID xx EI (\u{e9}) Tj {text} BI ID yy EI Q"),
                false,
                true,
            ),
            (format!("ID xxEI {text} BI ID yy EI Q"), false, true),
            (format!("ID never ends {text}"), false, true),
            (format!("{text} (never ends"), true, true),
        ] {
            let content = bytes(&content);
            let mut lexer = Lexer::new(&content);
            let mut operands = Vec::new();
            let mut shown = false;
            while let Some(operator) = lexer.next(&mut operands) {
                shown |= operator == b"Tj" && operands.last() == Some(&string(b"text"));
                if operator == b"ID" {
                    lexer.skip_image();
                }
            }
            let content = String::from_utf8_lossy(&content);
            assert_eq!((shown, lexer.damaged), (read, damaged), "{content}");
        }
        // Many that never end take no longer than one does each.
        let many = b"ID x EI \xff ".repeat(200_000);
        let mut lexer = Lexer::new(&many);
        let mut images = 0;
        while let Some(operator) = lexer.next(&mut Vec::new()) {
            if operator == b"ID" {
                images += 1;
                lexer.skip_image();
            }
        }
        assert!(images > 100_000, "{images}");
    }

    #[test]
    fn deep_nesting_is_read_flat() {
        let content = [b"[".repeat(100_000), b"(x) Tj".to_vec()].concat();
        assert_eq!(operators(&content).len(), 1);
    }

    #[test]
    fn numbers_are_read_as_viewers_do() {
        for (text, value) in [
            ("12", 12.0),
            ("-.5", -0.5),
            ("--5", -5.0),
            ("1.2.3", 1.2),
            ("+7.", 7.0),
        ] {
            assert_eq!(number(text.as_bytes()), Some(value), "{text}");
        }
        assert_eq!(number(b"1e5"), None);
    }
}
