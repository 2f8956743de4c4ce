//! Payment card numbers.

use super::context::{self, Lean};
use super::found::{Found, Kind, confidence};
use super::networks::{self, Range};
use super::number::{self, Group, Joint, Run};

/// The groups in which numbers of each length are printed (ISO/IEC 7813 has
/// none; these are the cards'). Solid is always one.
const LAYOUTS: &[&[usize]] = &[
    &[4, 4, 4],
    &[4, 3, 3, 3],
    &[4, 4, 5],
    &[4, 6, 4],
    &[4, 4, 4, 2],
    &[4, 6, 5],
    &[4, 5, 6],
    &[4, 4, 4, 3],
    &[4, 4, 4, 4],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 3],
    &[6, 13],
];

/// How far back an address is looked for that a number may be part of.
const ADDRESS: usize = 128;

/// What stands before a number.
enum Before {
    /// It is part of something longer.
    Refused,
    /// A word of the type's, without a blank: `card4111...`.
    Glued,
    /// A digit and this joint.
    Digits(Joint),
    /// A mark that may be a link's.
    Mark,
    Clear,
}

/// How it is written.
struct Style {
    /// Every digit alone, as in the boxes of a form.
    spaced: bool,
    /// Not all joints are the same.
    mixed: bool,
    /// A group goes over the end of a line.
    split: bool,
}

/// The card number that begins with the digit at `start`: of those that do,
/// the most certain, then one on one line, then the longest.
pub(super) fn at(text: &[u8], start: usize) -> Option<Found> {
    let before = look_before(text, start);
    if matches!(before, Before::Refused) {
        return None;
    }
    // In a row of numbers a digit alone begins none, unless its line ends there.
    if matches!(before, Before::Digits(Joint::Space))
        && matches!(number::joint(text, start + 1), Some((Joint::Space, _)))
    {
        return None;
    }
    let run = Run::read(text, start);
    let groups = run.groups();
    // Right behind a word, too little to be sure of is there before a joint.
    if matches!(before, Before::Glued) && groups.first()?.len() < 4 {
        return None;
    }
    let mut total: usize = groups.iter().map(|group| group.len()).sum();
    let mut best: Option<(Found, bool)> = None;
    for count in (1..=groups.len()).rev() {
        if total < 12 {
            break;
        }
        if let Some((found, broken)) = evaluate(text, &groups[..count], run.digits(total), &before)
            && best
                .as_ref()
                .is_none_or(|(best, over)| (found.confidence, !broken) > (best.confidence, !*over))
        {
            best = Some((found, broken));
        }
        total -= groups[count - 1].len();
    }
    best.map(|(found, _)| found)
}

/// Whether these groups are a card number, and whether it goes over the end
/// of a line.
fn evaluate(
    text: &[u8],
    groups: &[Group],
    digits: &[u8],
    before: &Before,
) -> Option<(Found, bool)> {
    let style = style(groups)?;
    let (start, end) = (groups[0].start, groups[groups.len() - 1].end);
    if style.spaced && has_digits_behind(text, end, true) {
        return None;
    }
    if !number::luhn(digits) || is_trivial(digits) || number::goes_on(text, end) {
        return None;
    }
    let range: &Range = networks::of(digits)?;
    let lean = match before {
        Before::Glued => Lean::Toward,
        _ => context::lean(text, start, end, Kind::PaymentCard),
    };
    let spaces = groups.iter().any(|group| group.joint == Some(Joint::Space));
    let step_down = match before {
        Before::Mark if lean != Lean::Toward && is_in_address(text, start) => return None,
        Before::Digits(Joint::Space) => spaces,
        _ => spaces && has_digits_behind(text, end, range.wide),
    };
    let broken = groups.iter().any(|group| group.joint == Some(Joint::Break));
    let base = if range.wide { 1 } else { 2 };
    let value = base
        - i8::from(style.spaced || style.mixed)
        - i8::from(step_down)
        - i8::from(style.split && is_column(text, start, end))
        + lean.step();
    let found = Found {
        start,
        end,
        kind: Kind::PaymentCard,
        confidence: confidence(value)?,
        network: Some(range.network),
    };
    Some((found, broken))
}

fn style(groups: &[Group]) -> Option<Style> {
    let mut lengths = [0; number::MOST_DIGITS];
    for (length, group) in lengths.iter_mut().zip(groups) {
        *length = group.len();
    }
    let lengths = &mut lengths[..groups.len()];
    let mut joints = groups
        .iter()
        .filter_map(|group| group.joint)
        .filter(|joint| *joint != Joint::Break);
    let first = joints.next();
    let mut style = Style {
        spaced: false,
        mixed: joints.any(|joint| Some(joint) != first),
        split: false,
    };
    if is_layout(lengths) {
        return Some(style);
    }
    if lengths.iter().all(|length| *length == 1) {
        style.spaced = true;
        let even = groups[1..]
            .iter()
            .all(|group| group.joint == Some(Joint::Space));
        return even.then_some(style);
    }
    let over = groups
        .iter()
        .position(|group| group.joint == Some(Joint::Break))?;
    lengths[over - 1] += lengths[over];
    lengths.copy_within(over + 1.., over);
    style.split = true;
    is_layout(&lengths[..groups.len() - 1]).then_some(style)
}

fn is_layout(lengths: &[usize]) -> bool {
    lengths.len() == 1 || LAYOUTS.contains(&lengths)
}

/// Whether the row goes on: with a blank and another group of four, or, `any`,
/// of any length. (Behind a card's number stand its expiry date and code.)
fn has_digits_behind(text: &[u8], end: usize, any: bool) -> bool {
    let Some((Joint::Space, width)) = number::joint(text, end) else {
        return false;
    };
    let digits = text[end + width..]
        .iter()
        .take(5)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    digits == 4 || any && digits > 0
}

/// One digit throughout, or each the next of the one before: a placeholder.
fn is_trivial(digits: &[u8]) -> bool {
    [0, 1, 9].iter().any(|step| {
        digits
            .windows(2)
            .all(|pair| (pair[0] + step) % 10 == pair[1])
    })
}

/// Whether both parts of a split number stand alone on their lines: then they
/// are rather two numbers of a column.
fn is_column(text: &[u8], start: usize, end: usize) -> bool {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let line = |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
    let before = &text[start.saturating_sub(16)..start];
    let after = &text[end..text.len().min(end + 16)];
    line(before.iter().rev().find(|byte| !blank(byte)))
        && line(after.iter().find(|byte| !blank(byte)))
}

fn look_before(text: &[u8], start: usize) -> Before {
    let Some(byte) = number::before(text, start) else {
        return Before::Clear;
    };
    if byte.is_ascii_digit() {
        return Before::Refused;
    }
    if number::is_word(byte) {
        let end = start - usize::from(byte == b'_');
        return glued(text, end);
    }
    // An amount: dollar; cent to yen are C2 A2 to C2 A5, the euro E2 82 AC.
    if byte == b'$'
        || matches!(text[..start], [.., 0xC2, 0xA2..=0xA5])
        || text[..start].ends_with("\u{20ac}".as_bytes())
    {
        return Before::Refused;
    }
    if let Some((joint, at)) = number::joint_before(text, start) {
        let further = number::before(text, at).unwrap_or(b' ');
        return match joint {
            Joint::Hyphen if further.is_ascii_digit() => Before::Refused,
            Joint::Hyphen if number::is_word(further) => glued(text, at),
            Joint::Dot if further.is_ascii_digit() => Before::Refused,
            joint if further.is_ascii_digit() => Before::Digits(joint),
            _ => Before::Clear,
        };
    }
    Before::Mark
}

fn glued(text: &[u8], end: usize) -> Before {
    if context::is_glued(text, end, Kind::PaymentCard) {
        Before::Glued
    } else {
        Before::Refused
    }
}

/// Whether what `start` is part of, without a blank, is a link.
fn is_in_address(text: &[u8], start: usize) -> bool {
    let token = number::token_before(text, start, ADDRESS);
    token.starts_with(b"www.") || token.windows(3).any(|three| three == b"://")
}

#[cfg(test)]
mod tests {
    use super::super::Confidence::{self, High, Low, Medium};
    use super::*;

    /// The number in `text` begins at the first digit after a `^`, which is
    /// taken out.
    fn of(text: &str) -> Option<(usize, Confidence)> {
        let start = text.find('^').unwrap();
        let text = text.replace('^', "");
        at(text.as_bytes(), start).map(|found| (found.end - found.start, found.confidence))
    }

    #[test]
    fn a_number_is_found_as_it_is_printed_and_its_surroundings_say_how_surely() {
        for (text, expected) in [
            ("^4111111111111111", Some((16, Medium))),
            ("^4111 1111 1111 1111", Some((19, Medium))),
            ("^4111-1111-1111-1111.", Some((19, Medium))),
            ("^4111.1111.1111.1111", Some((19, Medium))),
            ("^4111\u{a0}1111\u{a0}1111\u{a0}1111", Some((22, Medium))),
            ("^3782 822463 10005", Some((17, Medium))),
            ("^3056 930902 5904", Some((16, Medium))),
            ("^4111-1111 1111-1111", Some((19, Low))),
            ("^4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", Some((31, Low))),
            ("card ^4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", Some((31, Medium))),
            ("visa ^4111111111111111", Some((16, High))),
            ("^4111111111111111 (visa)", Some((16, High))),
            ("order ^4111111111111111", Some((16, Low))),
            ("^4111 1111 1111 1111 12/25 123", Some((19, Medium))),
            ("12 ^4111 1111 1111 1111", Some((19, Low))),
            ("^4111 1111 1111 1111 1234", Some((19, Low))),
            ("12 ^4111111111111111", Some((16, Medium))),
            ("1,^4111111111111111,2", Some((16, Medium))),
            ("card^4111111111111111", Some((16, High))),
            ("pan_^4111111111111111", Some((16, High))),
            ("visa-^4111111111111111", Some((16, High))),
            ("/pay?card=^4111111111111111", Some((16, High))),
            (
                "https://shop.example/?card=^4111111111111111",
                Some((16, High)),
            ),
            ("^4222222222222", Some((13, Low))),
            ("^6759 0000 0000 5", None),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn a_number_may_go_over_one_end_of_a_line() {
        for (text, expected) in [
            ("x ^411111\n1111111111", Some((17, Medium))),
            ("x ^4111 11\r\n11 1111 1111", Some((21, Medium))),
            ("x ^4111 1111\n  1111 1111", Some((21, Medium))),
            ("x ^4111-1111-\n1111-1111", Some((20, Medium))),
            ("x ^411111\u{ad}1111111111", Some((18, Medium))),
            ("x ^41111111-\n11111111", Some((18, Medium))),
            ("x ^411111\n11111111\n11", None),
            ("x ^411111\n\n1111111111", None),
            // Two numbers of a column.
            ("\n ^41111111\n 11111111\n", Some((18, Low))),
            ("^4111111111111111\n424", Some((16, Medium))),
        ] {
            assert_eq!(of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_number_is_not_part_of_anything_longer() {
        for text in [
            "1^4111111111111111",
            "^41111111111111111",
            "^4111111111111111a",
            "a^4111111111111111",
            "0x^4111111111111111",
            "txn_^4111111111111111",
            "order-^4111111111111111",
            "1234-^4111-1111-1111-1111",
            "^4111-1111-1111-1111-1234",
            "^4111-1111-1111-1111-abcd",
            "3.^4111111111111111",
            "^4111111111111111.25",
            "$^4111111111111111",
            "\u{20ac}^4111111111111111",
            "https://shop.example/orders/^4111111111111111",
            "^4111111111111112",
            "^4444444444444444",
            // Placeholders, though Maestro's by range and check digit.
            "card ^6666666666666",
            "card ^567890123456",
            "^41 11 11 11 11 11 11 11",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
