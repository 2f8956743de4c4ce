//! Engine errors to diagnostics: grouped by cause, so that one missing
//! permission that hits fourteen resources is one error that lists fourteen.

use super::values::Problem;
use crate::engine::HandlerError;
use crate::engine::error::{EngineError, ErrorKind};
use std::collections::BTreeMap;
use tf_provider::AttributePath;
use tf_provider::AttributePathStep;
use tf_provider::{Diagnostic, Diagnostics};

/// Adds one error for each cause.
pub fn report(diags: &mut Diagnostics, errors: &[EngineError]) {
    for (summary, detail) in grouped(errors) {
        error(diags, AttributePath::root(), summary, detail);
    }
}

/// As [`report`], for failures that a pipeline was told to go on from.
pub fn report_as_warnings(diags: &mut Diagnostics, errors: &[EngineError]) {
    for (summary, detail) in grouped(errors) {
        warning(diags, AttributePath::root(), summary, detail);
    }
}

fn grouped(errors: &[EngineError]) -> Vec<(String, String)> {
    let mut groups: BTreeMap<(String, String, String), Vec<&EngineError>> = BTreeMap::new();
    for error in errors {
        let source = &error.source;
        let key = (
            source.operation.clone(),
            source.code.clone().unwrap_or_default(),
            cause(error),
        );
        groups.entry(key).or_default().push(error);
    }
    groups
        .into_iter()
        .filter_map(|((operation, code, _), mut members)| {
            members.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
            let first = members.first()?;
            let ids = members
                .iter()
                .map(|error| {
                    format!(
                        "  - {} ({}), {}",
                        error.logical_id, error.type_name, error.action
                    )
                })
                .collect::<Vec<_>>()
                .join("\n");
            let code = if code.is_empty() {
                String::new()
            } else {
                format!(" answered {code}")
            };
            let request = request(&first.source);
            Some((
                format!("{operation}{code}: {}", subject(&members)),
                format!(
                    "{}\n\nAffected:\n{ids}{request}\n\n{}",
                    first.source.message,
                    next_step(&first.source)
                ),
            ))
        })
        .collect()
}

/// A call that failed outside of an apply's and a destroy's own: what it was
/// for, what AWS said, and what to do next.
pub fn of_call(
    diags: &mut Diagnostics,
    path: AttributePath,
    summary: impl Into<String>,
    cause: &HandlerError,
    next: &str,
) {
    let detail = format!("{cause}{}\n\n{next}", request(cause));
    error(diags, path, summary, detail);
}

fn request(source: &HandlerError) -> String {
    match &source.request_id {
        Some(id) => format!("\nAWS request id: {id}"),
        None => String::new(),
    }
}

/// What makes two errors the same: the message without what it says of one
/// resource. A stranger is refused by name, so that each has its own.
fn cause(error: &EngineError) -> String {
    let message = &error.source.message;
    match error.source.kind {
        ErrorKind::AccessDenied | ErrorKind::Throttled => format!("{:?}", error.source.kind),
        ErrorKind::Stranger | ErrorKind::AlreadyExists => message.clone(),
        _ => without_arns(message),
    }
}

/// A key that a log group may not use is refused with the group's ARN, for
/// each group with another.
fn without_arns(message: &str) -> String {
    let words = message.split_whitespace();
    let words = words.map(|word| match word.contains("arn:") {
        true => "arn",
        false => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

fn subject(members: &[&EngineError]) -> String {
    match members {
        [one] => one.logical_id.clone(),
        many => format!("{} resources", many.len()),
    }
}

/// What the user can do, by kind of failure, be it of an apply, a destroy or a
/// refresh. What the provider refuses itself says so in its own words.
fn next_step(source: &HandlerError) -> &'static str {
    let ours = source.code.is_none();
    match source.kind {
        ErrorKind::AccessDenied => {
            "The credentials lack this permission, or a policy denies it. Grant it and run the same command again; what has been done is kept."
        }
        ErrorKind::Stranger | ErrorKind::AlreadyExists => {
            "Something of that name exists and does not carry this pipeline's tags, so it was left alone. \
             Choose another name or environment_suffix, or remove it yourself if it is yours, and run the same command again."
        }
        ErrorKind::Throttled => {
            "AWS limits these calls. Run the same command again; what has been done is kept."
        }
        ErrorKind::Cancelled => {
            "The operation was asked to stop. Run the same command again to go on from here."
        }
        ErrorKind::Timeout => {
            "The time allowed in timeouts is up. Run the same command again to go on from here, or allow more."
        }
        ErrorKind::Invalid if ours => "Nothing is lost; what has been done is kept.",
        ErrorKind::Invalid if is_quota(source) => {
            "A quota of the account is used up. Have it raised in Service Quotas, or delete what nobody needs, and run the same command again; \
             what has been done is kept."
        }
        ErrorKind::Invalid => {
            "AWS refuses this value. If it comes from overrides, mend it there; otherwise please report it with the request id."
        }
        ErrorKind::Transient | ErrorKind::Ambiguous => {
            "AWS did not answer, or was not ready, for longer than the provider waits. Run the same command again to go on from here; \
             what has been done is kept."
        }
        ErrorKind::NotFound | ErrorKind::Other => {
            "Run the same command again to go on from here; what has been done is kept. If it stays so, please report it with the \
             request id."
        }
    }
}

/// AWS has no one code for it, but all of them say so.
fn is_quota(source: &HandlerError) -> bool {
    let code = source.code.as_deref().unwrap_or_default();
    let words = [
        "LimitExceeded",
        "LimitsExceeded",
        "QuotaExceeded",
        "TooMany",
        "MaxNumber",
    ];
    words.iter().any(|word| code.contains(word))
}

pub fn problems(diags: &mut Diagnostics, problems: Vec<Problem>) {
    for problem in problems {
        error(diags, problem.path, problem.summary, problem.detail);
    }
}

pub fn warnings(diags: &mut Diagnostics, problems: Vec<Problem>) {
    for problem in problems {
        warning(diags, problem.path, problem.summary, problem.detail);
    }
}

/// Built literally: tf-provider's constructors put a backtrace into the
/// user's message when RUST_BACKTRACE is set.
pub fn error(
    diags: &mut Diagnostics,
    attribute: AttributePath,
    summary: impl Into<String>,
    detail: impl Into<String>,
) {
    diags
        .errors
        .push(diagnostic(attribute, summary.into(), detail.into()));
}

pub fn warning(
    diags: &mut Diagnostics,
    attribute: AttributePath,
    summary: impl Into<String>,
    detail: impl Into<String>,
) {
    diags
        .warnings
        .push(diagnostic(attribute, summary.into(), detail.into()));
}

/// Terraform never prints a path, and finds the line of a nested attribute
/// only when the path has the form of one of a map's elements: without these
/// two, a wrong `storage.force_destroy` would be reported as the whole
/// resource.
fn diagnostic(attribute: AttributePath, summary: String, detail: String) -> Diagnostic {
    use AttributePathStep::{Attribute, Key};
    let nested = attribute.to_string();
    let (attribute, detail) = match attribute.steps.as_slice() {
        [outer @ Attribute(_), Attribute(inner), ..] => (
            AttributePath {
                steps: vec![outer.clone(), Key(inner.clone())],
            },
            format!("{nested}: {detail}"),
        ),
        _ => (attribute, detail),
    };
    Diagnostic {
        summary: summary.into(),
        detail: detail.into(),
        attribute,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::error::Action;

    fn failed(id: &str, kind: ErrorKind, message: &str) -> EngineError {
        EngineError {
            logical_id: id.to_owned(),
            type_name: "AWS::Logs::LogGroup".to_owned(),
            action: Action::Create,
            source: HandlerError {
                code: Some("InvalidParameterException".to_owned()),
                ..HandlerError::ours(kind, "logs:CreateLogGroup", message)
            },
        }
    }

    #[test]
    fn one_key_that_many_may_not_use_is_one_error_and_two_strangers_are_two() {
        let refused = |id: &str, group: &str| {
            let message = format!("is not allowed to be used with Arn 'arn:aws:logs:{group}'");
            failed(id, ErrorKind::Transient, &message)
        };
        let [(summary, detail)] = &grouped(&[refused("A", "a"), refused("B", "b")])[..] else {
            panic!("one cause");
        };
        assert_eq!(
            summary,
            "logs:CreateLogGroup answered InvalidParameterException: 2 resources"
        );
        for part in ["- A (AWS::Logs::LogGroup)", "- B (AWS::Logs::LogGroup)"] {
            assert!(detail.contains(part), "{detail}");
        }
        let stranger = |id: &str| failed(id, ErrorKind::Stranger, &format!("arn:of-{id} exists"));
        assert_eq!(grouped(&[stranger("A"), stranger("B")]).len(), 2);
        let other = failed("C", ErrorKind::Transient, "is too long");
        assert_eq!(grouped(&[refused("A", "a"), other]).len(), 2);
    }
}
