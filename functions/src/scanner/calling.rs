//! Countries' calling codes (ITU-T E.164, annex: List of assigned country
//! codes) and how long the numbers behind them are.

use std::ops::RangeInclusive;

/// A calling code at the beginning of a number.
pub(super) struct Code {
    pub value: u16,
    /// How many digits it has.
    pub digits: usize,
    /// How many may follow it.
    pub lengths: RangeInclusive<usize>,
    /// Whether they may begin with a zero.
    pub zero: bool,
}

/// Of one and two digits.
const SHORT: &[u16] = &[
    1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54,
    55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
];

/// Of three: whole decades, but for those that are not assigned.
const DECADES: &[u16] = &[
    21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 80, 85, 87, 88, 96, 97, 99,
];
const UNASSIGNED: &[u16] = &[
    210, 214, 215, 217, 219, 259, 292, 293, 294, 295, 296, 384, 388, 422, 424, 425, 426, 427, 428,
    429, 693, 694, 695, 696, 697, 698, 699, 801, 802, 803, 804, 805, 806, 807, 809, 851, 854, 857,
    858, 859, 871, 872, 873, 874, 875, 876, 877, 879, 884, 885, 887, 889, 969, 978, 990, 997, 999,
];

/// Plans whose numbers have one length, or nearly.
const LENGTHS: &[(u16, RangeInclusive<usize>)] = &[
    (1, 10..=10),
    (7, 10..=10),
    (20, 8..=10),
    (27, 9..=9),
    (30, 10..=10),
    (31, 9..=9),
    (32, 8..=9),
    (33, 9..=9),
    (34, 9..=9),
    (36, 8..=9),
    (39, 6..=11),
    (40, 9..=9),
    (41, 9..=9),
    (43, 5..=12),
    (44, 9..=10),
    (45, 8..=8),
    (46, 7..=9),
    (47, 8..=8),
    (48, 9..=9),
    (49, 6..=11),
    (52, 10..=10),
    (54, 10..=11),
    (55, 10..=11),
    (61, 9..=9),
    (65, 8..=8),
    (81, 9..=10),
    (82, 8..=10),
    (86, 10..=11),
    (90, 10..=10),
    (91, 10..=10),
    (351, 9..=9),
    (352, 6..=9),
    (353, 7..=9),
    (358, 6..=10),
    (420, 9..=9),
    (421, 9..=9),
    (852, 8..=8),
    (886, 8..=9),
    (971, 8..=9),
    (972, 8..=9),
];

/// The code that these digits (values, not characters) begin with.
pub(super) fn code(digits: &[u8]) -> Option<Code> {
    if digits.first() == Some(&0) {
        return None;
    }
    let mut value = 0;
    for (place, digit) in digits.iter().take(3).enumerate() {
        value = value * 10 + u16::from(*digit);
        let known = match place {
            0 | 1 => SHORT.contains(&value),
            _ => DECADES.contains(&(value / 10)) && !UNASSIGNED.contains(&value),
        };
        if !known {
            continue;
        }
        let most = 15 - (place + 1);
        let lengths = LENGTHS.iter().find(|(code, _)| *code == value);
        return Some(Code {
            value,
            digits: place + 1,
            lengths: lengths.map_or(6..=most.min(12), |(_, lengths)| lengths.clone()),
            // Italy and San Marino keep theirs.
            zero: matches!(value, 39 | 378),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_that_is_assigned() {
        for (number, expected) in [
            ("12125550123", Some(1)),
            ("74951234567", Some(7)),
            ("442079460958", Some(44)),
            ("3531234567", Some(353)),
            ("8801234567", Some(880)),
            ("999123", None),
            ("210123", None),
            ("0", None),
            ("012002001", None),
            ("8", None),
        ] {
            let digits: Vec<u8> = number.bytes().map(|digit| digit - b'0').collect();
            assert_eq!(code(&digits).map(|code| code.value), expected, "{number}");
        }
    }
}
