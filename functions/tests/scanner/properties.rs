//! Every valid number in any text is found, and none with a changed digit.

use super::{corpus, scan};
use corpus::random::Random;
use proptest::prelude::*;

/// Any text, and a character that ends what may have been a word or a link.
fn before() -> impl Strategy<Value = String> {
    (
        ".{0,40}",
        prop::sample::select(vec![" ", "\n", "\t", "\"", ",", "<", ">", "("]),
    )
        .prop_map(|(text, end)| format!("{text}{end}"))
}

/// The same behind it; not a blank, behind which the number might go on.
fn after() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec!["", "\"", ",", ";", "<", ">", ")", "|", ". ", ": "]),
        ".{0,40}",
    )
        .prop_map(|(begin, text)| {
            if begin.is_empty() {
                String::new()
            } else {
                format!("{begin}{text}")
            }
        })
}

fn card() -> impl Strategy<Value = String> {
    (
        prop::sample::select(corpus::cards::RANGES.to_vec()),
        any::<u64>(),
    )
        .prop_map(|((_, prefix, length), seed)| {
            corpus::cards::number(&mut Random::new(seed), prefix, length)
        })
        .prop_filter("all digits the same is refused on purpose", |number| {
            number.bytes().any(|digit| digit != number.as_bytes()[0])
        })
}

/// Whether a hit of this type begins there.
fn is_found(before: &str, value: &str, after: &str, kind: &str) -> bool {
    begins(before, value, after, kind, 1)
}

/// Whether one begins in the first so many bytes.
fn begins(before: &str, value: &str, after: &str, kind: &str, bytes: usize) -> bool {
    let hits = scan(format!("{before}{value}{after}").as_bytes()).hits;
    let place = before.len() as u64..(before.len() + bytes) as u64;
    hits.iter()
        .any(|hit| hit.kind == kind && place.contains(&hit.at))
}

/// `number` with the digit at `at` made another.
fn changed(number: &str, at: usize, by: u8) -> String {
    let mut number = number.as_bytes().to_vec();
    number[at] = b'0' + (number[at] - b'0' + by) % 10;
    String::from_utf8(number).unwrap()
}

/// More cases when asked for: `PROPTEST_CASES=10000`.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_valid_card_number_is_found_in_any_text(before in before(), number in card(), after in after()) {
        prop_assert!(is_found(&before, &number, &after, "payment-card"), "in one piece");
        let grouped = corpus::cards::grouped(&number, "-");
        prop_assert!(is_found(&before, &grouped, &after, "payment-card"), "in groups");
    }

    #[test]
    fn a_valid_card_number_over_the_end_of_a_line_is_found(before in before(), number in card(), cut in 1_usize..13, after in after(),
        over in prop::sample::select(vec!["\n", "\r\n", " \n", "\n    ", "-\n", "\u{ad}", "\u{ad}\n", "\t\r\n\t"])) {
        let (head, tail) = number.split_at(cut);
        let value = format!("{head}{over}{tail}");
        // By chance the second line alone is a number too, and a surer one.
        let holds = begins(&before, &value, &after, "payment-card", value.len());
        prop_assert!(holds);
    }

    #[test]
    fn a_card_number_with_one_changed_digit_is_not_found(before in before(), number in card(), at in 0_usize..14, by in 1_u8..10, after in after()) {
        let number = changed(&number, at, by);
        prop_assert!(!is_found(&before, &number, &after, "payment-card"));
        prop_assert!(!is_found(&before, &corpus::cards::grouped(&number, "-"), &after, "payment-card"));
    }

    #[test]
    fn a_card_number_is_not_found_within_a_longer_run_of_digits(number in card(), more in "[0-9]{6,20}") {
        let holds = !is_found("x ", &format!("{number}{more}"), " y", "payment-card");
        prop_assert!(holds);
        let holds = !scan(format!("x {more}{number} y").as_bytes()).hits.iter().any(|hit| hit.at == 2 + more.len() as u64);
        prop_assert!(holds);
    }

    #[test]
    fn an_issued_social_security_number_is_found_and_no_other(before in before(), area in 0_u32..1000, group in 0_u32..100, serial in 0_u32..10_000, after in after()) {
        let number = format!("{area:03}-{group:02}-{serial:04}");
        let digits = number.replace('-', "");
        let never = matches!(area, 0 | 666 | 900..) || group == 0 || serial == 0 || digits == digits[..1].repeat(9)
            || digits == "078051120" || digits == "219099999";
        prop_assert_eq!(is_found(&before, &number, &after, "us-ssn"), !never);
    }

    #[test]
    fn an_iban_is_found_in_any_text_and_not_with_a_changed_digit(before in before(), iban in prop::sample::select(corpus::people::IBANS.to_vec()), at in 2_usize..15, by in 1_u8..10, after in after()) {
        prop_assert!(is_found(&before, iban, &after, "iban"));
        if iban.as_bytes()[at].is_ascii_digit() {
            prop_assert!(!is_found(&before, &changed(iban, at, by), &after, "iban"));
        }
    }

    #[test]
    fn an_email_address_is_found_in_any_text(before in before(), local in "[a-z0-9]{1,8}([._+-][a-z0-9]{1,8}){0,4}", host in "([a-z0-9]{1,12}\\.){1,4}(com|org|de|at|io|co\\.uk)", after in after()) {
        // A colon and a letter behind it make it a repository's.
        let after = after.replace(':', ";");
        let holds = is_found(&before, &format!("{local}@{host}"), &after, "email");
        prop_assert!(holds);
    }

    #[test]
    fn an_ip_address_is_found_in_any_text_and_not_with_an_octet_too_large(before in before(), octets in any::<[u8; 4]>(), large in 256_u32..1000, after in after()) {
        let [a, b, c, d] = octets;
        let holds = is_found(&before, &format!("{a}.{b}.{c}.{d}"), &after, "ip-address");
        prop_assert!(holds);
        let holds = !is_found(&before, &format!("{a}.{b}.{large}.{d}"), &after, "ip-address");
        prop_assert!(holds);
        let holds = !is_found(&before, &format!("{a}.{b}.{c}.{d}.{a}"), &after, "ip-address");
        prop_assert!(holds);
    }

    #[test]
    fn an_ipv6_address_is_found_in_any_text(before in before(), groups in any::<[u16; 7]>(), after in after()) {
        let mut segments = [0x2001; 8];
        segments[1..].copy_from_slice(&groups);
        let address = std::net::Ipv6Addr::from(segments);
        prop_assert!(is_found(&before, &address.to_string(), &after.replace(':', ";"), "ip-address"));
    }
}
