//! How often calls of one kind were made, held against AWS' limits.

use acceptance::Call;
use acceptance::sandbox::weather::limits;
use acceptance::sandbox::weather::rule::{Action, Names, Rule};
use std::collections::BTreeMap;

/// Holds calls to every limit, of which each region has its own; returns how
/// many of the limits were met.
#[track_caller]
pub fn expect_below_all(calls: &[Call]) -> usize {
    let mut regions: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    for call in calls {
        regions.entry(&call.region).or_default().push(call);
    }
    let mut held = 0;
    for rule in limits::rules() {
        let mut met = false;
        for calls in regions.values() {
            met |= expect_below(calls, &rule);
        }
        held += usize::from(met);
    }
    held
}

/// The longest that a call may have been under way before it was recorded: on
/// a busy machine those of several seconds arrive together.
const LATE: f64 = 5.0;
/// Long, so that this makes little difference.
const WINDOW: f64 = 10.0;

/// Whether there were calls of this limit. The most that a time takes is the
/// burst and what comes back meanwhile; throttled calls count too.
#[track_caller]
fn expect_below(calls: &[&Call], rule: &Rule) -> bool {
    let Action::RateLimit { per_second, burst } = rule.action else {
        return false;
    };
    let of_it: Vec<f64> = calls
        .iter()
        .filter(|call| {
            fits(rule.matching.service.as_ref(), &call.service)
                && fits(rule.matching.operation.as_ref(), &call.operation)
        })
        .map(|call| call.time_ms / 1000.0)
        .collect();
    let peak = of_it
        .iter()
        .map(|begin| {
            let window = *begin..*begin + WINDOW;
            of_it.iter().filter(|time| window.contains(*time)).count()
        })
        .max()
        .unwrap_or(0);
    let most = burst.unwrap_or(per_second).max(1.0) + per_second * (WINDOW + LATE);
    assert!(
        peak as f64 <= most,
        "{:?}: {peak} calls in {WINDOW} s, and {most} is the most",
        rule.name
    );
    !of_it.is_empty()
}

fn fits(names: Option<&Names>, name: &str) -> bool {
    let is = |pattern: &String| match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => pattern == name,
    };
    match names {
        None => true,
        Some(Names::One(pattern)) => is(pattern),
        Some(Names::Any(patterns)) => patterns.iter().any(is),
    }
}
