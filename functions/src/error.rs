//! What can go wrong in an operation.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error as StdError;

/// Why an operation did not come to an end.
///
/// A refused document is no failure: it is a verdict. A failure means that
/// nobody knows yet, and that the event must come again (Lambda and
/// EventBridge do that for asynchronous events; an API caller is told).
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The caller asked for something that cannot be: `status` is the HTTP
    /// status, 400 to 499, `code` a word for programs, `message` a sentence
    /// for people.
    #[error("{message}")]
    Request {
        status: u16,
        code: &'static str,
        message: String,
    },
    /// The function was deployed without something it needs.
    #[error("the function's environment lacks {name}: {why}")]
    Setting { name: &'static str, why: String },
    /// An event that no AWS service sends.
    #[error("the event is not one that {operation} knows: {problem}")]
    Event {
        operation: &'static str,
        problem: String,
    },
    /// A call to AWS that failed. `code` is AWS's error code, when it said one.
    #[error("{operation} of {resource} failed{}: {cause}", code.as_deref().map(|c| format!(" with {c}")).unwrap_or_default())]
    Aws {
        operation: &'static str,
        resource: String,
        code: Option<String>,
        cause: String,
    },
    /// Something on this machine: a temporary file, a child process.
    #[error("{operation}: {cause}")]
    Local {
        operation: &'static str,
        cause: String,
    },
    /// Some of several steps succeeded. `done` is for the audit row.
    #[error("{cause} (other steps were done)")]
    Partly {
        done: Vec<serde_json::Value>,
        #[source]
        cause: Box<Failure>,
    },
    /// What was read is not what was written.
    #[error("{operation} of {resource}: {problem}")]
    Integrity {
        operation: &'static str,
        resource: String,
        problem: String,
    },
}

impl Failure {
    pub fn request(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self::Request {
            status,
            code,
            message: message.into(),
        }
    }

    /// The error of an SDK call on `resource`. The SDK's own text says
    /// nothing without its causes, hence all of them.
    pub fn aws<E>(operation: &'static str, resource: impl Into<String>, error: E) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let code = error.code().map(str::to_owned);
        let cause = match error.message() {
            Some(message) => message.to_owned(),
            None => with_causes(&error),
        };
        Self::Aws {
            operation,
            resource: resource.into(),
            code,
            cause,
        }
    }

    /// AWS's error code, when this is an answer of AWS.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Aws { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// The word by which Lambda's metrics, logs and answers name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Request { code, .. } => code,
            Self::Setting { .. } => "MissingSetting",
            Self::Event { .. } => "UnknownEvent",
            Self::Aws { .. } => "AwsError",
            Self::Local { .. } => "LocalError",
            Self::Integrity { .. } => "IntegrityError",
            Self::Partly { cause, .. } => cause.kind(),
        }
    }
}

/// An error and its causes as they show themselves to people. Never as they
/// show themselves to programmers (`Debug`): that of an answer that could not
/// be read holds its bytes, which may be a secret.
fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::SdkError;
    use aws_smithy_types::body::SdkBody;

    #[test]
    fn an_answer_that_cannot_be_read_is_not_shown() {
        let status = 200_u16.try_into().unwrap();
        let body = SdkBody::from("{\"SecretString\": \"hunter2\"");
        let answer = HttpResponse::new(status, body);
        let cause = std::io::Error::other("unexpected end");
        let error: SdkError<GetSecretValueError, _> = SdkError::response_error(cause, answer);
        assert!(format!("{error:?}").contains("hunter2"), "the SDK's way");
        let said = Failure::aws("secretsmanager:GetSecretValue", "s", error).to_string();
        assert!(said.contains("unexpected end"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
