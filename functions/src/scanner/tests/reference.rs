//! A slow, obvious scanner, to compare the quick one with: no regular
//! expressions, no window, no jumps. It takes the text apart into characters,
//! tries every place for every type and every end, and asks of each whole
//! piece whether it is one. It shares the tables of the quick one (issuers,
//! calling codes, countries, words), and none of its code.

use super::super::found::Kind;
use super::super::{Confidence, calling, context, iban, networks};

/// A hit: where it begins and ends, what it is, and a card's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
    pub confidence: Confidence,
    pub network: Option<&'static str>,
}

/// A character as numbers are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Digit(u8),
    /// A letter of ASCII or an underscore.
    Letter(u8),
    /// The blank, and the tabulator, and the blanks of other widths.
    Blank,
    Tab,
    Wide,
    /// The hyphen of ASCII, and the others.
    Minus,
    Dash,
    Soft,
    Return,
    Feed,
    Dot,
    Slash,
    Plus,
    Open,
    Close,
    Money,
    Other,
}

/// The text as signs, with the byte where each begins; one more at the end.
pub struct Reference<'t> {
    text: &'t [u8],
    signs: Vec<Sign>,
    places: Vec<usize>,
}

/// Groups of digits and what stands between them.
struct Number {
    digits: Vec<u8>,
    lengths: Vec<usize>,
    gaps: Vec<Vec<Sign>>,
}

pub fn scan(text: &[u8]) -> Vec<Seen> {
    let reference = Reference::new(text);
    let mut all = Vec::new();
    for at in 0..reference.signs.len() {
        all.extend(reference.card(at));
        all.extend(reference.ssn(at));
        all.extend(reference.phone(at));
    }
    for at in 0..text.len() {
        all.extend(reference.ipv4(at));
        all.extend(reference.ipv6(at));
        all.extend(reference.iban(at));
        all.extend(reference.email(at));
    }
    without_overlaps(all)
}

fn rank(
    seen: &Seen,
) -> (
    std::cmp::Reverse<Confidence>,
    Kind,
    std::cmp::Reverse<usize>,
    usize,
) {
    use std::cmp::Reverse;
    (
        Reverse(seen.confidence),
        seen.kind,
        Reverse(seen.end - seen.start),
        seen.start,
    )
}

fn without_overlaps(mut all: Vec<Seen>) -> Vec<Seen> {
    all.sort_by_key(|seen| (seen.start, rank(seen)));
    let mut kept: Vec<Seen> = Vec::new();
    for seen in all {
        match kept.last_mut() {
            Some(last) if seen.start < last.end => {
                if rank(&seen) < rank(last) {
                    *last = seen;
                }
            }
            _ => kept.push(seen),
        }
    }
    kept
}

fn points(value: i32) -> Option<Confidence> {
    match value {
        1 => Some(Confidence::Low),
        2 => Some(Confidence::Medium),
        value if value > 2 => Some(Confidence::High),
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

impl<'t> Reference<'t> {
    fn new(text: &'t [u8]) -> Self {
        let (mut signs, mut places, mut at) = (Vec::new(), Vec::new(), 0);
        while at < text.len() {
            let rest = &text[at..];
            let wide = [
                ("\u{a0}", Sign::Wide),
                ("\u{2009}", Sign::Wide),
                ("\u{202f}", Sign::Wide),
                ("\u{2010}", Sign::Dash),
                ("\u{2011}", Sign::Dash),
                ("\u{2013}", Sign::Dash),
                ("\u{ad}", Sign::Soft),
                ("\u{a2}", Sign::Money),
                ("\u{a3}", Sign::Money),
                ("\u{a4}", Sign::Money),
                ("\u{a5}", Sign::Money),
                ("\u{20ac}", Sign::Money),
            ]
            .into_iter()
            .find(|(character, _)| rest.starts_with(character.as_bytes()));
            let (sign, length) = match (wide, text[at]) {
                (Some((character, sign)), _) => (sign, character.len()),
                (_, byte @ b'0'..=b'9') => (Sign::Digit(byte - b'0'), 1),
                (_, byte) if is_word(byte) => (Sign::Letter(byte), 1),
                (_, b' ') => (Sign::Blank, 1),
                (_, b'\t') => (Sign::Tab, 1),
                (_, b'-') => (Sign::Minus, 1),
                (_, b'\r') => (Sign::Return, 1),
                (_, b'\n') => (Sign::Feed, 1),
                (_, b'.') => (Sign::Dot, 1),
                (_, b'/') => (Sign::Slash, 1),
                (_, b'+') => (Sign::Plus, 1),
                (_, b'(') => (Sign::Open, 1),
                (_, b')') => (Sign::Close, 1),
                (_, b'$') => (Sign::Money, 1),
                _ => (Sign::Other, 1),
            };
            signs.push(sign);
            places.push(at);
            at += length;
        }
        places.push(at);
        Self {
            text,
            signs,
            places,
        }
    }

    fn sign(&self, at: isize) -> Option<Sign> {
        usize::try_from(at)
            .ok()
            .and_then(|at| self.signs.get(at).copied())
    }

    fn number(&self, from: usize, to: usize) -> Option<Number> {
        let mut number = Number {
            digits: vec![],
            lengths: vec![],
            gaps: vec![],
        };
        let mut gap = Vec::new();
        for sign in &self.signs[from..to] {
            match sign {
                Sign::Digit(digit) => {
                    if number.digits.is_empty() || !gap.is_empty() {
                        number.lengths.push(0);
                        if !number.digits.is_empty() {
                            number.gaps.push(std::mem::take(&mut gap));
                        }
                        gap.clear();
                    }
                    *number.lengths.last_mut().unwrap() += 1;
                    number.digits.push(*digit);
                }
                sign => gap.push(*sign),
            }
        }
        (gap.is_empty() && !number.digits.is_empty()).then_some(number)
    }

    fn lean(&self, start: usize, end: usize, kind: Kind) -> i32 {
        let Some((toward, away)) = context::words_of(kind) else {
            return 0;
        };
        let says = |word: &str| match word {
            word if toward.list.contains(&word) => 1,
            word if away.list.contains(&word) => -1,
            _ => 0,
        };
        let before = words(&self.text[..start]);
        let nearest = before
            .iter()
            .rev()
            .filter(|(_, to, _)| to + 30 >= start)
            .map(|(.., word)| says(word))
            .find(|said| *said != 0);
        if let Some(said) = nearest {
            return said;
        }
        let behind = &self.text[end..];
        let line = behind
            .split(|byte| matches!(byte, b'\n' | b'\r'))
            .next()
            .unwrap();
        i32::from(
            words(line)
                .iter()
                .any(|(from, _, word)| *from <= 30 && says(word) == 1),
        )
    }

    fn is_glued(&self, end: usize) -> bool {
        let toward = context::words_of(Kind::PaymentCard).unwrap().0;
        words(&self.text[..end])
            .last()
            .is_some_and(|(_, to, word)| *to == end && toward.list.contains(&word.as_str()))
    }

    /// Whether a word's character, or a mark and more of it, stand at `to`.
    fn goes_on(&self, to: usize) -> bool {
        let to = to as isize;
        match (self.sign(to), self.sign(to + 1)) {
            (Some(Sign::Digit(_) | Sign::Letter(_)), _) => true,
            (Some(Sign::Minus | Sign::Dash), Some(Sign::Digit(_) | Sign::Letter(_))) => true,
            (Some(Sign::Dot), Some(Sign::Digit(_))) => true,
            _ => false,
        }
    }

    fn card(&self, at: usize) -> Option<Seen> {
        let Some(Sign::Digit(_)) = self.sign(at as isize) else {
            return None;
        };
        let mut found: Vec<((Confidence, bool, usize), Seen)> = Vec::new();
        for to in at + 12..=self.signs.len().min(at + 19 + 18 + 40) {
            found.extend(self.card_of(at, to));
        }
        found
            .into_iter()
            .max_by_key(|(key, _)| *key)
            .map(|(_, seen)| seen)
    }

    fn card_of(&self, at: usize, to: usize) -> Option<((Confidence, bool, usize), Seen)> {
        let number = self.number(at, to)?;
        let Number {
            digits,
            lengths,
            gaps,
        } = &number;
        if digits.len() > 19 || self.goes_on(to) {
            return None;
        }
        let (start, end) = (self.places[at], self.places[to]);
        let is_mark = |gap: &Vec<Sign>| {
            matches!(
                gap[..],
                [Sign::Blank | Sign::Wide | Sign::Minus | Sign::Dash | Sign::Dot]
            )
        };
        let over: Vec<usize> = (0..gaps.len()).filter(|gap| is_over(&gaps[*gap])).collect();
        if over.len() > 1 || !gaps.iter().all(|gap| is_mark(gap) || is_over(gap)) {
            return None;
        }
        let kinds: Vec<u8> = gaps
            .iter()
            .filter(|gap| is_mark(gap))
            .map(|gap| kind_of(gap[0]))
            .collect();
        let mixed = kinds.iter().any(|kind| *kind != kinds[0]);
        let blanks = kinds.contains(&b' ');
        let joined: Vec<usize> = match over[..] {
            [gap] => {
                let mut joined = lengths.clone();
                joined[gap] += joined.remove(gap + 1);
                joined
            }
            _ => vec![],
        };
        let spaced = lengths.len() == digits.len()
            && kinds.len() == gaps.len()
            && kinds.iter().all(|kind| *kind == b' ');
        let printed = is_printed(lengths);
        let split = !printed && !spaced && is_printed(&joined);
        if !(printed || spaced || split) {
            return None;
        }
        // What stands before it.
        let (mut value, mut glued) = (0, false);
        let before = |back: usize| self.sign(at as isize - back as isize);
        let mut in_row = false;
        match (before(1), before(2)) {
            (Some(Sign::Digit(_) | Sign::Money), _) => return None,
            (Some(Sign::Letter(b'_')), _) => glued = true,
            (Some(Sign::Letter(_)), _) => glued = true,
            (Some(Sign::Minus | Sign::Dash), Some(Sign::Digit(_))) => return None,
            (Some(Sign::Minus | Sign::Dash), Some(Sign::Letter(_))) => glued = true,
            (Some(Sign::Dot), Some(Sign::Digit(_))) => return None,
            (Some(Sign::Blank | Sign::Wide), Some(Sign::Digit(_))) => in_row = true,
            _ => {}
        }
        let word_end = match before(1) {
            Some(Sign::Letter(byte)) if byte != b'_' => start,
            _ => self.places[at.saturating_sub(1)],
        };
        if glued && (!self.is_glued(word_end) || lengths[0] < 4) || in_row && lengths[0] == 1 {
            return None;
        }
        let behind: Vec<Sign> = self.signs[to..].iter().copied().take(6).collect();
        let row: usize = match behind.first() {
            Some(Sign::Blank | Sign::Wide) => behind[1..]
                .iter()
                .take_while(|sign| matches!(sign, Sign::Digit(_)))
                .count(),
            _ => 0,
        };
        let follows = row > 0;
        if spaced && !printed && follows {
            return None;
        }
        // The digits themselves.
        let same = digits.iter().all(|digit| digit == &digits[0]);
        let up = (1..digits.len()).all(|i| digits[i] == (digits[i - 1] + 1) % 10);
        let down = (1..digits.len()).all(|i| (digits[i] + 1) % 10 == digits[i - 1]);
        if same || up || down || !luhn(digits) {
            return None;
        }
        let range = networks::of(digits)?;
        value += if range.wide { 1 } else { 2 };
        let lean = if glued {
            1
        } else {
            self.lean(start, end, Kind::PaymentCard)
        };
        let plain = !matches!(
            before(1),
            None | Some(
                Sign::Letter(_) | Sign::Minus | Sign::Dash | Sign::Dot | Sign::Blank | Sign::Wide
            )
        );
        if plain && lean != 1 && self.is_in_address(start) {
            return None;
        }
        let in_row = if in_row {
            blanks
        } else {
            blanks && (row == 4 || range.wide && follows)
        };
        value -= i32::from(in_row)
            + i32::from(mixed || spaced && !printed)
            + i32::from(split && self.is_column(at, to));
        let confidence = points(value + lean)?;
        let seen = Seen {
            start,
            end,
            kind: Kind::PaymentCard,
            confidence,
            network: Some(range.network),
        };
        Some(((confidence, over.is_empty(), digits.len()), seen))
    }

    fn is_in_address(&self, start: usize) -> bool {
        let text =
            String::from_utf8_lossy(&self.text[start.saturating_sub(128)..start]).into_owned();
        let ends = |c: char| {
            matches!(
                c,
                ' ' | '\t' | '\n' | '\r' | '\x0c' | '"' | '\'' | '<' | '>' | '(' | ','
            )
        };
        let token = text.rsplit(ends).next().unwrap();
        token.starts_with("www.") || token.contains("://")
    }

    fn is_column(&self, at: usize, to: usize) -> bool {
        let text = self.text;
        let blank = |byte: u8| matches!(byte, b' ' | b'\t');
        let line = |byte: Option<u8>| matches!(byte, None | Some(b'\n' | b'\r'));
        let start = self.places[at];
        let before = (1..=16)
            .map_while(|back| start.checked_sub(back).map(|at| text[at]))
            .find(|byte| !blank(*byte));
        let after = (0..16)
            .map_while(|next| text.get(self.places[to] + next).copied())
            .find(|byte| !blank(*byte));
        line(before) && line(after)
    }

    fn ssn(&self, at: usize) -> Option<Seen> {
        if !matches!(self.sign(at as isize), Some(Sign::Digit(_))) {
            return None;
        }
        [9, 11]
            .into_iter()
            .find_map(|length| self.ssn_of(at, at + length))
    }

    fn ssn_of(&self, at: usize, to: usize) -> Option<Seen> {
        if to > self.signs.len() || self.goes_on(to) {
            return None;
        }
        let number = self.number(at, to)?;
        let (start, end) = (self.places[at], self.places[to]);
        let mark = match (&number.lengths[..], &number.gaps[..]) {
            ([9], _) => None,
            ([3, 2, 4], [one, other])
                if one.len() == 1
                    && kind_of(one[0]) != 0
                    && kind_of(one[0]) == kind_of(other[0]) =>
            {
                Some(kind_of(one[0]))
            }
            _ => return None,
        };
        let all: String = number
            .digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        let never = all.starts_with("000")
            || all.starts_with("666")
            || all.starts_with('9')
            || &all[3..5] == "00"
            || all.ends_with("0000");
        let same = all.chars().all(|digit| all.starts_with(digit));
        if never || same || all == "078051120" || all == "219099999" {
            return None;
        }
        let mut value = if mark == Some(b'-') { 2 } else { 1 };
        match (self.sign(at as isize - 1), self.sign(at as isize - 2)) {
            (Some(Sign::Digit(_) | Sign::Letter(_)), _) => return None,
            (Some(Sign::Minus | Sign::Dash), Some(Sign::Digit(_) | Sign::Letter(_))) => {
                return None;
            }
            (Some(Sign::Dot), Some(Sign::Digit(_))) => return None,
            (Some(Sign::Blank | Sign::Wide), Some(Sign::Digit(_))) if mark == Some(b' ') => {
                value -= 1
            }
            _ => {}
        }
        value += match (mark, self.lean(start, end, Kind::UsSsn)) {
            (None, 1) => 1,
            (None, _) => return None,
            (Some(_), 1) => 2,
            (Some(_), lean) => lean,
        };
        Some(Seen {
            start,
            end,
            kind: Kind::UsSsn,
            confidence: points(value)?,
            network: None,
        })
    }

    fn seen(&self, start: usize, end: usize, kind: Kind, value: i32) -> Option<Seen> {
        Some(Seen {
            start,
            end,
            kind,
            confidence: points(value)?,
            network: None,
        })
    }

    fn ipv4(&self, start: usize) -> Option<Seen> {
        let text = self.text;
        if !text[start].is_ascii_digit() {
            return None;
        }
        let end = (start..=text.len())
            .rev()
            .find(|end| *end <= start + 15 && octets(&text[start..*end]).is_some())?;
        let octets = octets(&text[start..end])?;
        let byte = |at: Option<usize>| at.and_then(|at| text.get(at)).copied();
        let inside = |near: Option<u8>, far: Option<u8>| match near {
            Some(b'.' | b'-') => far.is_some_and(is_word),
            near => near.is_some_and(is_word),
        };
        if inside(byte(start.checked_sub(1)), byte(start.checked_sub(2)))
            || inside(byte(Some(end)), byte(Some(end + 1)))
        {
            return None;
        }
        let special = [0, 127, 255].contains(&octets[0]) || octets.iter().all(|octet| *octet <= 9);
        self.seen(
            start,
            end,
            Kind::IpAddress,
            if special { 1 } else { 2 } + self.lean(start, end, Kind::IpAddress),
        )
    }

    fn ipv6(&self, start: usize) -> Option<Seen> {
        let text = self.text;
        let part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        if start > 0 && (is_word(text[start - 1]) || matches!(text[start - 1], b':' | b'.')) {
            return None;
        }
        let length = text[start..].iter().take_while(|byte| part(byte)).count();
        if length > 46
            && text[start..start + 46].iter().any(|byte| *byte != b'.')
            && !text[start + 45..start + length]
                .iter()
                .all(|byte| *byte == b'.')
        {
            return None;
        }
        let mut end = start + length.min(46);
        while end > start && text[end - 1] == b'.' {
            end -= 1;
        }
        if end >= start + 2 && text[end - 1] == b':' && text[end - 2] != b':' {
            end -= 1;
        }
        if text.get(end).is_some_and(|byte| is_word(*byte)) {
            return None;
        }
        let body = std::str::from_utf8(&text[start..end]).ok()?;
        let groups = groups(body)?;
        let sound = if body.contains("::") {
            let loopback = groups == [0, 0, 0, 0, 0, 0, 0, 1];
            let mapped = groups[0] == 0 && groups[5] == 0xffff && groups[6] != 0;
            let translated = groups[0] == 0x64 && groups[1] == 0xff9b;
            let first = groups[0];
            loopback
                || mapped
                || translated
                || first >> 13 == 1
                || first >> 9 == 0xfc >> 1
                || first >> 6 == 0xfe80 >> 6
                || first >> 8 == 0xff
        } else {
            body.split(':').any(|group| group.len() != 2)
        };
        if !sound || !body.contains(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let special = groups == [0, 0, 0, 0, 0, 0, 0, 1] || groups[0] >> 8 == 0xff;
        self.seen(
            start,
            end,
            Kind::IpAddress,
            if special { 1 } else { 2 } + self.lean(start, end, Kind::IpAddress),
        )
    }

    fn iban(&self, start: usize) -> Option<Seen> {
        let country = self.text.get(start..start + 2)?;
        let (_, length) = iban::LENGTHS.iter().find(|(code, _)| *code == country)?;
        if start > 0 && (is_word(self.text[start - 1]) || self.text[start - 1] == b'-') {
            return None;
        }
        let first = self.places.iter().position(|place| *place == start)?;
        (first + 15..=self.signs.len().min(first + 90))
            .find_map(|to| self.iban_of(first, to, usize::from(*length)))
    }

    fn iban_of(&self, first: usize, to: usize, length: usize) -> Option<Seen> {
        if self.goes_on(to) {
            return None;
        }
        let mut pieces: Vec<(String, Vec<Sign>)> = vec![(String::new(), vec![])];
        for sign in &self.signs[first..to] {
            let character = match sign {
                Sign::Digit(digit) => char::from(b'0' + digit),
                Sign::Letter(letter) if letter.is_ascii_uppercase() => char::from(*letter),
                sign => {
                    pieces.last_mut().unwrap().1.push(*sign);
                    continue;
                }
            };
            if !pieces.last().unwrap().1.is_empty() {
                pieces.push((String::new(), vec![]));
            }
            pieces.last_mut().unwrap().0.push(character);
        }
        let all: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
        let (last, gaps) = pieces.split_last().unwrap();
        if all.len() != length || !last.1.is_empty() {
            return None;
        }
        let fours =
            gaps.iter().all(|(piece, _)| piece.len() == 4) && (1..=4).contains(&last.0.len());
        if pieces.len() > 1 && !fours {
            return None;
        }
        let marks: Vec<u8> = gaps
            .iter()
            .filter(|(_, gap)| !is_over(gap))
            .map(|(_, gap)| if gap.len() == 1 { kind_of(gap[0]) } else { 0 })
            .collect();
        if gaps.len() - marks.len() > 1
            || marks
                .iter()
                .any(|mark| *mark != marks[0] || !matches!(mark, b' ' | b'-'))
        {
            return None;
        }
        let turned = format!("{}{}", &all[4..], &all[..4]);
        let rest = turned.chars().fold(0, |rest, c| {
            let value = c.to_digit(36).unwrap();
            let scale = if value > 9 { 100 } else { 10 };
            (rest * scale + value) % 97
        });
        let digits = all[2..4].chars().all(|c| c.is_ascii_digit());
        (rest == 1 && digits)
            .then(|| self.seen(self.places[first], self.places[to], Kind::Iban, 3))?
    }

    fn email(&self, at: usize) -> Option<Seen> {
        let text = self.text;
        if text[at] != b'@' {
            return None;
        }
        let local = |byte: u8| {
            byte >= 0x80 || byte.is_ascii_alphanumeric() || "._%+-'".contains(char::from(byte))
        };
        let domain = |byte: u8| {
            byte >= 0x80 || byte.is_ascii_alphanumeric() || ".-".contains(char::from(byte))
        };
        let mut start = at;
        while start > 0 && local(text[start - 1]) && at - start < 65 {
            start -= 1;
        }
        while start < at && matches!(text[start], b'.' | b'\'') {
            start += 1;
        }
        let mut end = at + 1;
        while end < text.len() && domain(text[end]) && end - at <= 256 {
            end += 1;
        }
        while matches!(text[end - 1], b'.' | b'-') {
            end -= 1;
        }
        let (name, host) = (&text[start..at], &text[at + 1..end.max(at + 1)]);
        let name = String::from_utf8_lossy(name);
        if name.is_empty()
            || at - start > 64
            || name.ends_with('.')
            || name.contains("..")
            || host.len() > 255
        {
            return None;
        }
        let labels: Vec<&[u8]> = host.split(|byte| *byte == b'.').collect();
        let sound = |label: &&[u8]| {
            !label.is_empty()
                && label.len() < 64
                && label[0] != b'-'
                && label[label.len() - 1] != b'-'
        };
        let top = String::from_utf8_lossy(labels.last()?).to_ascii_lowercase();
        let letters =
            top.chars().all(|c| c.is_ascii_lowercase()) || labels.last()?.starts_with(b"xn--");
        if labels.len() < 2
            || !labels.iter().all(sound)
            || !letters
            || top.len() < 2
            || top.len() > 24
        {
            return None;
        }
        let before = String::from_utf8_lossy(&text[start.saturating_sub(64)..start]).into_owned();
        if before
            .rsplit([' ', '\t', '\n', '\r', '\x0c'])
            .next()
            .unwrap()
            .contains("://")
        {
            return None;
        }
        if text.get(end) == Some(&b':')
            && text
                .get(end + 1)
                .is_some_and(|byte| *byte == b'~' || byte.is_ascii_alphabetic())
        {
            return None;
        }
        let (files, common) = super::super::email::tables();
        if files.contains(&top.as_str()) {
            return None;
        }
        self.seen(
            start,
            end,
            Kind::Email,
            if top.len() == 2 || common.contains(&top.as_str()) {
                3
            } else {
                2
            },
        )
    }
}

/// What [`Sign`]s are one mark, as the character that stands for them all.
fn kind_of(sign: Sign) -> u8 {
    match sign {
        Sign::Blank | Sign::Wide => b' ',
        Sign::Minus | Sign::Dash => b'-',
        Sign::Dot => b'.',
        Sign::Slash => b'/',
        _ => 0,
    }
}

/// The end of a line with up to sixteen blanks on each side and a hyphen.
fn is_over(gap: &[Sign]) -> bool {
    if gap == [Sign::Soft] {
        return true;
    }
    let blank = |sign: &&Sign| matches!(sign, Sign::Blank | Sign::Tab);
    let ahead = gap.iter().take_while(blank).count();
    let behind = gap.iter().rev().take_while(blank).count();
    if ahead > 16 || behind > 16 || ahead + behind >= gap.len() {
        return false;
    }
    let middle = match &gap[ahead..gap.len() - behind] {
        [Sign::Minus | Sign::Soft, rest @ ..] => rest,
        rest => rest,
    };
    matches!(
        middle,
        [Sign::Feed] | [Sign::Return] | [Sign::Return, Sign::Feed]
    )
}

fn is_printed(lengths: &[usize]) -> bool {
    let text: Vec<String> = lengths.iter().map(ToString::to_string).collect();
    let known = [
        "444", "4333", "445", "464", "4442", "465", "456", "4443", "4444", "44441", "44442",
        "44443",
    ];
    lengths.len() == 1 || known.contains(&text.concat().as_str()) || lengths == [6, 13]
}

fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (place, digit) in digits.iter().rev().enumerate() {
        let doubled = u32::from(*digit) * (1 + place as u32 % 2);
        sum += doubled / 10 + doubled % 10;
    }
    sum % 10 == 0
}

fn octets(text: &[u8]) -> Option<Vec<u32>> {
    let octet = |part: &[u8]| {
        let sound = (1..=3).contains(&part.len())
            && part.iter().all(u8::is_ascii_digit)
            && (part.len() == 1 || part[0] != b'0');
        let value = |part: &[u8]| {
            part.iter()
                .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
        };
        sound.then(|| value(part)).filter(|value| *value < 256)
    };
    let all: Vec<u32> = text
        .split(|byte| *byte == b'.')
        .map(octet)
        .collect::<Option<_>>()?;
    (all.len() == 4).then_some(all)
}

/// The eight groups of an IPv6 address.
fn groups(text: &str) -> Option<Vec<u32>> {
    let side = |text: &str, last: bool| -> Option<Vec<u32>> {
        if text.is_empty() {
            return Some(vec![]);
        }
        let parts: Vec<&str> = text.split(':').collect();
        let mut all = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            if part.contains('.') && last && place + 1 == parts.len() {
                let octets = octets(part.as_bytes())?;
                all.extend([octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]]);
            } else if (1..=4).contains(&part.len()) {
                all.push(u32::from_str_radix(part, 16).ok()?);
            } else {
                return None;
            }
        }
        Some(all)
    };
    match text.split_once("::") {
        None => side(text, true).filter(|all| all.len() == 8),
        Some((ahead, behind)) => {
            let (ahead, behind) = (side(ahead, false)?, side(behind, true)?);
            let zeros = 8_usize
                .checked_sub(ahead.len() + behind.len())
                .filter(|zeros| *zeros > 0)?;
            Some([ahead, vec![0; zeros], behind].concat())
        }
    }
}

/// The words of a text: where each begins and ends, and itself in lower case.
fn words(text: &[u8]) -> Vec<(usize, usize, String)> {
    let letter =
        |byte: u8| byte.is_ascii_alphabetic() || byte == 0xC3 || (0xA1..0xC0).contains(&byte);
    let mut all: Vec<(usize, usize, Vec<u8>)> = Vec::new();
    for (at, byte) in text.iter().enumerate().filter(|(_, byte)| letter(**byte)) {
        let starts = match all.last() {
            Some((_, end, _)) if *end == at => {
                byte.is_ascii_uppercase() && !text[at - 1].is_ascii_uppercase()
            }
            _ => true,
        };
        if starts {
            all.push((at, at, vec![]));
        }
        let last = all.last_mut().unwrap();
        last.1 = at + 1;
        last.2.push(byte.to_ascii_lowercase());
    }
    all.into_iter()
        .map(|(start, end, word)| (start, end, String::from_utf8_lossy(&word).into_owned()))
        .collect()
}

mod phone;
