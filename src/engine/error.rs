//! What can go wrong, as types that carry the logical id, the operation and
//! the cause.

use std::fmt;

/// What a handler answers when a call fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}{}: {message}", code.as_deref().map(|code| format!(" answered {code}")).unwrap_or_default())]
pub struct HandlerError {
    /// What the engine may do about it.
    pub kind: ErrorKind,
    /// `s3:CreateBucket`, as IAM names it.
    pub operation: String,
    /// The service's own error code.
    pub code: Option<String>,
    /// The service's own words, or ours.
    pub message: String,
    pub request_id: Option<String>,
}

impl HandlerError {
    /// An error of ours, without an answer from a service.
    pub fn ours(kind: ErrorKind, operation: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            operation: operation.to_owned(),
            code: None,
            message: message.into(),
            request_id: None,
        }
    }
}

/// Kinds of failure, by what the engine does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The thing is not there. From `read`, this is never an error.
    NotFound,
    /// Final. Never taken for "not there".
    AccessDenied,
    /// The name is taken; `find` tells ours from a stranger's.
    AlreadyExists,
    /// Something of somebody else's; final, and left alone.
    Stranger,
    /// The service refuses the input; final.
    Invalid,
    /// Too many calls; tried again with backoff.
    Throttled,
    /// Not yet: another change is under way, or the cloud has not caught up
    /// with itself. Tried again with backoff.
    Transient,
    /// The answer of a call that is not idempotent was lost; `find` is asked
    /// before it is made again.
    Ambiguous,
    /// The operation was asked to stop.
    Cancelled,
    /// Waited as long as allowed.
    Timeout,
    /// Final.
    Other,
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    Resolve,
    Find,
    Create,
    Configure,
    Wait,
    Read,
    Update,
    Delete,
    Manifest,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "while its properties were resolved",
            Self::Find => "while it was looked for",
            Self::Create => "while it was created",
            Self::Configure => "while it was configured",
            Self::Wait => "while it was waited for",
            Self::Read => "while it was read",
            Self::Update => "while it was updated",
            Self::Delete => "while it was deleted",
            Self::Manifest => "while the manifest was written",
        })
    }
}

/// A failure of one resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{logical_id} ({type_name}) {action}: {source}")]
pub struct EngineError {
    pub logical_id: String,
    pub type_name: String,
    pub action: Action,
    #[source]
    pub source: HandlerError,
}

impl From<Box<EngineError>> for EngineError {
    fn from(error: Box<EngineError>) -> Self {
        *error
    }
}
