//! What is shown of a hit: enough to find it again, too little to use it.

use super::found::Kind;
use super::ip;
use std::net::IpAddr;

/// What is shown of a custom pattern's hit. Its length would say something too.
const WHOLE: &str = "********";
/// So many digits of a card stay hidden at least. PCI DSS 3.4.1 lets the first
/// six and the last four be seen, which of 16 digits hides six; of a shorter
/// number fewer are shown.
const HIDDEN: usize = 6;

/// The masked form of `text`, which is a hit of `kind`:
///
/// | type | of | is shown |
/// |---|---|---|
/// | `payment-card` | `4111 1111 1111 1111` | `411111******1111` |
/// | | `3782 822463 10005` | `37828******0005` |
/// | `us-ssn` | `536-22-1234` | `***-**-1234` |
/// | `iban` | `DE89 3704 0044 0532 0130 00` | `DE****************3000` |
/// | `email` | `jane@doe.example` | `j***@***.example` |
/// | `phone` | `+1 (212) 555-0123` | `*********23`, digits alone |
/// | `ip-address` | `203.0.113.7` | `203.0.*.*` |
/// | | `2001:db8::1` | `2001:db8:*` |
/// | custom | anything | `********` |
pub(super) fn mask(kind: Kind, text: &[u8]) -> String {
    let digits: Vec<char> = text
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| char::from(*byte))
        .collect();
    match kind {
        Kind::PaymentCard => {
            let first = digits.len().saturating_sub(HIDDEN + 4).min(6);
            cover(&digits, first, 4)
        }
        Kind::UsSsn => {
            let serial: String = digits.iter().skip(5).collect();
            format!("***-**-{serial}")
        }
        Kind::Iban => {
            let characters: Vec<char> = text
                .iter()
                .filter(|byte| byte.is_ascii_alphanumeric())
                .map(|byte| char::from(*byte))
                .collect();
            cover(&characters, 2, 4)
        }
        Kind::Phone => cover(&digits, 0, 2),
        Kind::Email => email(text),
        Kind::IpAddress => match ip::parse(text) {
            Some(IpAddr::V4(address)) => {
                let [first, second, ..] = address.octets();
                format!("{first}.{second}.*.*")
            }
            Some(IpAddr::V6(address)) => {
                let [first, second, ..] = address.segments();
                format!("{first:x}:{second:x}:*")
            }
            None => WHOLE.to_owned(),
        },
        Kind::Custom(_) => WHOLE.to_owned(),
    }
}

/// All but the first and the last few as asterisks.
fn cover(characters: &[char], first: usize, last: usize) -> String {
    let hidden = first..characters.len().saturating_sub(last).max(first);
    characters
        .iter()
        .enumerate()
        .map(|(place, character)| {
            if hidden.contains(&place) {
                '*'
            } else {
                *character
            }
        })
        .collect()
}

/// The first letter and the top-level domain: a domain of one's own says as
/// much as a name.
fn email(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let first = text.chars().next().unwrap_or('*');
    let top = text.rsplit('.').next().unwrap_or_default();
    format!("{first}***@***.{top}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_card_six_digits_stay_hidden_at_least_and_six_and_four_are_shown_at_most() {
        for (text, expected) in [
            ("411111111111", "41******1111"),
            ("4222222222222", "422******2222"),
            ("3056 930902 5904", "3056******5904"),
            ("3782 822463 10005", "37828******0005"),
            ("4111-1111-1111-1111", "411111******1111"),
            ("6205500000000000004", "620550*********0004"),
        ] {
            assert_eq!(mask(Kind::PaymentCard, text.as_bytes()), expected);
        }
    }

    #[test]
    fn of_the_others_too_little_is_shown_to_use_them() {
        for (kind, text, expected) in [
            (Kind::UsSsn, "536-22-1234", "***-**-1234"),
            (Kind::UsSsn, "536221234", "***-**-1234"),
            (
                Kind::Iban,
                "DE89 3704 0044 0532 0130 00",
                "DE****************3000",
            ),
            (Kind::Email, "jane@doe.example", "j***@***.example"),
            (
                Kind::Email,
                "\u{fc}ber@doe.example",
                "\u{fc}***@***.example",
            ),
            (Kind::Phone, "+1 (212) 555-0123", "*********23"),
            (Kind::IpAddress, "203.0.113.7", "203.0.*.*"),
            (Kind::IpAddress, "2001:db8::1", "2001:db8:*"),
            (Kind::Custom(0), "EMP-123456", "********"),
        ] {
            assert_eq!(mask(kind, text.as_bytes()), expected);
        }
    }
}
