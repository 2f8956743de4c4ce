//! Telephone numbers: international ones (ITU-T E.164), North American ones,
//! and the national forms of other countries.
//!
//! Nothing in a number checks it, so its form has to: an international prefix
//! that is assigned, or groups as a country prints them. What several
//! countries print, or no one in particular, is less sure; digits without any
//! form are a number only where a word says so.

use super::calling;
use super::context::{self, Lean};
use super::found::{Found, Kind, confidence};
use super::number::{before, is_word};
use super::phone_groups::{Group, Groups, Joint, MOST_DIGITS, MOST_GROUPS};

/// The number that begins at `start` with a digit, a plus or a parenthesis: of
/// those that do, the most certain, then the longest.
pub(super) fn at(text: &[u8], start: usize) -> Option<Found> {
    let plus = text[start] == b'+';
    // A first group of one digit is North America's 1.
    let single = matches!(text[start], b'0' | b'2'..=b'9')
        && !text.get(start + 1).is_some_and(u8::is_ascii_digit);
    if single || is_inside(text, start) {
        return None;
    }
    let read = Groups::read(text, start + usize::from(plus))?;
    let second = read.groups[1].end - read.groups[1].start;
    if text[start] == b'1' && read.groups[0].end == start + 1 && !matches!(second, 3 | 10) {
        return None;
    }
    // In a row of numbers with blanks between them, groups say less.
    let in_row = matches!(text[..start], [.., b'0'..=b'9', b' ']);
    let mut best: Option<Found> = None;
    for count in (1..=read.count).rev() {
        let groups = &read.groups[..count];
        let end = read.end(count);
        let Some(form) = form(text, groups, plus) else {
            continue;
        };
        if goes_on(text, end) {
            continue;
        }
        let spaces = groups[1..].iter().any(|group| group.joint == Joint::Space);
        let lean = context::lean(text, start, end, Kind::Phone);
        let value = match (form, lean) {
            (Form::Bare, Lean::Toward) => 2,
            (Form::Bare, _) => continue,
            (Form::Loose, lean) => 1 + lean.step(),
            (Form::Printed, lean) => 2 + lean.step(),
        } - i8::from(in_row && spaces && !plus);
        if let Some(confidence) = confidence(value)
            && best
                .as_ref()
                .is_none_or(|best| confidence > best.confidence)
        {
            best = Some(Found {
                start,
                end,
                kind: Kind::Phone,
                confidence,
                network: None,
            });
        }
    }
    best
}

/// How much a number's form says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Digits that may be anything.
    Bare,
    /// Groups that several countries or none in particular print.
    Loose,
    /// An assigned prefix, or groups as its country prints them.
    Printed,
}

fn form(text: &[u8], groups: &[Group], plus: bool) -> Option<Form> {
    let mut digits = [0; MOST_DIGITS];
    let mut total = 0;
    for group in groups {
        for digit in &text[group.start..group.end] {
            *digits.get_mut(total)? = digit - b'0';
            total += 1;
        }
    }
    let digits = &digits[..total];
    // "(0)" is dialled at home only.
    let at_home = groups
        .get(1)
        .is_some_and(|group| group.parentheses && group.end - group.start == 1);
    if plus {
        let trunk = at_home.then(|| groups[0].end - groups[0].start);
        return international(digits, trunk).then_some(Form::Printed);
    }
    if let [0, 0, rest @ ..] = digits {
        let trunk = at_home.then(|| (groups[0].end - groups[0].start).saturating_sub(2));
        return international(rest, trunk).then_some(if groups.len() > 1 {
            Form::Loose
        } else {
            Form::Bare
        });
    }
    let mut lengths = [0; MOST_GROUPS];
    for (length, group) in lengths.iter_mut().zip(groups) {
        *length = group.end - group.start;
    }
    let lengths = &lengths[..groups.len()];
    match digits[0] {
        0 => with_trunk_zero(digits, groups, lengths),
        _ => north_american(digits, groups, lengths)
            .or_else(|| without_trunk(digits, groups, lengths)),
    }
}

/// `digits` begin with the calling code. `trunk`: where a "(0)" stands that
/// does not belong to the number.
fn international(digits: &[u8], trunk: Option<usize>) -> bool {
    let Some(code) = calling::code(digits) else {
        return false;
    };
    let mut national = &digits[code.digits..];
    if let Some(at) = trunk {
        if at != code.digits || national.first() != Some(&0) {
            return false;
        }
        national = &national[1..];
    }
    code.lengths.contains(&national.len())
        && (code.zero || national[0] != 0)
        && national.iter().any(|digit| *digit != national[0])
        && (code.value != 1 || is_north_american(national))
}

/// Area, exchange and line of the North American Numbering Plan
/// (<https://www.nanpa.com/about-us/glossary>): area and exchange begin with 2
/// to 9, N11 is a service, N9X and 37X and 96X are kept for later.
fn is_north_american(digits: &[u8]) -> bool {
    let &[a, b, c, x, y, z, ..] = digits else {
        return false;
    };
    digits.len() == 10
        && a >= 2
        && b != 9
        && (b, c) != (1, 1)
        && !matches!((a, b), (3, 7) | (9, 6))
        && x >= 2
        && (y, z) != (1, 1)
        && digits.iter().any(|digit| *digit != a)
}

fn north_american(digits: &[u8], groups: &[Group], lengths: &[usize]) -> Option<Form> {
    let national = match digits {
        [1, national @ ..] => national,
        national => national,
    };
    if !is_north_american(national) {
        return None;
    }
    let (lengths, groups) = match lengths {
        [1, rest @ ..] if digits[0] == 1 => (rest, &groups[1..]),
        rest => (rest, groups),
    };
    let parentheses =
        groups.iter().skip(1).all(|group| !group.parentheses) && groups[0].parentheses;
    match lengths {
        [10 | 11] => Some(Form::Bare),
        [3, 7] if parentheses => Some(Form::Printed),
        [3, 7] => Some(Form::Bare),
        [3, 3, 4] if parentheses => Some(Form::Printed),
        [3, 3, 4] if groups[0].parentheses || groups[1].parentheses || groups[2].parentheses => {
            None
        }
        [3, 3, 4] => match (groups[1].joint, groups[2].joint) {
            (Joint::Hyphen, Joint::Hyphen) | (Joint::Dot, Joint::Dot) => Some(Form::Printed),
            (Joint::Space | Joint::Slash, Joint::Hyphen) => Some(Form::Printed),
            (Joint::Space, Joint::Space) => Some(Form::Loose),
            _ => None,
        },
        _ => None,
    }
}

/// Numbers as they are dialled at home where that begins with a zero: most of
/// Europe, Australia, Japan.
fn with_trunk_zero(digits: &[u8], groups: &[Group], lengths: &[usize]) -> Option<Form> {
    let total = digits.len();
    if !(9..=12).contains(&total)
        || digits[1] == 0
        || digits[1..].iter().all(|digit| *digit == digits[1])
    {
        return None;
    }
    let parentheses = groups[0].parentheses;
    if groups[1..].iter().any(|group| group.parentheses) {
        return None;
    }
    // Three, two and four digits are a social security number's.
    if matches!(lengths, [3, 2, 4]) {
        return None;
    }
    // The joint behind the area code may be another.
    let Some(second) = groups.get(1) else {
        return Some(Form::Bare);
    };
    let joint = second.joint;
    let even = groups[1..].iter().all(|group| group.joint == joint);
    let tail = groups.get(2).map_or(joint, |group| group.joint);
    let even_tail = groups[2..].iter().all(|group| group.joint == tail);
    let spaces =
        even && joint == Joint::Space || parentheses && matches!(tail, Joint::Space | Joint::None);
    let hyphens = even && joint == Joint::Hyphen || parentheses && tail == Joint::Hyphen;
    let printed = match (lengths, digits[1]) {
        // France: five pairs.
        ([2, 2, 2, 2, 2], _) if even && joint != Joint::Slash => true,
        // The United Kingdom.
        ([3, 4, 4] | [4, 3, 4] | [5, 3, 3] | [5, 6], 1..=3 | 7 | 8) if spaces || hyphens => true,
        // Australia: mobile phones, then the others; the latter are Japan's too.
        ([4, 3, 3], 4) if spaces => true,
        ([2, 4, 4], 2..=8) if spaces || hyphens => true,
        ([3, 3, 4], _) if hyphens => true,
        // Switzerland.
        ([3, 3, 2, 2], _) if spaces => true,
        // The Netherlands.
        ([2, 8] | [3, 7], _) if hyphens => true,
        // Germany: an area code of three to five digits, then the rest; mobile phones.
        ([3..=5, 5..=8] | [3..=5, 3..=4, 3..=4], _) if parentheses || joint == Joint::Slash => true,
        ([4, 7 | 8], 1) if spaces || hyphens => true,
        _ => false,
    };
    if printed {
        return Some(Form::Printed);
    }
    let sizes = (2..=5).contains(&lengths.len())
        && (2..=5).contains(&lengths[0])
        && lengths[1..].iter().all(|length| (2..=8).contains(length));
    match (sizes, parentheses) {
        (true, true) if even_tail => Some(Form::Printed),
        (true, false) if even => Some(Form::Loose),
        _ => None,
    }
}

/// Numbers without any prefix: Spain's and Poland's nine digits, Brazil's area
/// code in parentheses.
fn without_trunk(digits: &[u8], groups: &[Group], lengths: &[usize]) -> Option<Form> {
    let rest_is_open = groups[1..].iter().all(|group| !group.parentheses);
    if let ([2, 4 | 5, 4], true, true) = (lengths, groups[0].parentheses, rest_is_open) {
        let printed = groups[2].joint == Joint::Hyphen && digits[1] != 0;
        return printed.then_some(Form::Printed);
    }
    let even = groups.iter().all(|group| !group.parentheses)
        && groups[1..]
            .iter()
            .all(|group| group.joint == groups[1].joint);
    match lengths {
        [3, 3, 3] | [3, 2, 2, 2] | [2, 3, 2, 2] if even && digits[0] >= 4 => Some(Form::Bare),
        _ => None,
    }
}

/// Whether what begins at `start` is the rest of something.
fn is_inside(text: &[u8], start: usize) -> bool {
    let Some(byte) = before(text, start) else {
        return false;
    };
    let further = before(text, start - 1).unwrap_or(b' ');
    is_word(byte) || byte == b'+' || matches!(byte, b'.' | b'-' | b'/') && is_word(further)
        // "+1 (212) 555-0123" and "(0049) ..." begin before.
        || byte == b'(' && further == b'+'
}

fn goes_on(text: &[u8], end: usize) -> bool {
    match text.get(end) {
        Some(byte) if is_word(*byte) => true,
        Some(b'.' | b'-' | b'/' | b'+') => text.get(end + 1).is_some_and(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Confidence::{self, High, Low, Medium};
    use super::*;

    fn of(text: &str) -> Option<(String, Confidence)> {
        let start = text.find('^').unwrap();
        let text = text.replace('^', "");
        let found = at(text.as_bytes(), start)?;
        Some((text[found.start..found.end].to_owned(), found.confidence))
    }

    #[test]
    fn a_number_is_found_in_the_forms_of_its_country() {
        for (text, number, confidence) in [
            ("^+12125550123", "+12125550123", Medium),
            ("tel. ^+1 (212) 555-0123.", "+1 (212) 555-0123", High),
            ("^+44 20 7946 0958", "+44 20 7946 0958", Medium),
            ("^+44 (0)20 7946 0958", "+44 (0)20 7946 0958", Medium),
            ("^+49 30 901820", "+49 30 901820", Medium),
            ("^+49 (30) 9018-20", "+49 (30) 9018-20", Medium),
            ("^+33 1 99 00 12 34", "+33 1 99 00 12 34", Medium),
            ("^+44 20 7946 0958 2024", "+44 20 7946 0958", Medium),
            ("^0044 20 7946 0958", "0044 20 7946 0958", Low),
            ("phone ^00442079460958", "00442079460958", Medium),
            ("^(212) 555-0123", "(212) 555-0123", Medium),
            ("^(212)555-0123", "(212)555-0123", Medium),
            ("^212-555-0123", "212-555-0123", Medium),
            ("^212.555.0123", "212.555.0123", Medium),
            ("^1-212-555-0123", "1-212-555-0123", Medium),
            ("^212 555 0123", "212 555 0123", Low),
            ("^212 555 0123 212 555 0124", "212 555 0123", Low),
            ("call ^2125550123", "2125550123", Medium),
            ("^01 99 00 12 34", "01 99 00 12 34", Medium),
            ("^020 7946 0958", "020 7946 0958", Medium),
            ("^(020) 7946 0958", "(020) 7946 0958", Medium),
            ("^01632 960123", "01632 960123", Medium),
            ("^07700 900123", "07700 900123", Medium),
            ("^030/901820", "030/901820", Medium),
            ("^(030) 901820", "(030) 901820", Medium),
            ("^0171 39200 12", "0171 39200 12", Low),
            ("phone ^02079460958", "02079460958", Medium),
            ("^06-12345678", "06-12345678", Medium),
            ("^0412 345 678", "0412 345 678", Medium),
            ("^03-1234-5678", "03-1234-5678", Medium),
            ("^044 668 18 00", "044 668 18 00", Medium),
            ("^(11) 91234-5678", "(11) 91234-5678", Medium),
            (
                "tel\u{e9}fono m\u{f3}vil ^612 345 678",
                "612 345 678",
                Medium,
            ),
        ] {
            assert_eq!(of(text), Some((number.to_owned(), confidence)), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_none() {
        for text in [
            "^2125550123",
            "order ^212 555 0123",
            "^112-555-0123",
            "^212-155-0123",
            "^911-555-0123",
            "^212-911-0123",
            "^212-555-01234",
            "^212-555-0123-4",
            "1-^212-555-0123",
            "A1^212-555-0123",
            "7+^12125550123",
            "^+12125550",
            "^+999123456789",
            "^+442079460",
            "^+1 212 155 0123",
            "^2024-05-12",
            "^01.02.2024",
            "^01-02-2024 10",
            "^0000 000 000",
            "^612 345 678",
            "5 ^212 555 0123",
            "^(212 555-0123",
            "^02079460958",
            "^078-05-1120",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
