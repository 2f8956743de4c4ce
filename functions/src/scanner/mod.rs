//! Finds card numbers and other personal data in text, in one pass over a
//! stream of any length. What is matched never leaves this module but masked.
//!
//! One automaton over all patterns ([`patterns`]) says where something may
//! begin, and a validator per type ([`card`], [`ssn`], [`email`], [`phone`],
//! [`ip`], [`iban`]) reads it and the text around it. Every place is tried, so
//! nothing hides behind a candidate that was none.
//!
//! # Confidence
//!
//! A hit begins with the points of its form, and words near by add and take
//! away ([`context`]: the nearest known word within 30 bytes before it, or one
//! for it behind it on the same line). 1 point is low, 2 are medium, 3 and
//! more are high; what has none is no hit.
//!
//! | type | 1 point | 2 points | words |
//! |---|---|---|---|
//! | `payment-card` | Luhn, length and issuer range, but a wide range (Maestro at large, UATP, RuPay 82, UnionPay 81) or a rare length | Luhn, length and issuer range | for it +1, against it -1 |
//! | | -1 each: different joints, or every digit alone; blanks between its groups and more groups in the same row; two lines of a column | | |
//! | `us-ssn` | issued range, with blanks or dots | issued range, with hyphens | +2 with joints, -1 |
//! | | nine digits: only with a word, then medium | | |
//! | `phone` | groups that no country in particular prints; `00` for `+` | `+` and an assigned calling code with the right length; groups as a country prints them | +1, -1 |
//! | | bare digits: only with a word, then medium | | |
//! | `ip-address` | loopback, "any", masks, multicast, four single digits | any other | +1, -1 |
//! | `iban` | | always high: country, length and check digits modulo 97 | |
//! | `email` | | medium; high under a common top-level domain | |
//! | custom | with keywords, none of which is near | always high otherwise | |
//!
//! # Overlaps
//!
//! A region of the text is one hit. Of two that overlap the surer one stays,
//! then the better type (`payment-card`, custom patterns in the order of the
//! configuration, `iban`, `us-ssn`, `email`, `ip-address`, `phone`), then the
//! longer one, then the earlier. Hits are taken from left to right; one that
//! was dropped drops no other. Matches of custom patterns do not overlap among
//! themselves: the next is looked for behind the last.
//!
//! # What is not found
//!
//! Numbers that begin or end within a word or a longer number, but for a card
//! right behind a word such as `card`; cards in links without such a word near
//! by; cards over more than one end of a line; an IBAN in lower case; words
//! for a number that stand further away, such as a column's title.

mod calling;
mod card;
mod context;
mod email;
mod found;
mod iban;
mod ip;
mod mask;
mod networks;
mod number;
mod patterns;
mod phone;
mod phone_groups;
mod redact;
mod ssn;
mod stream;
#[cfg(test)]
mod tests;

pub use stream::Stream;

use found::Kind;
use patterns::BuiltIn;
use regex_automata::meta::Regex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A pattern of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CustomPattern {
    /// The type of its hits: `[a-z0-9-]{1,32}`, none of the scanner's own.
    pub name: String,
    /// In the syntax of the regex crate, over bytes: `\d`, `\w`, `\b` and
    /// `(?i)` are ASCII's. At most 512 bytes; it matches 1 to 256 bytes, and
    /// has no anchors.
    pub pattern: String,
    /// Words of which one must be near by (within 30 bytes, in any case) for a
    /// hit to be certain: then it is `high`, else `low`. Without keywords every
    /// hit is `high`. At most 32, each of 1 to 32 bytes.
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// How sure a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It has the form.
    Low,
    /// Its form is not had by chance: issuer range and check digit, say.
    Medium,
    /// And a word near by says so.
    High,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// `payment-card`, `us-ssn`, `email`, `phone`, `ip-address`, `iban`, or a custom pattern's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Byte offset of its first byte in the text.
    pub at: u64,
    /// In bytes.
    pub length: u64,
    pub confidence: Confidence,
    /// At most the first six and the last four digits (PCI DSS 3.4.1), and
    /// fewer of shorter numbers; of a custom pattern's nothing.
    pub masked: String,
    /// A card's network, such as `visa`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<&'static str>,
}

/// How many hits of a type there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub high: u64,
    pub medium: u64,
    pub low: u64,
}

impl Count {
    pub fn total(&self) -> u64 {
        self.at_least(Confidence::Low)
    }

    pub fn at_least(&self, confidence: Confidence) -> u64 {
        match confidence {
            Confidence::High => self.high,
            Confidence::Medium => self.high + self.medium,
            Confidence::Low => self.high + self.medium + self.low,
        }
    }
}

/// What a text holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Every hit, by type; types without hits are not there.
    pub counts: BTreeMap<String, Count>,
    /// The first [`LISTED`] of them, in order.
    pub hits: Vec<Hit>,
    /// Of text.
    pub bytes: u64,
}

/// So many hits are listed one by one: memory does not grow with the document.
pub const LISTED: usize = 1000;

/// Why a custom pattern is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {name:?} {problem}")]
pub struct PatternError {
    pub name: String,
    pub problem: String,
}

/// The compiled patterns; one serves for any number of documents, also at the
/// same time, and the later ones are quicker, since the automaton's states are
/// there already. They take half a MiB of common texts, 16 MiB at most.
pub struct Scanner {
    built_in: Regex,
    custom: Option<Regex>,
    patterns: Vec<CustomPattern>,
}

impl Scanner {
    /// Compiles the built-in patterns and the configuration's. Errors: the
    /// first of `custom` that is none, with the reason.
    pub fn new(custom: &[CustomPattern]) -> Result<Self, PatternError> {
        let built_in = BuiltIn::compile().map_err(|error| PatternError {
            name: "built-in".to_owned(),
            problem: format!("does not compile: {error}"),
        })?;
        Ok(Self {
            built_in,
            custom: patterns::compile(custom)?,
            patterns: custom.to_vec(),
        })
    }

    /// A scan of one text.
    pub fn stream(&self) -> Stream<'_> {
        Stream::new(self)
    }

    /// The expressions of the built-in patterns, for who wants to run the very
    /// same elsewhere: the benchmark.
    pub fn expressions() -> Vec<String> {
        BuiltIn::ALL
            .iter()
            .map(|pattern| pattern.expression())
            .collect()
    }

    /// How many types of hits there are: the built-in ones, then the custom.
    fn kinds(&self) -> usize {
        Kind::NAMES.len() + self.patterns.len()
    }

    fn place(&self, kind: Kind) -> usize {
        match kind {
            Kind::Custom(place) => Kind::NAMES.len() + usize::from(place),
            kind => Kind::NAMES
                .iter()
                .position(|(own, _)| *own == kind)
                .unwrap_or_default(),
        }
    }

    fn name(&self, place: usize) -> &str {
        match Kind::NAMES.get(place) {
            Some((_, name)) => name,
            None => &self.patterns[place - Kind::NAMES.len()].name,
        }
    }
}
