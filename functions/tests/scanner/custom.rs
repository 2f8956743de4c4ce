//! The configuration's patterns: what they find, beside the scanner's own.

use proptest::prelude::*;
use regex_automata::meta::Regex;
use std::sync::LazyLock;
use tap_functions::scanner::{Confidence, Count, CustomPattern, Findings, Scanner};

fn pattern(name: &str, pattern: &str, keywords: &[&str]) -> CustomPattern {
    CustomPattern {
        name: name.to_owned(),
        pattern: pattern.to_owned(),
        keywords: keywords.iter().map(|word| (*word).to_owned()).collect(),
    }
}

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let patterns = [
        pattern("employee", r"\bEMP-[0-9]{6}\b", &[]),
        pattern("member", r"\b[0-9]{9}\b", &["member", "Mitglied Nr"]),
        pattern("long", r"x[a-y ]{1,200}z", &[]),
    ];
    Scanner::new(&patterns).unwrap()
});

fn scan(text: &str) -> Findings {
    let mut stream = SCANNER.stream();
    stream.push(text.as_bytes());
    stream.finish()
}

#[test]
fn a_custom_pattern_is_found_and_masked_whole() {
    let findings = scan("id EMP-123456, mail jane@example.com, EMP-1234567");
    let hits: Vec<_> = findings
        .hits
        .iter()
        .map(|hit| {
            (
                hit.kind.as_str(),
                hit.at,
                hit.masked.as_str(),
                hit.confidence,
            )
        })
        .collect();
    assert_eq!(
        hits,
        [
            ("employee", 3, "********", Confidence::High),
            ("email", 20, "j***@***.com", Confidence::High)
        ]
    );
}

#[test]
fn a_pattern_with_keywords_is_certain_only_near_one() {
    for (text, confidence) in [
        ("member 123456780", Confidence::High),
        ("MEMBER: 123456780", Confidence::High),
        ("123456780 (Mitglied Nr)", Confidence::High),
        ("members 123456780", Confidence::Low),
        ("123456780", Confidence::Low),
        (
            "member, and then much more than thirty bytes 123456780",
            Confidence::Low,
        ),
    ] {
        let found: Vec<_> = scan(text).hits.iter().map(|hit| hit.confidence).collect();
        assert_eq!(found, [confidence], "{text}");
    }
}

#[test]
fn a_card_is_a_card_whatever_the_configuration_calls_it() {
    let scanner = Scanner::new(&[pattern("sixteen", "[0-9]{16}", &[])]).unwrap();
    let scan = |text: &str| {
        let mut stream = scanner.stream();
        stream.push(text.as_bytes());
        stream.finish().counts
    };
    // A certain hit of the configuration's against a likely card.
    assert!(scan("4111111111111111").contains_key("sixteen"));
    assert!(scan("card 4111111111111111").contains_key("payment-card"));
    assert!(!scan("card 4111111111111111").contains_key("sixteen"));
}

#[test]
fn hits_are_counted_when_they_are_no_longer_listed() {
    let text = "EMP-123456 ".repeat(1500);
    let findings = scan(&text);
    assert_eq!(
        findings.counts["employee"],
        Count {
            high: 1500,
            medium: 0,
            low: 0
        }
    );
    assert_eq!(findings.hits.len(), 1000);
    assert_eq!(findings.hits[999].at, 999 * 11);
    assert_eq!(findings.bytes, text.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn custom_hits_are_those_of_a_search_through_the_whole_text(
        filler in 65_000_usize..65_700, text in "(EMP-[0-9]{5,7}[ ,]|x[a-z ]{1,150}|[0-9]{8,10} |member ){5,30}", cuts in prop::collection::vec(1_usize..400, 1..8),
    ) {
        let text = format!("{}{text}", ". ".repeat(filler / 2));
        let whole = Regex::new_many(&[r"\bEMP-[0-9]{6}\b", r"\b[0-9]{9}\b", r"x[a-y ]{1,200}z"]).unwrap();
        let names = ["employee", "member", "long"];
        let expected: Vec<_> = whole.find_iter(&text).map(|found| (names[found.pattern().as_usize()].to_owned(), found.start() as u64)).collect();
        let mut stream = SCANNER.stream();
        let mut rest = text.as_bytes();
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at(rest.len().min(*cut));
            stream.push(now);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        let custom = |kind: &str| names.contains(&kind);
        let found: Vec<_> = stream.finish().hits.into_iter().filter(|hit| custom(&hit.kind)).map(|hit| (hit.kind, hit.at)).collect();
        // One of the scanner's own may be preferred to a `member` of low confidence.
        let found_or_own: Vec<_> = expected.into_iter().filter(|hit| hit.0 != "member" || found.contains(hit)).collect();
        prop_assert_eq!(found, found_or_own);
    }
}
