//! No text makes the scanner slow: the time is linear in the length, and a
//! byte of a hostile text costs a bounded multiple of a byte of prose. Both
//! are ratios of times in one run, so they hold on any machine; what counts is
//! the thread's own time and the best of several runs and attempts, so a busy
//! machine does not matter.

use super::{SCANNER, corpus};
use corpus::random::Random;
use rustix::time::{ClockId, clock_gettime};
use tap_functions::scanner::{CustomPattern, LISTED, Scanner};

const SHORT: usize = 24 << 10;
const LONG: usize = 4 * SHORT;
/// Four times the text may take so many times as long per byte; if the time
/// grew with the square of the length it would be four.
const GROWTH: f64 = 2.0;
/// A byte of any text may cost so many of prose. The worst measured is 93.
const MULTIPLE: f64 = 200.0;

/// Seconds per byte, of the best of three runs.
fn cost(scanner: &Scanner, text: &[u8]) -> f64 {
    let runs = (0..3).map(|_| {
        let began = thread_time();
        let mut stream = scanner.stream();
        stream.push(text);
        stream.finish();
        thread_time() - began
    });
    runs.fold(f64::MAX, f64::min) / text.len() as f64
}

fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Whether it holds in one of three attempts; what was measured in the last.
fn holds(mut measure: impl FnMut() -> (f64, f64)) -> Result<(f64, f64), (f64, f64)> {
    let mut last = (0.0, 0.0);
    for _ in 0..3 {
        last = measure();
        if last.0 < GROWTH && last.1 < MULTIPLE {
            return Ok(last);
        }
    }
    Err(last)
}

#[test]
fn no_text_costs_more_than_a_small_multiple_of_prose() {
    let prose = corpus::texts::prose(&mut Random::new(1), LONG);
    let mut random = Random::new(2);
    let usual = [
        ("log", corpus::texts::log(&mut random, LONG)),
        ("random bytes", corpus::texts::bytes(&mut random, LONG)),
    ];
    let hostile = corpus::texts::HOSTILE;
    let hostile = hostile
        .iter()
        .map(|(name, unit)| (*name, corpus::texts::hostile(unit, LONG)));
    for (name, long) in hostile.chain(usual) {
        let short = &long[..SHORT];
        let measured = holds(|| {
            let (short, long) = (cost(&SCANNER, short), cost(&SCANNER, &long));
            (long / short, long / cost(&SCANNER, &prose))
        });
        println!("{name:30} {measured:.1?}");
        assert!(
            measured.is_ok(),
            "{name}: (growth, multiple of prose) is {measured:.1?}"
        );
    }
}

#[test]
fn a_custom_pattern_that_backtracking_would_not_survive_is_linear() {
    let pattern = CustomPattern {
        name: "nested".into(),
        pattern: "(a{1,5}a{1,5}){1,5}(a|aa|aaa){1,15}!".into(),
        keywords: vec![],
    };
    let scanner = Scanner::new(&[pattern]).unwrap();
    let measured = holds(|| {
        let (short, long) = (
            cost(&scanner, &vec![b'a'; SHORT]),
            cost(&scanner, &vec![b'a'; LONG]),
        );
        (long / short, 0.0)
    });
    assert!(measured.is_ok(), "{measured:.1?}");
}

#[test]
fn a_text_full_of_hits_is_counted_and_not_kept() {
    let text = "1.2.3.4@a.aa,+12125550123 ".repeat(8 << 10);
    let mut stream = SCANNER.stream();
    for _ in 0..4 {
        stream.push(text.as_bytes());
    }
    let findings = stream.finish();
    assert_eq!(findings.hits.len(), LISTED);
    assert_eq!(findings.counts["phone"].medium, 32 << 10);
}
