//! A rule of the weather as it is written in JSON: which calls, and what
//! happens to them.
//!
//! ```json
//! {"match": {"service": "kms", "operation": "CreateKey", "nth": 2}, "action": "throttle"}
//! {"match": {"mutating": true, "nth": 7}, "action": {"hold": "after"}}
//! {"match": {"service": "apigateway"}, "action": {"rate_limit": {"per_second": 10, "burst": 40}}}
//! ```

use serde::{Deserialize, Serialize};

use crate::sandbox::request::Inbound;

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the record calls it; the action's name when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, rename = "match")]
    pub matching: Match,
    pub action: Action,
}

/// Which calls: all of what is said must hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Names>,
    /// `CreateKey`, or the beginning of a name and a star: `Describe*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Names>,
    /// A part of the resource that the record shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutating: Option<bool>,
    /// A part of the caller's user agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Only the n-th call that fits the above, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Only from the n-th on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Only the first n: how eventual consistency looks from outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// Only every n-th.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
}

/// One name, or any of several.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Names {
    One(String),
    Any(Vec<String>),
}

/// What happens to a call.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Answered later, by so many milliseconds.
    LatencyMs(u64),
    /// Refused with the service's throttling error.
    Throttle,
    /// Refused with the service's lack of permission.
    AccessDenied,
    /// Refused with this error, in the service's protocol.
    Error {
        status: u16,
        code: String,
        #[serde(default)]
        message: String,
    },
    /// A 5xx, and nothing has happened.
    ErrorBefore(u16),
    /// A 5xx, although it has happened.
    ErrorAfter(u16),
    /// The connection breaks, and nothing has happened.
    DropBefore,
    /// The connection breaks, although it has happened.
    DropAfter,
    /// Answered as if no tag had been put yet: tags are eventually consistent.
    TagsLate,
    /// Not answered until released, held before or after its effect.
    Hold(When),
    /// Throttled beyond so many a second.
    RateLimit {
        per_second: f64,
        /// As many at once; at least one. A second's worth when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        burst: Option<f64>,
    },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum When {
    Before,
    After,
}

impl Rule {
    /// A rule for every call; narrow it with the methods below.
    pub fn new(action: Action) -> Self {
        Self {
            name: None,
            matching: Match::default(),
            action,
        }
    }

    pub fn service(mut self, service: &str) -> Self {
        self.matching.service = Some(Names::One(service.to_owned()));
        self
    }

    pub fn operation(mut self, operation: &str) -> Self {
        self.matching.operation = Some(Names::One(operation.to_owned()));
        self
    }

    pub fn operations(mut self, operations: &[&str]) -> Self {
        self.matching.operation = Some(Names::Any(
            operations.iter().map(|name| (*name).to_owned()).collect(),
        ));
        self
    }

    pub fn resource(mut self, part: &str) -> Self {
        self.matching.resource = Some(part.to_owned());
        self
    }

    pub fn mutating(mut self) -> Self {
        self.matching.mutating = Some(true);
        self
    }

    pub fn user_agent(mut self, part: &str) -> Self {
        self.matching.user_agent = Some(part.to_owned());
        self
    }

    pub fn nth(mut self, n: u64) -> Self {
        self.matching.nth = Some(n);
        self
    }

    pub fn from(mut self, n: u64) -> Self {
        self.matching.from = Some(n);
        self
    }

    pub fn first(mut self, n: u64) -> Self {
        self.matching.first = Some(n);
        self
    }

    pub fn every(mut self, n: u64) -> Self {
        self.matching.every = Some(n);
        self
    }

    pub fn name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        match &self.action {
            Action::LatencyMs(_) => "latency",
            Action::Throttle => "throttle",
            Action::AccessDenied => "access_denied",
            Action::Error { .. } => "error",
            Action::ErrorBefore(_) => "error_before",
            Action::ErrorAfter(_) => "error_after",
            Action::DropBefore => "drop_before",
            Action::DropAfter => "drop_after",
            Action::TagsLate => "tags_late",
            Action::Hold(When::Before) => "hold_before",
            Action::Hold(When::After) => "hold_after",
            Action::RateLimit { .. } => "rate_limit",
        }
        .to_owned()
    }
}

impl Match {
    /// Whether the rule speaks of this call, its count aside.
    pub fn describes(&self, call: &Inbound) -> bool {
        self.service
            .as_ref()
            .is_none_or(|names| names.include(&call.service))
            && self
                .operation
                .as_ref()
                .is_none_or(|names| names.include(&call.operation))
            && self
                .resource
                .as_ref()
                .is_none_or(|part| call.resource.contains(part.as_str()))
            && self
                .region
                .as_ref()
                .is_none_or(|region| *region == call.region)
            && self
                .mutating
                .is_none_or(|mutating| mutating == call.mutating)
            && self
                .user_agent
                .as_ref()
                .is_none_or(|part| call.user_agent().contains(part.as_str()))
    }

    /// Whether the n-th such call is one that the rule acts on.
    pub fn counts(&self, n: u64) -> bool {
        self.nth.is_none_or(|nth| n == nth)
            && self.from.is_none_or(|from| n >= from)
            && self.first.is_none_or(|first| n <= first)
            && self
                .every
                .is_none_or(|every| every > 0 && n.is_multiple_of(every))
    }
}

impl Names {
    fn include(&self, name: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => pattern == name,
        };
        match self {
            Self::One(pattern) => fits(pattern),
            Self::Any(patterns) => patterns.iter().any(fits),
        }
    }
}
