//! Reading single values of a configuration: null becomes the default,
//! unknown becomes a probe, and what is wrong is collected with its path.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;
use tf_provider::AttributePath;
use tf_provider::value::Value;

use super::state::{TextList, TextMap};

/// Which of an attribute's two stand-ins an unknown value is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    First,
    Second,
}

/// Something to tell the user, at a path of the configuration.
#[derive(Clone, Debug)]
pub struct Problem {
    pub path: AttributePath,
    pub summary: String,
    pub detail: String,
}

impl Problem {
    /// Whether it tells the same.
    pub fn says(&self, other: &Self) -> bool {
        self.summary == other.summary && self.detail == other.detail
    }
}

/// Where in the configuration a value stands.
#[derive(Clone, Debug)]
pub struct Place(AttributePath);

impl Place {
    pub fn root() -> Self {
        Self(AttributePath::root())
    }

    pub fn at(&self, name: &'static str) -> Self {
        Self(self.0.clone().attribute(name))
    }

    pub fn key(&self, key: &str) -> Self {
        Self(self.0.clone().key(key.to_owned()))
    }

    pub fn path(&self) -> AttributePath {
        self.0.clone()
    }
}

/// A block whose every attribute is unknown.
pub trait Unknown {
    fn unknown() -> Self;
}

/// Collects problems while values are read.
pub struct Reader {
    probe: Probe,
    problems: Vec<Problem>,
}

impl Reader {
    pub fn new(probe: Probe) -> Self {
        Self {
            probe,
            problems: Vec::new(),
        }
    }

    pub fn finish(self) -> Vec<Problem> {
        self.problems
    }

    pub fn problem(&mut self, place: &Place, summary: &str, detail: impl Into<String>) {
        self.problems.push(Problem {
            path: place.path(),
            summary: summary.to_owned(),
            detail: detail.into(),
        });
    }

    /// `"<value>" <what is wrong>. <what to write instead>`
    pub fn check(&mut self, place: &Place, value: &str, holds: bool, wrong: &str, instead: &str) {
        if !holds {
            self.problem(
                place,
                "Invalid value",
                format!("\"{value}\" {wrong}. {instead}"),
            );
        }
    }

    /// The probe's choice between two stand-ins.
    pub fn either<T>(&self, first: T, second: T) -> T {
        match self.probe {
            Probe::First => first,
            Probe::Second => second,
        }
    }

    /// A nested object. An unknown one is one whose every attribute is.
    pub fn block<T: Clone + Unknown>(&self, value: &Value<T>) -> Option<T> {
        match value {
            Value::Value(block) => Some(block.clone()),
            Value::Null => None,
            Value::Unknown => Some(T::unknown()),
        }
    }

    pub fn text(
        &mut self,
        place: &Place,
        value: Option<&Value<String>>,
        probes: [&str; 2],
    ) -> Option<String> {
        match value {
            None | Some(Value::Null) => None,
            Some(Value::Unknown) => Some(self.either(probes[0], probes[1]).to_owned()),
            Some(Value::Value(text)) if text.trim() != text => {
                self.problem(
                    place,
                    "Invalid value",
                    format!("\"{text}\" begins or ends with white space. Write it without, for example with trimspace()."),
                );
                Some(text.clone())
            }
            Some(Value::Value(text)) => Some(text.clone()),
        }
    }

    pub fn required_text(
        &mut self,
        place: &Place,
        value: &Value<String>,
        probes: [&str; 2],
    ) -> String {
        // Terraform itself refuses a missing required attribute.
        self.text(place, Some(value), probes).unwrap_or_default()
    }

    pub fn flag(&mut self, value: Option<&Value<bool>>, default: bool) -> bool {
        match value {
            None | Some(Value::Null) => default,
            Some(Value::Unknown) => self.either(default, !default),
            Some(Value::Value(flag)) => *flag,
        }
    }

    /// A whole number of days within a range.
    pub fn days(
        &mut self,
        place: &Place,
        value: Option<&Value<f64>>,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> u32 {
        self.whole_called("Invalid number of days", place, value, default, range)
    }

    /// A whole number within a range.
    pub fn whole(
        &mut self,
        place: &Place,
        value: Option<&Value<f64>>,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> u32 {
        self.whole_called("Invalid number", place, value, default, range)
    }

    fn whole_called(
        &mut self,
        summary: &str,
        place: &Place,
        value: Option<&Value<f64>>,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> u32 {
        match value {
            None | Some(Value::Null) => default,
            Some(Value::Unknown) => {
                let other = match default == *range.start() {
                    true => default + 1,
                    false => default - 1,
                };
                self.either(default, other)
            }
            Some(Value::Value(number)) => {
                let advice = format!("; the default is {default}");
                self.in_range(summary, place, *number, &range, &advice)
                    .unwrap_or(default)
            }
        }
    }

    /// A whole number within a range, if there is one.
    pub fn maybe_whole(
        &mut self,
        place: &Place,
        value: Option<&Value<f64>>,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        match value? {
            Value::Null => None,
            Value::Unknown => Some(self.either(*range.start(), range.start() + 1)),
            Value::Value(number) => self.in_range("Invalid number", place, *number, &range, ""),
        }
    }

    fn in_range(
        &mut self,
        summary: &str,
        place: &Place,
        number: f64,
        range: &RangeInclusive<u32>,
        advice: &str,
    ) -> Option<u32> {
        let (low, high) = (*range.start(), *range.end());
        if number.fract() == 0.0 && number >= f64::from(low) && number <= f64::from(high) {
            // Whole and within a range of u32: nothing is cut off.
            return Some(number as u32);
        }
        self.problem(
            place,
            summary,
            format!(
                "{number} is not possible here. Write a whole number from {low} to {high}{advice}."
            ),
        );
        None
    }

    /// A number within a range, fractions allowed.
    pub fn decimal(
        &mut self,
        place: &Place,
        value: Option<&Value<f64>>,
        default: f64,
        range: RangeInclusive<f64>,
    ) -> f64 {
        let (low, high) = (*range.start(), *range.end());
        match value {
            None | Some(Value::Null) => default,
            Some(Value::Unknown) => self.either(default, low),
            Some(Value::Value(number)) if range.contains(number) => *number,
            Some(Value::Value(number)) => {
                self.problem(
                    place,
                    "Invalid number",
                    format!("{number} is not possible here. Write a number from {low} to {high}; the default is {default}."),
                );
                default
            }
        }
    }

    /// The elements of a list or set of texts, without null ones. `what` says
    /// what an element must be. An unknown list has `least` elements or one
    /// more, of those that `probe` numbers; an unknown element is one of two.
    pub fn texts(
        &mut self,
        place: &Place,
        value: Option<&TextList>,
        what: &str,
        least: usize,
        probe: impl Fn(usize) -> String,
    ) -> Option<Vec<String>> {
        let items = match value? {
            Value::Null => return None,
            Value::Unknown => {
                let length = self.either(least, least + 1);
                return Some((0..length).map(probe).collect());
            }
            Value::Value(items) => items,
        };
        let mut texts = Vec::new();
        for (n, item) in items.iter().enumerate() {
            // Beside those of a wholly unknown list.
            let (first, second) = (probe(2 * n), probe(2 * n + 1));
            match self.text(place, Some(item), [&first, &second]) {
                Some(text) => texts.push(text),
                None => {
                    let all = place.path();
                    self.problem(
                        place,
                        "An element is null",
                        format!("Every element of {all} must be {what}. Remove the null, for example with compact()."),
                    );
                }
            }
        }
        Some(texts)
    }

    pub fn choice(
        &mut self,
        place: &Place,
        value: Option<&Value<String>>,
        default: &str,
        allowed: &[&str],
    ) -> Option<String> {
        let first = allowed.first().copied().unwrap_or(default);
        let second = allowed.get(1).copied().unwrap_or(first);
        let text = self
            .text(place, value, [first, second])
            .unwrap_or_else(|| default.to_owned());
        if allowed.contains(&text.as_str()) {
            return Some(text);
        }
        let list = allowed
            .iter()
            .map(|choice| format!("\"{choice}\""))
            .collect::<Vec<_>>()
            .join(" or ");
        self.problem(
            place,
            "Invalid value",
            format!("\"{text}\" is not one of the possible values. Write {list}; the default is \"{default}\"."),
        );
        None
    }

    pub fn text_map(
        &mut self,
        place: &Place,
        map: &TextMap,
        probes: [&str; 2],
    ) -> BTreeMap<String, String> {
        let entries = match map {
            Value::Null => return BTreeMap::new(),
            Value::Unknown => {
                let some = BTreeMap::from([("probe".to_owned(), probes[1].to_owned())]);
                return self.either(BTreeMap::new(), some);
            }
            Value::Value(entries) => entries,
        };
        let mut known = BTreeMap::new();
        for (key, value) in entries {
            match value {
                Value::Value(text) => {
                    known.insert(key.clone(), text.clone());
                }
                Value::Unknown => {
                    known.insert(key.clone(), self.either(probes[0], probes[1]).to_owned());
                }
                Value::Null => self.problem(
                    &place.key(key),
                    "A value is null",
                    format!("The value of \"{key}\" is null. Write a value or remove the key."),
                ),
            }
        }
        known
    }

    pub fn duration(
        &mut self,
        place: &Place,
        value: Option<&Value<String>>,
        default: &str,
    ) -> Duration {
        let text = self
            .text(place, value, [default, default])
            .unwrap_or_else(|| default.to_owned());
        match parse_duration(&text) {
            Some(duration) if !duration.is_zero() => duration,
            _ => {
                self.problem(
                    place,
                    "Invalid duration",
                    format!("\"{text}\" is not a duration. Write a number with a unit, for example \"90s\", \"60m\" or \"1h30m\"; the default is \"{default}\"."),
                );
                Duration::from_secs(3600)
            }
        }
    }
}

/// Go's duration syntax, as other providers' `timeouts` take it: hours,
/// minutes and seconds.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let factor = match character {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let number: u64 = digits.parse().ok()?;
        seconds = seconds.checked_add(number.checked_mul(factor)?)?;
        digits.clear();
    }
    (digits.is_empty() && !text.is_empty()).then(|| Duration::from_secs(seconds))
}
