//! A scan under way: the window on the text that is in memory, the candidates
//! in it, and which of the hits that overlap are kept.
//!
//! A window of [`WINDOW`] bytes moves along the text. A place is decided on
//! when so much of the text around it is in the window as any validator looks
//! at, so it does not matter where a chunk or the window ends.

use super::context::{Lean, NEAR};
use super::found::{Found, Kind};
use super::number::is_word;
use super::patterns::{BuiltIn, LONGEST_MATCH};
use super::{
    Confidence, Count, Findings, Hit, LISTED, Scanner, card, email, iban, ip, mask, phone, ssn,
};
use regex_automata::Input;

/// How much of the text is in memory.
const WINDOW: usize = 64 << 10;
/// No hit is longer than 64 + 1 + 255 bytes, an e-mail address, and words
/// are looked for in 30 + 24 bytes behind it.
const AHEAD: usize = 512;
/// No validator looks further back: a card's for the link that it is part of, 128.
const BEHIND: usize = 256;
/// A hit may begin so much before its candidate: an address before its "@".
const BACK: usize = email::LOCAL;

const _: () = assert!(
    AHEAD > email::LOCAL + 1 + email::DOMAIN + 2 * NEAR && AHEAD > LONGEST_MATCH + 2 * NEAR
);

/// A scan under way. It holds a window of 64 KiB on the text, whatever the
/// text's length.
pub struct Stream<'s> {
    scanner: &'s Scanner,
    window: Vec<u8>,
    /// Where in the text the window begins.
    offset: u64,
    /// Up to where the window is searched, and for custom patterns.
    searched: usize,
    searched_custom: usize,
    /// Hits that another one may still come before, in no order.
    unordered: Vec<Held>,
    /// The last hit, which the next one may overlap.
    last: Option<Held>,
    counts: Vec<Count>,
    findings: Findings,
}

/// A hit, with what will be shown of it.
struct Held {
    /// Its places are the text's.
    found: Found,
    offset: u64,
    masked: String,
}

impl Held {
    fn start(&self) -> u64 {
        self.offset + self.found.start as u64
    }

    fn end(&self) -> u64 {
        self.offset + self.found.end as u64
    }
}

impl<'s> Stream<'s> {
    pub(super) fn new(scanner: &'s Scanner) -> Self {
        Self {
            scanner,
            window: Vec::with_capacity(WINDOW),
            offset: 0,
            searched: 0,
            searched_custom: 0,
            unordered: Vec::new(),
            last: None,
            counts: vec![Count::default(); scanner.kinds()],
            findings: Findings::default(),
        }
    }

    /// Takes the next bytes of the text, cut anywhere.
    pub fn push(&mut self, mut chunk: &[u8]) {
        self.findings.bytes += chunk.len() as u64;
        while !chunk.is_empty() {
            let (now, later) = chunk.split_at(chunk.len().min(WINDOW - self.window.len()));
            self.window.extend_from_slice(now);
            chunk = later;
            if self.window.len() == WINDOW {
                self.search(WINDOW - AHEAD);
                self.settle(self.offset + (WINDOW - AHEAD - BACK) as u64);
                let gone = WINDOW - AHEAD - BEHIND;
                self.window.copy_within(gone.., 0);
                self.window.truncate(WINDOW - gone);
                self.offset += gone as u64;
                self.searched -= gone;
                // A custom match may have gone over the end of what was searched.
                self.searched_custom -= gone;
            }
        }
    }

    /// A part ends here: nothing is found across.
    pub fn part(&mut self) {
        self.search(self.window.len());
        self.settle(u64::MAX);
        if let Some(last) = self.last.take() {
            self.keep(last);
        }
        self.offset += self.window.len() as u64;
        self.window.clear();
        (self.searched, self.searched_custom) = (0, 0);
    }

    /// The text ends here.
    pub fn finish(mut self) -> Findings {
        self.part();
        for (place, count) in self.counts.into_iter().enumerate() {
            if count != Count::default() {
                self.findings
                    .counts
                    .insert(self.scanner.name(place).to_owned(), count);
            }
        }
        self.findings
    }

    /// Finds what begins before `limit`.
    fn search(&mut self, limit: usize) {
        let scanner = self.scanner;
        while self.searched < limit {
            let input = Input::new(&self.window).span(self.searched..self.window.len());
            let candidate = scanner.built_in.search(&input);
            let Some(candidate) = candidate.filter(|candidate| candidate.start() < limit) else {
                break;
            };
            self.searched = candidate.start() + 1;
            self.try_at(
                candidate.start(),
                BuiltIn::ALL[candidate.pattern().as_usize()],
            );
        }
        self.searched = limit;
        let Some(custom) = &scanner.custom else {
            self.searched_custom = limit;
            return;
        };
        while self.searched_custom < limit {
            let input = Input::new(&self.window).span(self.searched_custom..self.window.len());
            let Some(found) = custom.search(&input).filter(|found| found.start() < limit) else {
                break;
            };
            self.searched_custom = found.end();
            self.custom(found.pattern().as_usize(), found.start(), found.end());
        }
        self.searched_custom = self.searched_custom.max(limit);
    }

    /// Tries what may begin at `at`: `pattern` and those after it, since none
    /// before it matches there.
    fn try_at(&mut self, at: usize, pattern: BuiltIn) {
        let text = self.window.as_slice();
        let may = |other: BuiltIn| pattern <= other;
        let found = match text[at] {
            b'0'..=b'9' => [
                may(BuiltIn::Card).then(|| card::at(text, at)).flatten(),
                may(BuiltIn::Ssn).then(|| ssn::at(text, at)).flatten(),
                may(BuiltIn::Phone).then(|| phone::at(text, at)).flatten(),
                may(BuiltIn::Ipv4).then(|| ip::v4(text, at)).flatten(),
                may(BuiltIn::Ipv6).then(|| ip::v6(text, at)).flatten(),
            ],
            b'+' | b'(' => [phone::at(text, at), None, None, None, None],
            b'@' => [email::at(text, at), None, None, None, None],
            b':' => [ip::v6(text, at), None, None, None, None],
            _ => [
                // A card number right behind a word.
                (pattern == BuiltIn::Card)
                    .then(|| card::at(text, at + 1))
                    .flatten(),
                iban::at(text, at),
                ip::v6(text, at),
                None,
                None,
            ],
        };
        for found in found.into_iter().flatten() {
            self.hold(found);
        }
    }

    /// A custom pattern's match: certain when it has no keywords or one is near.
    fn custom(&mut self, place: usize, start: usize, end: usize) {
        let keywords = &self.scanner.patterns[place].keywords;
        let near = keywords.is_empty()
            || keywords
                .iter()
                .any(|word| lean_of(&self.window, start, end, word) == Lean::Toward);
        self.hold(Found {
            start,
            end,
            kind: Kind::Custom(place as u16),
            confidence: if near {
                Confidence::High
            } else {
                Confidence::Low
            },
            network: None,
        });
    }

    fn hold(&mut self, found: Found) {
        // What will not be listed needs no mask.
        let masked = match self.findings.hits.len() {
            ..LISTED => mask::mask(found.kind, &self.window[found.start..found.end]),
            _ => String::new(),
        };
        self.unordered.push(Held {
            found,
            offset: self.offset,
            masked,
        });
    }

    /// Takes the hits before `horizon` in order; of two that overlap, the
    /// better one. One that was dropped drops no other.
    fn settle(&mut self, horizon: u64) {
        let mut held = std::mem::take(&mut self.unordered);
        held.sort_by(|one, other| {
            one.start()
                .cmp(&other.start())
                .then_with(|| one.found.preference(&other.found))
        });
        let later = held.partition_point(|held| held.start() < horizon);
        self.unordered = held.split_off(later);
        for next in held {
            match self.last.take() {
                Some(last) if next.start() < last.end() => {
                    let better = next.found.preference(&last.found).is_lt();
                    self.last = Some(if better { next } else { last });
                }
                last => {
                    self.last = Some(next);
                    if let Some(last) = last {
                        self.keep(last);
                    }
                }
            }
        }
    }

    fn keep(&mut self, held: Held) {
        let place = self.scanner.place(held.found.kind);
        let count = &mut self.counts[place];
        match held.found.confidence {
            Confidence::Low => count.low += 1,
            Confidence::Medium => count.medium += 1,
            Confidence::High => count.high += 1,
        }
        if self.findings.hits.len() < LISTED {
            self.findings.hits.push(Hit {
                kind: self.scanner.name(place).to_owned(),
                at: held.start(),
                length: held.end() - held.start(),
                confidence: held.found.confidence,
                masked: held.masked,
                network: held.found.network,
            });
        }
    }
}

/// Whether `word` stands within [`NEAR`] bytes of `start..end`, as a word.
fn lean_of(text: &[u8], start: usize, end: usize, word: &str) -> Lean {
    let from = start.saturating_sub(NEAR + word.len());
    let to = text.len().min(end + NEAR + word.len());
    let stands = |window: std::ops::Range<usize>| {
        let whole = |at: usize| {
            let end = at + word.len();
            let before = at.checked_sub(1).is_some_and(|at| is_word(text[at]));
            !before && !text.get(end).is_some_and(|byte| is_word(*byte))
        };
        let places = window.start..(window.end + 1).saturating_sub(word.len());
        places
            .into_iter()
            .any(|at| text[at..at + word.len()].eq_ignore_ascii_case(word.as_bytes()) && whole(at))
    };
    if stands(from..start) || stands(end..to) {
        Lean::Toward
    } else {
        Lean::Neutral
    }
}
