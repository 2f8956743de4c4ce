//! Writes down every call, so that a test can say what a plan asked, how often,
//! in which order, and what went wrong with it.
//!
//! A call is written when it arrives, in the order of arrival, and completed when
//! it is answered: one that was held or whose caller was killed stays visible,
//! without a status.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::request::Inbound;

/// One call, as the control API shows it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Call {
    /// Counts from 1, in order of arrival; never starts anew, not even at a reset.
    pub sequence: u64,
    /// Milliseconds since 1970.
    pub time_ms: f64,
    pub service: String,
    pub operation: String,
    pub resource: String,
    /// Of the request, without its query.
    pub path: String,
    pub region: String,
    pub mutating: bool,
    pub user_agent: String,
    /// None while it is not answered, or when the connection was dropped.
    pub status: Option<u16>,
    /// AWS's error code.
    pub error: Option<String>,
    pub duration_ms: Option<f64>,
    /// What the weather did to it.
    pub weather: Vec<String>,
    /// The shims that answered it or changed its answer.
    pub shims: Vec<String>,
}

/// Calls per second of one service.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Rate {
    pub calls: u64,
    /// Over the time from the first to the last of them, at least one second.
    pub average_per_second: f64,
    /// The most that fell into any one second.
    pub peak_per_second: u64,
}

/// Which calls of a record somebody asks for.
#[derive(Default)]
pub struct Wanted {
    /// Only those after this sequence number.
    pub since: u64,
    /// Only those that change something, or only those that do not.
    pub mutating: Option<bool>,
    /// Only those that are under way, or only those that have ended.
    pub open: Option<bool>,
}

impl Wanted {
    fn takes(&self, call: &Call) -> bool {
        let is = |wanted: Option<bool>, fact| wanted.is_none_or(|wanted| wanted == fact);
        call.sequence > self.since
            && is(self.mutating, call.mutating)
            && is(self.open, call.duration_ms.is_none())
    }
}

#[derive(Default)]
pub struct Recorder {
    calls: Mutex<Vec<Call>>,
    last: AtomicU64,
}

/// How a call ended.
#[derive(Default)]
pub struct Outcome {
    pub status: Option<u16>,
    pub error: Option<String>,
    pub shims: Vec<String>,
}

impl Recorder {
    /// Writes a call down as it arrives and returns its sequence number.
    pub fn arrived(&self, call: &Inbound) -> u64 {
        let mut calls = self.lock();
        let sequence = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        calls.push(Call {
            sequence,
            time_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0.0, |time| time.as_secs_f64() * 1000.0),
            service: call.service.clone(),
            operation: call.operation.clone(),
            resource: call.resource.clone(),
            path: call.path.clone(),
            region: call.region.clone(),
            mutating: call.mutating,
            user_agent: call.user_agent().to_owned(),
            status: None,
            error: None,
            duration_ms: None,
            weather: Vec::new(),
            shims: Vec::new(),
        });
        sequence
    }

    /// Notes what the weather does while a call is still under way.
    pub fn weather(&self, sequence: u64, what: &str) {
        self.change(sequence, |call| call.weather.push(what.to_owned()));
    }

    /// Completes a call. Calls from before a reset are forgotten.
    pub fn ended(&self, sequence: u64, begin: Instant, outcome: Outcome) {
        self.change(sequence, |call| {
            call.status = outcome.status;
            call.error = outcome.error;
            call.duration_ms = Some(begin.elapsed().as_secs_f64() * 1000.0);
            call.shims = outcome.shims;
        });
    }

    /// The calls that are wanted, in the order of their arrival.
    pub fn calls(&self, wanted: &Wanted) -> Vec<Call> {
        let calls = self.lock();
        calls
            .iter()
            .filter(|call| wanted.takes(call))
            .cloned()
            .collect()
    }

    /// The sequence number of the last call of the record; 0 when it is empty.
    pub fn last_sequence(&self) -> u64 {
        self.lock().last().map_or(0, |call| call.sequence)
    }

    /// Calls per second by service.
    pub fn rates(&self) -> BTreeMap<String, Rate> {
        let mut times: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for call in self.lock().iter() {
            times
                .entry(call.service.clone())
                .or_default()
                .push(call.time_ms);
        }
        times
            .into_iter()
            .map(|(service, times)| (service, rate(times)))
            .collect()
    }

    /// The regions and services that were called.
    pub fn places(&self) -> BTreeSet<(String, String)> {
        self.lock()
            .iter()
            .map(|call| (call.region.clone(), call.service.clone()))
            .collect()
    }

    pub fn reset(&self) {
        self.lock().clear();
    }

    fn change(&self, sequence: u64, change: impl FnOnce(&mut Call)) {
        if let Some(call) = self
            .lock()
            .iter_mut()
            .rev()
            .find(|call| call.sequence == sequence)
        {
            change(call);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Call>> {
        self.calls
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn rate(mut times: Vec<f64>) -> Rate {
    times.sort_by(f64::total_cmp);
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Rate::default();
    };
    let seconds = ((last - first) / 1000.0).max(1.0);
    let mut peak = 0;
    let mut oldest = 0;
    for (index, time) in times.iter().enumerate() {
        while times.get(oldest).is_some_and(|old| time - old >= 1000.0) {
            oldest += 1;
        }
        peak = peak.max(index - oldest + 1);
    }
    Rate {
        calls: times.len() as u64,
        average_per_second: times.len() as f64 / seconds,
        peak_per_second: peak as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_asked_for_what_came_later_changes_something_or_is_under_way() {
        let call = |sequence, mutating, duration_ms| Call {
            sequence,
            time_ms: 0.0,
            service: String::new(),
            operation: String::new(),
            resource: String::new(),
            path: String::new(),
            region: String::new(),
            mutating,
            user_agent: String::new(),
            status: None,
            error: None,
            duration_ms,
            weather: Vec::new(),
            shims: Vec::new(),
        };
        let recorder = Recorder::default();
        recorder.lock().extend([
            call(1, true, Some(1.0)),
            call(2, false, None),
            call(3, true, None),
        ]);
        let asked = |since, mutating, open| {
            let wanted = Wanted {
                since,
                mutating,
                open,
            };
            let calls = recorder.calls(&wanted).into_iter();
            calls.map(|call| call.sequence).collect::<Vec<_>>()
        };
        assert_eq!(asked(0, None, None), [1, 2, 3]);
        assert_eq!(asked(1, None, None), [2, 3]);
        assert_eq!(asked(0, Some(true), None), [1, 3]);
        assert_eq!(asked(0, None, Some(true)), [2, 3]);
        assert_eq!(asked(0, None, Some(false)), [1]);
        assert_eq!(asked(0, Some(true), Some(true)), [3]);
        assert_eq!(recorder.last_sequence(), 3);
    }

    #[test]
    fn the_peak_is_the_fullest_second_wherever_it_begins() {
        let rate = rate(vec![0.0, 900.0, 1000.0, 1100.0, 5000.0]);
        assert_eq!(
            (rate.calls, rate.peak_per_second, rate.average_per_second),
            (5, 3, 1.0)
        );
    }
}
