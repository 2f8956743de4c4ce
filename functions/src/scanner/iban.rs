//! International bank account numbers (ISO 13616).

use super::Confidence;
use super::found::{Found, Kind};
use super::number::{self, Joint};

/// The length of each country's numbers, by SWIFT's IBAN registry
/// (<https://www.swift.com/standards/data-standards/iban-international-bank-account-number>).
pub(super) const LENGTHS: &[(&[u8; 2], u8)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// No number is longer.
const LONGEST: usize = 34;

/// The number that begins with the country's letters at `start`: in one piece,
/// or in groups of four with blanks, hyphens or one end of a line between them.
pub(super) fn at(text: &[u8], start: usize) -> Option<Found> {
    if number::before(text, start).is_some_and(|byte| number::is_word(byte) || byte == b'-') {
        return None;
    }
    let country = text.get(start..start + 2)?;
    let (_, length) = LENGTHS.iter().find(|(code, _)| *code == country)?;
    let mut number = [0; LONGEST];
    let number = &mut number[..usize::from(*length)];
    let end = solid(text, start, number).or_else(|| grouped(text, start, number))?;
    // Of 00 and 97, 01 and 98, 02 and 99 each leaves the same remainder; those
    // in use are 02 to 98.
    if !number[2..4].iter().all(u8::is_ascii_digit)
        || matches!(&number[2..4], b"00" | b"01" | b"99")
    {
        return None;
    }
    // The check is of the number with its first four characters at its end.
    number.rotate_left(4);
    let rest = number.iter().fold(0, |rest, byte| remainder(rest, *byte));
    if rest != 1 || number::goes_on(text, end) {
        return None;
    }
    Some(Found {
        start,
        end,
        kind: Kind::Iban,
        confidence: Confidence::High,
        network: None,
    })
}

/// Reads a number in one piece; where it ends.
fn solid(text: &[u8], start: usize, number: &mut [u8]) -> Option<usize> {
    let end = start + number.len();
    number.copy_from_slice(text.get(start..end)?);
    number.iter().all(is_part).then_some(end)
}

/// Reads a number in groups of four; where it ends.
fn grouped(text: &[u8], start: usize, number: &mut [u8]) -> Option<usize> {
    let (mut at, mut breaks, mut first) = (start, 0, None);
    for (place, group) in number.chunks_mut(4).enumerate() {
        if place > 0 {
            let (joint, width) = number::joint(text, at)?;
            match joint {
                Joint::Dot => return None,
                Joint::Break => breaks += 1,
                joint => {
                    if *first.get_or_insert(joint) != joint {
                        return None;
                    }
                }
            }
            at += width;
        }
        group.copy_from_slice(text.get(at..at + group.len())?);
        if breaks > 1 || !group.iter().all(is_part) {
            return None;
        }
        at += group.len();
    }
    Some(at)
}

fn is_part(byte: &u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

/// The remainder modulo 97 with one more character: A is 10, Z is 35.
fn remainder(rest: u32, byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<usize> {
        let start = text.find('^').unwrap();
        let text = text.replace('^', "");
        at(text.as_bytes(), start).map(|found| found.end - found.start)
    }

    #[test]
    fn a_number_has_its_countrys_length_and_the_check_digits() {
        for (text, length) in [
            ("^DE89370400440532013000", Some(22)),
            ("IBAN ^DE89 3704 0044 0532 0130 00.", Some(27)),
            ("^DE89-3704-0044-0532-0130-00", Some(27)),
            (
                "^DE89\u{a0}3704\u{a0}0044\u{a0}0532\u{a0}0130\u{a0}00",
                Some(32),
            ),
            ("^DE89 3704 0044\n0532 0130 00", Some(27)),
            ("^NO93 8601 1117 947", Some(18)),
            ("^MT84MALT011000012345MTLCAST001S", Some(31)),
            ("^DE89370400440532013001", None),
            ("^DE8937040044053201300", None),
            ("^DE893704004405320130000", None),
            ("X^DE89370400440532013000", None),
            ("^DE89 3704-0044 0532 0130 00", None),
            ("^DE89 3704 0044\n0532\n0130 00", None),
            ("^XX89370400440532013000", None),
            // Its check digits are 97 by the rule, and 00 leaves the same remainder.
            ("^DE97000000000000000066", Some(22)),
            ("^DE00000000000000000066", None),
            ("^de89370400440532013000", None),
        ] {
            assert_eq!(of(text), length, "{text:?}");
        }
    }
}
