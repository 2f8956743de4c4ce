//! The same hits as the reference's, and however the text is cut.

use super::super::Hit;
use super::*;
use proptest::prelude::*;

/// Text that is full of beginnings, middles and ends of what is looked for.
fn dense() -> impl Strategy<Value = Vec<u8>> {
    let digits = prop_oneof![
        "[0-9]{1,4}",
        "[0-9]{5,20}",
        "4111[0-9]{0,12}",
        "5[1-5][0-9]{2}",
        "0[0-9]{1,4}",
        "[2-9][0-9]{2}",
        "00[1-9][0-9]{1,3}",
        "[0-9]",
    ];
    let marks = prop_oneof![
        6 => "[ .-]", 2 => "[/()+@:_,$]", 1 => "\r\n|\n|\r| -\n  |\u{ad}|\t", 1 => "\u{a0}|\u{2009}|\u{202f}|\u{2011}|\u{2013}",
    ];
    let whole = prop_oneof![
        Just("4111 1111 1111 1111"),
        Just("378282246310005"),
        Just("6759649826438453"),
        Just("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
        Just("41111111\n11111111"),
        Just("4111 11\r\n11 1111 1111"),
        Just("536-22-1234"),
        Just("536221234"),
        Just("jane.doe@mail.example.com"),
        Just("a@b.co"),
        Just("icon@2x.png"),
        Just("x@shop.photography"),
        Just("203.0.113.7"),
        Just("1.2.3.4"),
        Just("2001:db8::1"),
        Just("::1"),
        Just("fe80::1:2:3:4"),
        Just("2001:0db8:85a3:0000:0000:8a2e:0370:7334"),
        Just("::ffff:203.0.113.7"),
        Just("DE89 3704 0044 0532 0130 00"),
        Just("NO9386011117947"),
        Just("GB29NWBK60161331926819"),
        Just("+1 (212) 555-0123"),
        Just("+44 20 7946 0958"),
        Just("0044 20 7946 0958"),
        Just("(212) 555-0123"),
        Just("212 555 0123"),
        Just("01 99 00 12 34"),
        Just("020 7946 0958"),
        Just("(020) 7946-0958"),
        Just("030/901820"),
        Just("+49 (0)30 901820"),
        Just("(11) 91234-5678"),
        Just("612 345 678"),
        Just("0171 39200 12"),
        Just("06-12345678"),
    ]
    .prop_map(str::to_owned);
    let words = prop_oneof![
        "[a-fA-F]{1,4}",
        "[A-Z]{2}",
        "[a-z]{1,12}",
        Just("card".to_owned()),
        Just("ssn".to_owned()),
        Just("phone".to_owned()),
        Just("cardNumber".to_owned()),
        Just("order".to_owned()),
        Just("version".to_owned()),
        Just("t\u{e9}l".to_owned()),
        Just("https://x.example/".to_owned()),
        Just("\u{20ac}".to_owned()),
    ];
    let piece = prop_oneof![4 => digits, 4 => marks, 2 => whole, 2 => words];
    prop::collection::vec(piece, 1..60).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Findings as the reference has them: all but the masked forms.
fn reference_hits(
    text: &[u8],
) -> Vec<(
    u64,
    &'static str,
    super::super::Confidence,
    Option<&'static str>,
)> {
    let name = |kind| {
        super::super::found::Kind::NAMES
            .iter()
            .find(|(own, _)| *own == kind)
            .unwrap()
            .1
    };
    reference::scan(text)
        .into_iter()
        .map(|seen| {
            (
                seen.start as u64,
                name(seen.kind),
                seen.confidence,
                seen.network,
            )
        })
        .collect()
}

fn quick_hits(hits: &[Hit]) -> Vec<(u64, &str, super::super::Confidence, Option<&'static str>)> {
    hits.iter()
        .map(|hit| (hit.at, hit.kind.as_str(), hit.confidence, hit.network))
        .collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_quick_scanner_finds_what_the_reference_finds(text in dense()) {
        let findings = scan(&text);
        prop_assert_eq!(quick_hits(&findings.hits), reference_hits(&text), "{:?}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn a_text_gives_the_same_hits_however_it_is_cut(text in dense(), cuts in prop::collection::vec(1_usize..40, 1..10)) {
        let whole = scan(&text);
        prop_assert_eq!(&cut(&text, &cuts), &whole);
        prop_assert_eq!(&cut(&text, &[1]), &whole);
    }

    #[test]
    fn a_part_is_a_text_of_its_own(one in dense(), other in dense()) {
        let mut stream = SCANNER.stream();
        stream.push(&one);
        stream.part();
        stream.push(&other);
        let both = stream.finish();
        let mut expected = scan(&one).hits;
        expected.extend(scan(&other).hits.into_iter().map(|hit| Hit { at: hit.at + one.len() as u64, ..hit }));
        prop_assert_eq!(both.hits, expected);
        prop_assert_eq!(both.bytes, (one.len() + other.len()) as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 10, ..config() })]

    /// The window holds 64 KiB: the text lies over its end.
    #[test]
    fn where_the_window_ends_does_not_matter(before in 63_000_usize..65_600, text in dense(), cuts in prop::collection::vec(1_usize..9000, 1..10)) {
        let filler = "lorem ipsum, ".bytes().cycle().take(before);
        let long: Vec<u8> = filler.chain(text).collect();
        let findings = cut(&long, &cuts);
        // The reference sees the last of the filler alone, which is all that matters.
        let near = before - 300;
        let expected: Vec<_> = reference_hits(&long[near..]).into_iter().map(|(at, kind, confidence, network)| (at + near as u64, kind, confidence, network)).collect();
        prop_assert_eq!(quick_hits(&findings.hits), expected);
    }
}

/// The findings of a text that is pushed in pieces of these lengths, over and over.
fn cut(text: &[u8], lengths: &[usize]) -> Findings {
    let mut stream = SCANNER.stream();
    let mut rest = text;
    for length in lengths.iter().cycle() {
        let (now, later) = rest.split_at(rest.len().min(*length));
        stream.push(now);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    stream.finish()
}

/// The window is 64 KiB, decides on what is 512 bytes before its end, and
/// keeps 256 before that: nothing of a hit may be lost at any of these places.
#[test]
fn a_hit_at_any_place_of_the_window_is_found_with_its_word() {
    let local = "a".repeat(64);
    let unit = format!(
        "card of Jane Marie van der Doe 4111 1111\n1111 1111, {local}@example.com, 212-555-0123%203.0.113.7@example.com, {local}"
    );
    let alone = scan(unit.as_bytes());
    // The last has two other hits in it, and is known at its "@" only.
    assert_eq!(alone.counts["email"].high, 2);
    assert_eq!(alone.hits.len(), 3);
    for before in (64_500..65_600).step_by(3) {
        let text = format!("{}{unit}{}", "\n".repeat(before), "\n".repeat(600));
        let mut findings = scan(text.as_bytes());
        for hit in &mut findings.hits {
            hit.at -= before as u64;
        }
        assert_eq!(findings.hits, alone.hits, "{before} bytes into the text");
    }
}

/// Chunks end within characters, and hits lie over every end of a window.
#[test]
fn a_long_text_gives_the_same_hits_in_chunks_of_any_size() {
    let unit = "N\u{fa}mero de tarjeta 4111\u{a0}1111\u{a0}1111\u{a0}1111, jane.doe@b\u{fc}cher.example, +44 20 7946 0958, 203.0.113.7; ";
    let text = unit.repeat(1300);
    let whole = scan(text.as_bytes());
    assert_eq!(whole.counts["payment-card"].high, 1300);
    for lengths in [&[1][..], &[7, 1, 65_536], &[65_535], &[3000, 1, 2]] {
        assert!(
            cut(text.as_bytes(), lengths) == whole,
            "chunks of {lengths:?}"
        );
    }
}

/// More cases when asked for: `PROPTEST_CASES=10000`.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
