//! A slow, obvious scanner, to compare the quick one with: no regular
//! expressions, no window, no jumps. It takes the text apart into characters,
//! tries every place for every type and every end, and asks of each whole
//! piece whether it is one. It shares the tables of the quick one (issuers,
//! calling codes, countries, words), and none of its code.

use super::super::found::Kind;
use super::super::{Confidence, context};

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
        matches!(
            (self.sign(to), self.sign(to + 1)),
            (Some(Sign::Digit(_) | Sign::Letter(_)), _)
                | (
                    Some(Sign::Minus | Sign::Dash),
                    Some(Sign::Digit(_) | Sign::Letter(_))
                )
                | (Some(Sign::Dot), Some(Sign::Digit(_)))
        )
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

mod card;
mod names;
mod phone;
