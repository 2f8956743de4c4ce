//! The reference's cards and social security numbers.

use super::super::super::found::Kind;
use super::super::super::{Confidence, networks};
use super::{Number, Reference, Seen, Sign, is_over, kind_of, points};

impl Reference<'_> {
    pub(super) fn card(&self, at: usize) -> Option<Seen> {
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
        if glued && (!self.is_glued(word_end) || lengths[0] < 4)
            || in_row && lengths[0] == 1 && kind_of(gaps[0][0]) == b' ' && !is_over(&gaps[0])
        {
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

    pub(super) fn ssn(&self, at: usize) -> Option<Seen> {
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
