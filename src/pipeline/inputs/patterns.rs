//! `functions.patterns`: what can be told of an expression without the engine
//! that compiles it, by the rules of `functions/src/scanner/patterns.rs`. What
//! is let through wrongly is refused by the scan, at its start.

use crate::pipeline::state::TextMap;
use crate::pipeline::values::{Place, Reader};
use serde_json::json;
use std::collections::BTreeMap;

const LONGEST_NAME: usize = 32;
const LONGEST_PATTERN: usize = 512;
/// Lambda's whole environment has 4 KB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>);
/// this leaves room for the other variables.
const LONGEST_TOGETHER: usize = 2500;
const BUILT_IN: [&str; 6] = [
    "payment-card",
    "iban",
    "us-ssn",
    "phone",
    "email",
    "ip-address",
];

pub(super) fn patterns(r: &mut Reader, place: &Place, map: &TextMap) -> BTreeMap<String, String> {
    let patterns = r.text_map(place, map, ["[0-9]{4}", "[0-9]{5}"]);
    for (name, expression) in &patterns {
        let place = place.key(name);
        let shaped = (1..=LONGEST_NAME).contains(&name.len())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        r.check(
            &place,
            name,
            shaped,
            "is not a name for a pattern",
            "Write 1 to 32 lower-case letters, digits and hyphens, for example \"customer-id\".",
        );
        r.check(
            &place,
            name,
            !BUILT_IN.contains(&name.as_str()),
            "is the name of a pattern that the scan has itself",
            "Write another name.",
        );
        if let Err((wrong, instead)) = check(expression) {
            r.check(&place, expression, false, wrong, instead);
        }
    }
    let size = environment_value(&patterns).len();
    if size > LONGEST_TOGETHER {
        r.problem(
            place,
            "Too many patterns",
            format!("The patterns have {size} bytes together, and Lambda keeps 4 KB of environment for everything. Write fewer or shorter ones: at most {LONGEST_TOGETHER} bytes, names and punctuation included."),
        );
    }
    patterns
}

/// As the scan's environment has it.
fn environment_value(patterns: &BTreeMap<String, String>) -> String {
    let list: Vec<_> = patterns
        .iter()
        .map(|(name, pattern)| json!({ "name": name, "pattern": pattern }))
        .collect();
    json!(list).to_string()
}

type Wrong = (&'static str, &'static str);

fn check(expression: &str) -> Result<(), Wrong> {
    if expression.is_empty() {
        return Err(("is empty", "Write a regular expression, or remove it."));
    }
    if expression.len() > LONGEST_PATTERN {
        return Err(("has more than 512 bytes", "Write several patterns."));
    }
    Walk::default().over(expression)
}

const UNBALANCED: Wrong = (
    "is not a regular expression: brackets or parentheses are not in pairs",
    "Close each, or write \\\\( for the character itself.",
);
const ANCHORED: Wrong = (
    "has an anchor, but what is scanned is a stream",
    "Write \\\\b in place of ^ and $.",
);
const ENDLESS: Wrong = (
    "can match without end",
    "Write {1,20} in place of + and {0,20} in place of *.",
);
const CUT_OFF: Wrong = (
    "ends in a backslash that escapes nothing",
    "Write \\\\\\\\ for the character itself.",
);

/// Where in an expression one is.
#[derive(Default)]
struct Walk {
    groups: usize,
    class: usize,
    /// A class has begun, where a `]` or `^` is not what it is elsewhere.
    class_start: bool,
}

impl Walk {
    fn over(mut self, expression: &str) -> Result<(), Wrong> {
        let mut characters = expression.chars();
        while let Some(character) = characters.next() {
            match (character, self.class) {
                ('\\', _) => match characters.next() {
                    None => return Err(CUT_OFF),
                    Some('A' | 'z') if self.class == 0 => return Err(ANCHORED),
                    Some(_) => {}
                },
                ('[', _) => {
                    self.class += 1;
                    self.class_start = true;
                    continue;
                }
                ('^', 1..) if self.class_start => continue,
                (']', 1..) if !self.class_start => self.class -= 1,
                (_, 1..) => {}
                ('(', 0) => self.groups += 1,
                (')', 0) => self.groups = self.groups.checked_sub(1).ok_or(UNBALANCED)?,
                ('^' | '$', 0) => return Err(ANCHORED),
                ('+' | '*', 0) => return Err(ENDLESS),
                ('{', 0) if endless(characters.as_str()) => return Err(ENDLESS),
                _ => {}
            }
            self.class_start = false;
        }
        match (self.groups, self.class) {
            (0, 0) => Ok(()),
            _ => Err(UNBALANCED),
        }
    }
}

/// `3,}`: what follows the brace of a repetition without an upper bound.
fn endless(rest: &str) -> bool {
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    digits.len() < rest.len() && digits.starts_with(",}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_that_the_scan_takes_is_taken() {
        for expression in [
            r"[0-9]{4}",
            r"\b[A-Z]{2}-\d{6}\b",
            r"(?i)customer[ _]?id: (?:a|b){1,20}",
            r"[]^$+*(]",
            r"[^]]x",
            r"[\]\\]{2,3}",
            r"[a-z&&[^x]]y",
            r"\+\*\(\[\$\^",
        ] {
            assert!(check(expression).is_ok(), "{expression}");
        }
    }

    #[test]
    fn an_expression_that_it_cannot_take_is_refused() {
        for (expression, wrong) in [
            ("", "is empty"),
            ("(a", "not in pairs"),
            ("a)", "not in pairs"),
            ("[a", "not in pairs"),
            ("^a", "anchor"),
            ("a$", "anchor"),
            (r"\Aa", "anchor"),
            ("a+", "without end"),
            ("a*", "without end"),
            ("a{3,}", "without end"),
            (r"a\", "backslash"),
        ] {
            let error = check(expression).expect_err(expression);
            assert!(error.0.contains(wrong), "{expression}: {}", error.0);
        }
    }
}
