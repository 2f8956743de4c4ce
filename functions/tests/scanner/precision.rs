//! Precision and recall on the labelled corpus, per type.
//!
//! A label is recalled when a hit of its type begins in it; a hit is right when
//! it begins in a label of its type. `cargo test ... -- --nocapture` prints
//! the tables.

use super::{corpus, scan};
use std::collections::BTreeMap;
use tap_functions::scanner::Confidence;

#[derive(Debug, Default, Clone, Copy)]
struct Score {
    labels: u32,
    recalled: u32,
    hits: u32,
    right: u32,
}

impl Score {
    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from(self.hits.max(1))
    }

    fn recall(self) -> f64 {
        f64::from(self.recalled) / f64::from(self.labels.max(1))
    }
}

/// By type; and the wrong hits by class, and the missed labels by class.
struct Scores {
    kinds: BTreeMap<&'static str, Score>,
    wrong: BTreeMap<(&'static str, String), u32>,
    missed: BTreeMap<(&'static str, &'static str), u32>,
}

fn score(samples: &[corpus::Sample], least: Confidence) -> Scores {
    let mut kinds: BTreeMap<&'static str, Score> =
        corpus::KINDS.map(|kind| (kind, Score::default())).into();
    let (mut wrong, mut missed) = (BTreeMap::new(), BTreeMap::new());
    for sample in samples {
        let hits: Vec<_> = scan(sample.text.as_bytes())
            .hits
            .into_iter()
            .filter(|hit| hit.confidence >= least)
            .collect();
        let fits = |at: u64, kind: &str, label: &(std::ops::Range<usize>, &str)| {
            label.1 == kind && label.0.contains(&(at as usize))
        };
        for hit in &hits {
            let score = kinds.get_mut(hit.kind.as_str()).unwrap();
            score.hits += 1;
            if sample
                .labels
                .iter()
                .any(|label| fits(hit.at, &hit.kind, label))
            {
                score.right += 1;
            } else {
                *wrong.entry((sample.class, hit.kind.clone())).or_default() += 1;
            }
        }
        for label in &sample.labels {
            let score = kinds.get_mut(label.1).unwrap();
            score.labels += 1;
            if hits.iter().any(|hit| fits(hit.at, &hit.kind, label)) {
                score.recalled += 1;
            } else {
                *missed.entry((sample.class, label.1)).or_default() += 1;
            }
        }
    }
    Scores {
        kinds,
        wrong,
        missed,
    }
}

fn print(title: &str, scores: &Scores) {
    println!(
        "\n{title}\n{:14} {:>6} {:>6} {:>10} {:>8}",
        "type", "labels", "hits", "precision", "recall"
    );
    for (kind, score) in &scores.kinds {
        println!(
            "{kind:14} {:>6} {:>6} {:>10.4} {:>8.4}",
            score.labels,
            score.hits,
            score.precision(),
            score.recall()
        );
    }
    println!("wrong:  {:?}\nmissed: {:?}", scores.wrong, scores.missed);
}

/// Precision and recall.
type Least = (f64, f64);

/// What precision and recall may not fall below: of hits of every confidence,
/// and of those that are medium at least.
/// The corpus is the same in every run, so these are what was measured, rounded
/// down.
const THRESHOLDS: [(&str, Least, Least); 6] = [
    ("email", (1.0, 1.0), (1.0, 1.0)),
    ("iban", (1.0, 1.0), (1.0, 1.0)),
    ("ip-address", (0.86, 1.0), (1.0, 1.0)),
    ("payment-card", (0.974, 1.0), (0.995, 0.966)),
    ("phone", (0.987, 1.0), (0.997, 0.981)),
    ("us-ssn", (0.77, 1.0), (1.0, 0.833)),
];

#[test]
fn precision_and_recall_do_not_fall() {
    let samples = corpus::samples();
    assert!(corpus::lookalikes::classes().count() >= 20);
    let low = score(&samples, Confidence::Low);
    let medium = score(&samples, Confidence::Medium);
    let high = score(&samples, Confidence::High);
    println!(
        "{} samples, {} of them look-alikes of {} classes",
        samples.len(),
        samples
            .iter()
            .filter(|sample| sample.labels.is_empty())
            .count(),
        corpus::lookalikes::classes().count()
    );
    print("low and above", &low);
    print("medium and above", &medium);
    print("high", &high);
    for (kind, at_low, at_medium) in THRESHOLDS {
        for (name, scores, (precision, recall)) in
            [("low", &low, at_low), ("medium", &medium, at_medium)]
        {
            let score = scores.kinds[kind];
            assert!(
                score.precision() >= precision,
                "{kind} at {name}: precision {:.4} is below {precision}",
                score.precision()
            );
            assert!(
                score.recall() >= recall,
                "{kind} at {name}: recall {:.4} is below {recall}",
                score.recall()
            );
        }
    }
}

#[test]
fn every_published_card_number_is_found_with_its_network() {
    for (network, number) in corpus::cards::PUBLISHED {
        for text in [
            (*number).to_owned(),
            format!("card: {}.", corpus::cards::grouped(number, " ")),
        ] {
            let hits = scan(text.as_bytes()).hits;
            let found = hits.first().map(|hit| (hit.kind.as_str(), hit.network));
            assert_eq!(
                found,
                Some(("payment-card", Some(*network))),
                "{network}, {} digits",
                number.len()
            );
        }
    }
}

#[test]
fn every_countrys_published_iban_is_found() {
    for iban in corpus::people::IBANS {
        let found = scan(format!("to {iban}.").as_bytes());
        assert_eq!(found.counts["iban"].high, 1, "{}", &iban[..2]);
    }
}
