//! Digits in groups, as people write numbers: where a group ends, and what
//! stands between it and the next.

/// The most digits a number has: a card's 19.
pub(super) const MOST_DIGITS: usize = 19;
/// So many blanks may stand before and behind the end of a line.
const BLANKS: usize = 16;

/// What stands between two groups of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// A blank, of any of the widths that are printed in numbers.
    Space,
    /// A hyphen or an en dash.
    Hyphen,
    Dot,
    /// The end of a line with the blanks around it and the hyphen before it,
    /// or a soft hyphen, which is where a line may end.
    Break,
}

/// The joint that begins at `at`, and its length.
pub(super) fn joint(text: &[u8], at: usize) -> Option<(Joint, usize)> {
    let mark = match *text.get(at)? {
        b' ' => Some(Joint::Space),
        b'-' => Some(Joint::Hyphen),
        b'.' => Some(Joint::Dot),
        _ => None,
    };
    if let Some(joint) = mark
        && text.get(at + 1).is_some_and(u8::is_ascii_digit)
    {
        return Some((joint, 1));
    }
    if let Some(length) = line_break(text, at) {
        return Some((Joint::Break, length));
    }
    if let Some(joint) = mark {
        return Some((joint, 1));
    }
    match text[at] {
        // U+00A0 no-break space, U+00AD soft hyphen.
        0xC2 => match *text.get(at + 1)? {
            0xA0 => Some((Joint::Space, 2)),
            0xAD => Some((Joint::Break, 2)),
            _ => None,
        },
        // U+2009 thin and U+202F narrow no-break space; U+2010 hyphen, U+2011
        // no-break hyphen and U+2013 en dash.
        0xE2 if text.get(at + 1) == Some(&0x80) => match *text.get(at + 2)? {
            0x89 | 0xAF => Some((Joint::Space, 3)),
            0x90 | 0x91 | 0x93 => Some((Joint::Hyphen, 3)),
            _ => None,
        },
        _ => None,
    }
}

/// The length of the end of a line at `at`, blanks and hyphen included.
fn line_break(text: &[u8], at: usize) -> Option<usize> {
    if !matches!(text.get(at)?, b' ' | b'\t' | b'-' | b'\r' | b'\n' | 0xC2) {
        return None;
    }
    let mut i = at + blanks(&text[at..]);
    match text.get(i)? {
        b'-' => i += 1,
        0xC2 if text.get(i + 1) == Some(&0xAD) => i += 2,
        _ => {}
    }
    match text.get(i)? {
        b'\r' if text.get(i + 1) == Some(&b'\n') => i += 2,
        b'\r' | b'\n' => i += 1,
        _ => return None,
    }
    i += blanks(&text[i..]);
    Some(i - at)
}

fn blanks(text: &[u8]) -> usize {
    text.iter()
        .take(BLANKS)
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

/// One group of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    pub start: usize,
    pub end: usize,
    /// What stands before it; of the first, nothing.
    pub joint: Option<Joint>,
}

impl Group {
    pub fn len(self) -> usize {
        self.end - self.start
    }
}

/// The digits from one place on, up to [`MOST_DIGITS`], in whole groups.
pub(super) struct Run {
    digits: [u8; MOST_DIGITS],
    groups: [Group; MOST_DIGITS],
    /// How many of the above are there.
    count: usize,
}

impl Run {
    /// Reads the run that begins with the digit at `start`. It ends before the
    /// group that would make it too long, and before its second [`Joint::Break`]:
    /// a number goes over one end of a line, a column over many.
    pub fn read(text: &[u8], start: usize) -> Self {
        let none = Group {
            start,
            end: start,
            joint: None,
        };
        let mut run = Self {
            digits: [0; MOST_DIGITS],
            groups: [none; MOST_DIGITS],
            count: 0,
        };
        let (mut at, mut total, mut breaks, mut before) = (start, 0, 0, None);
        loop {
            let mut end = at;
            while let Some(digit @ b'0'..=b'9') = text.get(end) {
                let place = total + (end - at);
                if place == MOST_DIGITS {
                    return run;
                }
                run.digits[place] = digit - b'0';
                end += 1;
            }
            if end == at {
                return run;
            }
            run.groups[run.count] = Group {
                start: at,
                end,
                joint: before,
            };
            run.count += 1;
            total += end - at;
            let Some((joint, length)) = joint(text, end) else {
                return run;
            };
            breaks += u8::from(joint == Joint::Break);
            if total == MOST_DIGITS || breaks == 2 {
                return run;
            }
            (at, before) = (end + length, Some(joint));
        }
    }

    pub fn groups(&self) -> &[Group] {
        &self.groups[..self.count]
    }

    /// The digits' values.
    pub fn digits(&self, total: usize) -> &[u8] {
        &self.digits[..total]
    }
}

/// A letter of ASCII, a digit or an underscore: what a number is not part of.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The byte before `at`.
pub(super) fn before(text: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1).map(|at| text[at])
}

/// Whether what ends at `end` goes on: with a word's character, or with a dot
/// or hyphen and the next part of a longer thing.
pub(super) fn goes_on(text: &[u8], end: usize) -> bool {
    let Some(next) = text.get(end) else {
        return false;
    };
    if is_word(*next) {
        return true;
    }
    let (length, letters) = match joint(text, end) {
        Some((Joint::Hyphen, length)) => (length, true),
        Some((Joint::Dot, length)) => (length, false),
        _ => return false,
    };
    match text.get(end + length) {
        Some(byte) if letters => is_word(*byte),
        Some(byte) => byte.is_ascii_digit(),
        None => false,
    }
}

/// The joint that ends at `at`, when it is a blank, a hyphen or a dot: where
/// it begins.
pub(super) fn joint_before(text: &[u8], at: usize) -> Option<(Joint, usize)> {
    (1..=3).find_map(|length| {
        let start = at.checked_sub(length)?;
        match joint(text, start)? {
            (Joint::Break, _) => None,
            (joint, found) => (found == length).then_some((joint, start)),
        }
    })
}

/// What ends at `at`, without a blank, a quotation mark or a bracket in it; its
/// last `most` bytes.
pub(super) fn token_before(text: &[u8], at: usize, most: usize) -> &[u8] {
    let before = &text[at.saturating_sub(most)..at];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>(,".contains(byte);
    let begin = before.iter().rposition(ends).map_or(0, |end| end + 1);
    &before[begin..]
}

/// Luhn's check (ISO/IEC 7812-1, annex B): it finds every changed digit.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, *digit) {
            (0, digit) => u32::from(digit),
            (_, digit @ 0..=4) => u32::from(digit) * 2,
            (_, digit) => u32::from(digit) * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<(usize, Option<Joint>)> {
        let run = Run::read(text.as_bytes(), 0);
        run.groups().iter().map(|g| (g.len(), g.joint)).collect()
    }

    #[test]
    fn a_run_is_whole_groups_with_one_joint_between_them() {
        use Joint::{Break, Dot, Hyphen, Space};
        for (text, expected) in [
            ("12", vec![(2, None)]),
            ("12 34", vec![(2, None), (2, Some(Space))]),
            ("12  34", vec![(2, None)]),
            (
                "12-34.5x",
                vec![(2, None), (2, Some(Hyphen)), (1, Some(Dot))],
            ),
            (
                "12\u{a0}34\u{2009}5\u{202f}6",
                vec![
                    (2, None),
                    (2, Some(Space)),
                    (1, Some(Space)),
                    (1, Some(Space)),
                ],
            ),
            (
                "12\u{2011}34\u{2013}5",
                vec![(2, None), (2, Some(Hyphen)), (1, Some(Hyphen))],
            ),
            ("12\n34\n56", vec![(2, None), (2, Some(Break))]),
            ("12 -\r\n  34", vec![(2, None), (2, Some(Break))]),
            ("12\u{ad}34", vec![(2, None), (2, Some(Break))]),
            ("12\u{ad}\n34", vec![(2, None), (2, Some(Break))]),
            ("12\n\n34", vec![(2, None)]),
            ("1234567890123456789 1", vec![(19, None)]),
            ("12345678901234567890", vec![]),
            ("1234567890 12345678901", vec![(10, None)]),
        ] {
            assert_eq!(lengths(text), expected, "{text:?}");
        }
    }

    #[test]
    fn luhn_knows_the_published_examples() {
        for (number, expected) in [
            ("79927398713", true),
            ("79927398710", false),
            ("4111111111111111", true),
            ("4111111111111112", false),
        ] {
            let digits: Vec<u8> = number.bytes().map(|digit| digit - b'0').collect();
            assert_eq!(luhn(&digits), expected, "{number}");
        }
    }
}
