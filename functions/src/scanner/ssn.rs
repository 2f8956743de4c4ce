//! US social security numbers.

use super::context::{self, Lean};
use super::found::{Found, Kind, confidence};
use super::number::{self, Joint, Run};

/// Numbers that everybody knows and nobody has: of Woolworth's wallets (1938),
/// and of the Social Security Board's own pamphlet (1940).
/// <https://www.ssa.gov/history/ssn/misused.html>
const MISUSED: [&[u8]; 2] = [&[0, 7, 8, 0, 5, 1, 1, 2, 0], &[2, 1, 9, 0, 9, 9, 9, 9, 9]];

/// The number that begins with the digit at `start`.
pub(super) fn at(text: &[u8], start: usize) -> Option<Found> {
    if number::before(text, start).is_some_and(number::is_word) {
        return None;
    }
    let run = Run::read(text, start);
    let groups = run.groups();
    let (end, base, joint) = match groups {
        [area, group, serial, ..] if (area.len(), group.len(), serial.len()) == (3, 2, 4) => {
            let joint = group.joint.filter(|joint| serial.joint == Some(*joint))?;
            let base = match joint {
                Joint::Hyphen => 2,
                Joint::Space | Joint::Dot => 1,
                Joint::Break => return None,
            };
            (serial.end, base, Some(joint))
        }
        [solid, ..] if solid.len() == 9 => (solid.end, 1, None),
        _ => return None,
    };
    if number::goes_on(text, end) || !is_issued(run.digits(9)) {
        return None;
    }
    let mut value = base;
    if let Some((before, at)) = number::joint_before(text, start) {
        let further = number::before(text, at).unwrap_or(b' ');
        match before {
            Joint::Hyphen if number::is_word(further) => return None,
            Joint::Dot if further.is_ascii_digit() => return None,
            Joint::Space if further.is_ascii_digit() && joint == Some(Joint::Space) => value -= 1,
            _ => {}
        }
    }
    let lean = context::lean(text, start, end, Kind::UsSsn);
    match (joint, lean) {
        // Nine digits may be anything.
        (None, Lean::Toward) => value += 1,
        (None, _) => return None,
        // The word and the form together leave no doubt.
        (Some(_), Lean::Toward) => value += 2,
        (Some(_), lean) => value += lean.step(),
    }
    Some(Found {
        start,
        end,
        kind: Kind::UsSsn,
        confidence: confidence(value)?,
        network: None,
    })
}

/// Whether the Social Security Administration gives such numbers: the areas
/// 000, 666 and 900 to 999, the group 00 and the serial 0000 are never issued
/// (<https://www.ssa.gov/employer/randomization.html>), which leaves out the
/// 987-65-4320 to -4329 of advertisements too.
fn is_issued(digits: &[u8]) -> bool {
    let value = |digits: &[u8]| digits.iter().fold(0, |v, d| v * 10 + u32::from(*d));
    let (area, group, serial) = (
        value(&digits[..3]),
        value(&digits[3..5]),
        value(&digits[5..]),
    );
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
        && !MISUSED.contains(&digits)
        // 111-11-1111 and the like are what forms show in empty fields.
        && digits.iter().any(|digit| *digit != digits[0])
}

#[cfg(test)]
mod tests {
    use super::super::Confidence::{self, High, Low, Medium};
    use super::*;

    fn of(text: &str) -> Option<Confidence> {
        let start = text.find('^').unwrap();
        let text = text.replace('^', "");
        at(text.as_bytes(), start).map(|found| found.confidence)
    }

    #[test]
    fn form_and_words_say_how_sure_a_number_is() {
        for (text, expected) in [
            ("^536-22-1234", Some(Medium)),
            ("SSN: ^536-22-1234", Some(High)),
            ("^536 22 1234", Some(Low)),
            ("social security number ^536 22 1234", Some(High)),
            ("part no. ^536-22-1234", Some(Low)),
            ("part no. ^536 22 1234", None),
            ("^536221234", None),
            ("ssn ^536221234", Some(Medium)),
            ("17 ^536 22 1234", None),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_never_issued_or_part_of_something_longer_is_no_number() {
        for text in [
            "ssn ^000-22-1234",
            "ssn ^666-22-1234",
            "ssn ^900-22-1234",
            "ssn ^987-65-4321",
            "ssn ^536-00-1234",
            "ssn ^536-22-0000",
            "ssn ^078-05-1120",
            "ssn ^219-09-9999",
            "ssn ^222-22-2222",
            "ssn ^536-22 1234",
            "ssn ^536-22-12345",
            "ssn ^536-22-1234-5",
            "ssn 1-^536-22-1234",
            "ssn A^536-22-1234",
            "ssn ^536-22-1234x",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
