//! Which network a card number is of: its issuer range and its length.
//!
//! The ranges are those of ISO/IEC 7812 as the networks and processors publish
//! them, gathered in [Payment card number](https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN));
//! Elo's and Hipercard's are those of their acquirers' integration manuals,
//! Verve's of Interswitch's. A number belongs to the longest prefix that
//! knows it, as a Dankort number does not belong to Maestro.

/// A network's range of issuers.
pub(super) struct Range {
    pub network: &'static str,
    /// The first digits, all of one length, from and to.
    from: u32,
    to: u32,
    /// Shortest and longest number.
    lengths: (u8, u8),
    /// Whether a Luhn-valid number in it says little: the range is a large
    /// part of all numbers, or this length is hardly issued.
    pub wide: bool,
}

const fn narrow(network: &'static str, from: u32, to: u32, lengths: (u8, u8)) -> Range {
    Range {
        network,
        from,
        to,
        lengths,
        wide: false,
    }
}

const fn wide(network: &'static str, from: u32, to: u32, lengths: (u8, u8)) -> Range {
    Range {
        network,
        from,
        to,
        lengths,
        wide: true,
    }
}

pub(super) const RANGES: &[Range] = &[
    narrow("visa", 4, 4, (16, 16)),
    narrow("visa", 4, 4, (19, 19)),
    // Not issued since the nineties; EAN-13 numbers of German goods begin with 4 as well.
    wide("visa", 4, 4, (13, 13)),
    narrow("mastercard", 51, 55, (16, 16)),
    narrow("mastercard", 2221, 2720, (16, 16)),
    narrow("amex", 34, 34, (15, 15)),
    narrow("amex", 37, 37, (15, 15)),
    // 14 digits of old, 16 to 19 since Discover carries them.
    narrow("diners", 300, 305, (14, 14)),
    narrow("diners", 3095, 3095, (14, 14)),
    narrow("diners", 36, 36, (14, 14)),
    narrow("diners", 38, 39, (14, 14)),
    narrow("diners", 300, 305, (16, 16)),
    narrow("diners", 3095, 3095, (16, 16)),
    wide("diners", 36, 36, (15, 19)),
    wide("diners", 38, 39, (16, 19)),
    wide("diners", 300, 305, (17, 19)),
    wide("diners", 3095, 3095, (17, 19)),
    narrow("discover", 6011, 6011, (16, 16)),
    narrow("discover", 644, 649, (16, 16)),
    narrow("discover", 65, 65, (16, 16)),
    // Also carried by UnionPay, and called Discover in the Americas.
    narrow("discover", 622_126, 622_925, (16, 16)),
    wide("discover", 6011, 6011, (17, 19)),
    wide("discover", 644, 649, (17, 19)),
    wide("discover", 65, 65, (17, 19)),
    narrow("jcb", 3528, 3589, (16, 16)),
    wide("jcb", 3528, 3589, (17, 19)),
    narrow("unionpay", 62, 62, (16, 19)),
    wide("unionpay", 81, 81, (16, 19)),
    narrow("mir", 2200, 2204, (16, 16)),
    wide("mir", 2200, 2204, (17, 19)),
    narrow("rupay", 508_500, 508_999, (16, 16)),
    narrow("rupay", 606_985, 607_984, (16, 16)),
    narrow("rupay", 608_001, 608_500, (16, 16)),
    narrow("rupay", 652_150, 653_149, (16, 16)),
    wide("rupay", 82, 82, (16, 16)),
    narrow("troy", 9792, 9792, (16, 16)),
    // Dankort alone; with Visa it is 4571, which says Visa here.
    narrow("dankort", 5019, 5019, (16, 16)),
    narrow("verve", 506_099, 506_198, (16, 16)),
    narrow("verve", 506_099, 506_198, (18, 19)),
    narrow("verve", 507_865, 507_964, (16, 16)),
    narrow("verve", 507_865, 507_964, (18, 19)),
    narrow("verve", 650_002, 650_027, (16, 16)),
    narrow("elo", 401_178, 401_179, (16, 16)),
    narrow("elo", 431_274, 431_274, (16, 16)),
    narrow("elo", 438_935, 438_935, (16, 16)),
    narrow("elo", 451_416, 451_416, (16, 16)),
    narrow("elo", 457_393, 457_393, (16, 16)),
    narrow("elo", 457_631, 457_632, (16, 16)),
    narrow("elo", 504_175, 504_175, (16, 16)),
    narrow("elo", 506_699, 506_778, (16, 16)),
    narrow("elo", 509_000, 509_999, (16, 16)),
    narrow("elo", 627_780, 627_780, (16, 16)),
    narrow("elo", 636_297, 636_297, (16, 16)),
    narrow("elo", 636_368, 636_368, (16, 16)),
    narrow("elo", 650_031, 650_033, (16, 16)),
    narrow("elo", 650_035, 650_051, (16, 16)),
    narrow("elo", 650_405, 650_439, (16, 16)),
    narrow("elo", 650_485, 650_538, (16, 16)),
    narrow("elo", 650_541, 650_598, (16, 16)),
    narrow("elo", 650_700, 650_718, (16, 16)),
    narrow("elo", 650_720, 650_727, (16, 16)),
    narrow("elo", 650_901, 650_978, (16, 16)),
    narrow("elo", 651_652, 651_679, (16, 16)),
    narrow("elo", 655_000, 655_019, (16, 16)),
    narrow("elo", 655_021, 655_058, (16, 16)),
    narrow("hipercard", 606_282, 606_282, (16, 16)),
    narrow("hipercard", 637_095, 637_095, (16, 16)),
    narrow("hipercard", 637_568, 637_568, (16, 16)),
    narrow("hipercard", 637_599, 637_599, (16, 16)),
    narrow("hipercard", 637_609, 637_609, (16, 16)),
    narrow("hipercard", 637_612, 637_612, (16, 16)),
    // Maestro's known issuers by their four digits, and then all of what
    // Mastercard keeps for it, which is every eighth number.
    narrow("maestro", 5018, 5018, (16, 16)),
    narrow("maestro", 5020, 5020, (16, 16)),
    narrow("maestro", 5038, 5038, (16, 16)),
    narrow("maestro", 5893, 5893, (16, 16)),
    narrow("maestro", 6304, 6304, (16, 16)),
    narrow("maestro", 6759, 6759, (16, 16)),
    narrow("maestro", 6761, 6763, (16, 16)),
    narrow("maestro", 6771, 6771, (16, 16)),
    wide("maestro", 50, 50, (12, 19)),
    wide("maestro", 56, 58, (12, 19)),
    wide("maestro", 60, 61, (12, 19)),
    wide("maestro", 63, 64, (12, 19)),
    wide("maestro", 66, 69, (12, 19)),
    // Airlines' travel accounts: a tenth of all numbers of 15 digits.
    wide("uatp", 1, 1, (15, 15)),
];

/// The range that a number of these digits (values, not characters) is in.
pub(super) fn of(digits: &[u8]) -> Option<&'static Range> {
    let mut best: Option<(&'static Range, u32)> = None;
    for range in RANGES {
        let (shortest, longest) = range.lengths;
        if !(usize::from(shortest)..=usize::from(longest)).contains(&digits.len()) {
            continue;
        }
        let width = range.from.ilog10() + 1;
        let prefix = digits[..width as usize]
            .iter()
            .fold(0, |prefix, digit| prefix * 10 + u32::from(*digit));
        if (range.from..=range.to).contains(&prefix) && best.is_none_or(|(_, w)| w < width) {
            best = Some((range, width));
        }
    }
    best.map(|(range, _)| range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: &str) -> Option<(&'static str, bool)> {
        let digits: Vec<u8> = number.bytes().map(|digit| digit - b'0').collect();
        of(&digits).map(|range| (range.network, range.wide))
    }

    #[test]
    fn a_number_is_of_the_network_with_the_longest_prefix_and_the_right_length() {
        for (number, expected) in [
            ("4111111111111111", Some(("visa", false))),
            ("4222222222222", Some(("visa", true))),
            ("41111111111111111", None),
            ("5555555555554444", Some(("mastercard", false))),
            ("555555555555444", None),
            ("2221000000000009", Some(("mastercard", false))),
            ("2220999999999999", None),
            ("2720999999999996", Some(("mastercard", false))),
            ("2721000000000004", None),
            ("378282246310005", Some(("amex", false))),
            ("3782822463100050", None),
            ("30569309025904", Some(("diners", false))),
            ("30693090259040", None),
            ("6011111111111117", Some(("discover", false))),
            ("6221260000000000", Some(("discover", false))),
            ("6221250000000000", Some(("unionpay", false))),
            ("6229250000000000", Some(("discover", false))),
            ("6229260000000000", Some(("unionpay", false))),
            ("3527000000000000", None),
            ("3528000000000000", Some(("jcb", false))),
            ("3589000000000000", Some(("jcb", false))),
            ("3590000000000000", None),
            ("2200000000000000", Some(("mir", false))),
            ("2205000000000000", None),
            ("5019000000000000", Some(("dankort", false))),
            ("5017000000000000", Some(("maestro", true))),
            ("676770000000", Some(("maestro", true))),
            ("6362970000457013", Some(("elo", false))),
            ("6062826786276634", Some(("hipercard", false))),
            ("6521500000000000", Some(("rupay", false))),
            ("9792000000000000", Some(("troy", false))),
            ("5061460410120223210", Some(("verve", false))),
            ("135410014004955", Some(("uatp", true))),
            ("9990000000000000", None),
        ] {
            assert_eq!(network(number), expected, "{number}");
        }
    }
}
