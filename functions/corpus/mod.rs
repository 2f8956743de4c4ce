//! The labelled corpus: what is to be found, in the forms in which people write
//! it, and what only looks like it. README.md says what is in it and why.
//!
//! It is made anew by whoever needs it (the scanner's tests, its benchmark,
//! the peers'), the same in every run, and stored nowhere.

pub mod cards;
pub mod lookalikes;
pub mod people;
pub mod random;
pub mod surroundings;
mod technical;
pub mod texts;

use random::Random;
use std::ops::Range;

/// The types, by the scanner's names.
pub const KINDS: [&str; 6] = [
    "payment-card",
    "us-ssn",
    "email",
    "phone",
    "ip-address",
    "iban",
];

/// One short text.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it is of: a type's form, or a class of look-alikes.
    pub class: &'static str,
    pub text: String,
    /// What is to be found in it, by type; of a look-alike mostly nothing.
    pub labels: Vec<(Range<usize>, &'static str)>,
}

impl Sample {
    /// `template` with `value` in place of its `{}`, which is to be found.
    pub fn labelled(class: &'static str, kind: &'static str, template: &str, value: &str) -> Self {
        let (before, after) = template.split_once("{}").unwrap_or((template, ""));
        Self {
            class,
            text: format!("{before}{value}{after}"),
            labels: vec![(before.len()..before.len() + value.len(), kind)],
        }
    }

    pub fn plain(class: &'static str, text: String) -> Self {
        Self {
            class,
            text,
            labels: vec![],
        }
    }
}

/// All of it: some 6,000 samples, of which a good half are look-alikes.
pub fn samples() -> Vec<Sample> {
    let mut random = Random::new(20_260_112);
    let mut all = cards::samples(&mut random);
    all.extend(people::samples(&mut random));
    all.extend(lookalikes::samples(&mut random));
    all
}
