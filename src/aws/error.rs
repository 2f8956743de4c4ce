//! From what the SDK says to what the engine decides by: an error kind, with
//! the operation, AWS's own code and words, and the request id that AWS's
//! support asks for. Which code means what stands in `codes`.

use super::codes;
use crate::engine::{ErrorKind, HandlerError};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use std::error::Error;

/// Names the operation of an SDK result and classifies its error.
pub trait HandlerResultExt<T> {
    /// For reads, idempotent writes and deletes: a lost answer is
    /// `Transient`, since the call may simply be made again.
    fn during(self, operation: &str) -> Result<T, HandlerError>;

    /// For calls that make something: a lost answer is `Ambiguous`, since
    /// making the call again might make a second one.
    fn creating(self, operation: &str) -> Result<T, HandlerError>;
}

impl<T, E> HandlerResultExt<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn during(self, operation: &str) -> Result<T, HandlerError> {
        self.map_err(|error| classify(operation, &error, ErrorKind::Transient))
    }

    fn creating(self, operation: &str) -> Result<T, HandlerError> {
        self.map_err(|error| classify(operation, &error, ErrorKind::Ambiguous))
    }
}

/// `lost` is the kind of an error after which nobody knows whether the call
/// took effect: no answer, a timeout, a 5xx, an answer that cannot be read.
fn classify<E>(operation: &str, error: &SdkError<E, HttpResponse>, lost: ErrorKind) -> HandlerError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let SdkError::ServiceError(context) = error else {
        let (kind, message) = match credentials_failure(error) {
            Some(message) => (ErrorKind::AccessDenied, message),
            None => (kind_without_answer(error, lost), display_chain(error)),
        };
        return HandlerError {
            kind,
            operation: operation.to_owned(),
            code: None,
            message,
            request_id: error.request_id().map(ToOwned::to_owned),
        };
    };
    let status = context.raw().status().as_u16();
    let metadata = context.err().meta();
    let message = metadata.message().unwrap_or_default();
    let kind = codes::kind(operation, metadata.code(), message, status, lost);
    HandlerError {
        kind,
        operation: operation.to_owned(),
        code: metadata.code().map(ToOwned::to_owned),
        message: if message.is_empty() {
            format!("HTTP status {status}")
        } else {
            scrub(message)
        },
        request_id: error.request_id().map(ToOwned::to_owned),
    }
}

fn kind_without_answer<E>(error: &SdkError<E, HttpResponse>, lost: ErrorKind) -> ErrorKind {
    match error {
        // Our own input cannot be sent; nothing left this machine.
        SdkError::ConstructionFailure(_) => ErrorKind::Invalid,
        SdkError::DispatchFailure(failure) if failure.is_user() => ErrorKind::Invalid,
        _ => lost,
    }
}

/// A missing credential comes as a failure to dispatch; it is no network
/// failure, and trying again does not help.
fn credentials_failure(error: &(dyn Error + 'static)) -> Option<String> {
    let mut source = Some(error);
    while let Some(current) = source {
        if let Some(failure) = current.downcast_ref::<CredentialsError>() {
            // An assumed role's refusal carries AWS's own words.
            return Some(match handler_error_in(failure) {
                Some(refused) => refused.to_string(),
                None => format!(
                    "no usable AWS credentials ({}): set profile or access_key and secret_key in \
                     the provider block, AWS_PROFILE or AWS_ACCESS_KEY_ID and \
                     AWS_SECRET_ACCESS_KEY, or run where a role is attached",
                    display_chain(failure)
                ),
            });
        }
        source = current.source();
    }
    None
}

fn handler_error_in<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a HandlerError> {
    let mut source = error.source();
    while let Some(current) = source {
        if let Some(found) = current.downcast_ref::<HandlerError>() {
            return Some(found);
        }
        source = current.source();
    }
    None
}

/// All causes, outermost first: the SDK's own outermost error says nothing.
fn display_chain(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some errors repeat their cause.
        if !told.contains(&text) {
            told.push_str(": ");
            told.push_str(&text);
        }
        source = cause.source();
    }
    scrub(&told)
}

/// Takes user and password out of URLs: a proxy's URL may carry them.
fn scrub(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        clean.push_str(head);
        let end = tail
            .find(|c: char| c == '/' || c.is_whitespace())
            .unwrap_or(tail.len());
        let (authority, after) = tail.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                clean.push_str("***@");
                clean.push_str(host);
            }
            None => clean.push_str(authority),
        }
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// Something that was just made is not found yet: AWS answers from copies
/// that lag by seconds.
pub(super) fn not_yet(mut error: HandlerError) -> HandlerError {
    if error.kind == ErrorKind::NotFound {
        error.kind = ErrorKind::Transient;
    }
    error
}

/// `NotFound` as `None`.
pub(super) fn found<T>(result: Result<T, HandlerError>) -> Result<Option<T>, HandlerError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_kms::operation::create_key::CreateKeyError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    type Answer = Result<(), SdkError<CreateKeyError, HttpResponse>>;

    fn service(status: u16, code: Option<&str>, message: &str) -> Answer {
        let mut meta = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            meta = meta.code(code);
        }
        let status = status.try_into().expect("a status");
        Err(SdkError::service_error(
            CreateKeyError::generic(meta.build()),
            HttpResponse::new(status, SdkBody::empty()),
        ))
    }

    fn io() -> Answer {
        let source = "connection reset by http://u:hunter2@proxy:1/x".into();
        Err(SdkError::dispatch_failure(ConnectorError::io(source)))
    }

    #[test]
    fn a_lost_answer_is_ambiguous_for_what_creates_and_transient_for_the_rest() {
        let lost: [fn() -> Answer; 4] = [
            io,
            || Err(SdkError::timeout_error("late")),
            || service(500, Some("KMSInternalException"), "oops"),
            || service(503, None, ""),
        ];
        for make in lost {
            let create = make().creating("kms:CreateKey").expect_err("an error");
            assert_eq!(create.kind, ErrorKind::Ambiguous, "{create}");
            let put = make().during("kms:PutKeyPolicy").expect_err("an error");
            assert_eq!(put.kind, ErrorKind::Transient, "{put}");
        }
    }

    #[test]
    fn the_error_keeps_operation_code_and_words_of_aws() {
        let answer = service(400, Some("TagException"), "bad tag");
        let error = answer.creating("kms:CreateKey").expect_err("an error");
        assert_eq!(error.operation, "kms:CreateKey");
        assert_eq!(error.code.as_deref(), Some("TagException"));
        assert_eq!(error.message, "bad tag");
        assert_eq!(error.kind, ErrorKind::Invalid);
    }

    #[test]
    fn no_message_shows_the_password_of_a_proxy() {
        let error = io().during("kms:ListKeys").expect_err("an error");
        assert!(!error.message.contains("hunter2"), "{}", error.message);
        assert_eq!(scrub("a://u:p@h/x b://h/y c"), "a://***@h/x b://h/y c");
    }

    #[test]
    fn missing_credentials_are_no_network_failure() {
        let cause = CredentialsError::not_loaded("no providers in chain");
        let answer: Answer = Err(SdkError::dispatch_failure(ConnectorError::other(
            cause.into(),
            None,
        )));
        let error = answer.creating("kms:CreateKey").expect_err("an error");
        assert_eq!(error.kind, ErrorKind::AccessDenied);
        assert!(error.message.contains("AWS_PROFILE"), "{}", error.message);
    }
}
