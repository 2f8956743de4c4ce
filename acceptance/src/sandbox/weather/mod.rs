//! What goes wrong between a caller and AWS, on demand: rules that match calls
//! by service, operation, resource and count, and say what happens to them.
//!
//! Every rule counts every call that it matches, exactly once and in one order
//! for all rules (one lock), also those calls that another rule has spoiled
//! already: the third CreateKey is the third CreateKey. Of the rules that fire
//! on a call the first decides its fate, except latencies, which add up.

pub mod holds;
pub mod limits;
pub mod named;
pub mod rule;
pub mod untagged;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

pub use rule::{Action, Rule, When};

use super::reply::{self, Reply};
use super::request::{Inbound, Protocol};

/// The rules in force and what they have counted.
#[derive(Default)]
pub struct Weather {
    rules: Mutex<Vec<State>>,
}

/// A rule, with its counts, as the control API shows it.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    #[serde(flatten)]
    pub rule: Rule,
    /// Calls that it matched.
    pub matched: u64,
    /// Calls that it acted on.
    pub acted: u64,
    /// By region, each of which has its own.
    #[serde(skip)]
    buckets: BTreeMap<String, Bucket>,
}

/// What happens to one call.
#[derive(Default)]
pub struct Verdict {
    pub delay: Duration,
    pub fate: Option<Fate>,
    /// The rules that acted, for the record.
    pub names: Vec<String>,
}

/// How a call is spoiled.
#[derive(Debug)]
pub enum Fate {
    /// Answered without effect.
    Refused(Box<Reply>),
    /// Carried out, but the caller is told otherwise.
    Denied(Box<Reply>),
    DroppedBefore,
    DroppedAfter,
    /// Carried out; tags that were put are not in the answer yet.
    Untagged,
    HeldBefore,
    HeldAfter,
}

impl Weather {
    pub fn add(&self, rules: impl IntoIterator<Item = Rule>) {
        self.lock().extend(rules.into_iter().map(|rule| State {
            buckets: BTreeMap::new(),
            rule,
            matched: 0,
            acted: 0,
        }));
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    pub fn rules(&self) -> Vec<State> {
        self.lock().clone()
    }

    /// Counts a call against every rule and says what becomes of it.
    pub fn judge(&self, call: &Inbound, now: Instant) -> Verdict {
        let mut verdict = Verdict::default();
        for state in self.lock().iter_mut() {
            if !state.rule.matching.describes(call) {
                continue;
            }
            state.matched += 1;
            if !state.rule.matching.counts(state.matched) {
                continue;
            }
            let decided = verdict.fate.is_some();
            let fate = match &state.rule.action {
                Action::LatencyMs(milliseconds) => {
                    verdict.delay += Duration::from_millis(*milliseconds);
                    None
                }
                _ if decided => continue,
                Action::RateLimit { per_second, burst }
                    if state
                        .buckets
                        .entry(call.region.clone())
                        .or_insert_with(|| Bucket::new(*per_second, *burst))
                        .take(now) =>
                {
                    continue;
                }
                action => Some(fate(action, call)),
            };
            state.acted += 1;
            verdict.names.push(state.rule.name());
            verdict.fate = verdict.fate.or(fate);
        }
        verdict
    }

    fn lock(&self) -> MutexGuard<'_, Vec<State>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fate(action: &Action, call: &Inbound) -> Fate {
    match action {
        Action::LatencyMs(_) | Action::Throttle | Action::RateLimit { .. } => {
            Fate::Refused(Box::new(reply::throttle(call)))
        }
        Action::AccessDenied => Fate::Refused(Box::new(reply::access_denied(call))),
        Action::Error {
            status,
            code,
            message,
        } => Fate::Refused(Box::new(reply::error(call, *status, code, message))),
        Action::ErrorBefore(status) => Fate::Refused(Box::new(server_error(call, *status))),
        Action::ErrorAfter(status) => Fate::Denied(Box::new(server_error(call, *status))),
        Action::DropBefore => Fate::DroppedBefore,
        Action::DropAfter => Fate::DroppedAfter,
        Action::TagsLate => Fate::Untagged,
        Action::Hold(When::Before) => Fate::HeldBefore,
        Action::Hold(When::After) => Fate::HeldAfter,
    }
}

/// The service's own name for "something went wrong with us".
fn server_error(call: &Inbound, status: u16) -> Reply {
    let code = match (call.protocol, call.service.as_str(), status) {
        (Protocol::S3, _, 503) | (_, _, 503) => "ServiceUnavailable",
        (Protocol::S3, ..) | (Protocol::Ec2, ..) => "InternalError",
        (_, "kms", _) => "KMSInternalException",
        (_, "dynamodb" | "ssm", _) => "InternalServerError",
        _ => "InternalFailure",
    };
    reply::error(
        call,
        status,
        code,
        "We encountered an internal error. Please try again.",
    )
}

/// A token bucket: AWS' control planes refill one per account, region and
/// operation.
#[derive(Clone, Debug)]
struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled: Option<Instant>,
}

impl Bucket {
    fn new(per_second: f64, burst: Option<f64>) -> Self {
        let burst = burst.unwrap_or(per_second).max(1.0);
        Self {
            per_second,
            burst,
            tokens: burst,
            filled: None,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let elapsed = self.filled.map_or(0.0, |filled| {
            now.saturating_duration_since(filled).as_secs_f64()
        });
        self.filled = Some(now);
        self.tokens = (self.tokens + elapsed * self.per_second).min(self.burst);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests;
