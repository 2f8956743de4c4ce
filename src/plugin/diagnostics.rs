//! Building diagnostics and sending them.
//!
//! tf-provider's own constructors append a backtrace of some ninety frames when
//! `RUST_BACKTRACE` is set, which a user would read in Terraform's output. The
//! functions here build the structure literally; what other code built is
//! cleaned on its way out.

use std::borrow::Cow;

use tf_provider::{AttributePath, AttributePathStep, Diagnostic, Diagnostics};

use super::proto::tfplugin6 as tf;
use tf::attribute_path::step::Selector;
use tf::diagnostic::Severity;

/// An error, to be pushed to `Diagnostics::errors`.
pub fn error(
    attribute: AttributePath,
    summary: impl Into<Cow<'static, str>>,
    detail: impl Into<Cow<'static, str>>,
) -> Diagnostic {
    Diagnostic {
        summary: summary.into(),
        detail: detail.into(),
        attribute,
    }
}

/// A warning, to be pushed to `Diagnostics::warnings`.
pub fn warning(
    attribute: AttributePath,
    summary: impl Into<Cow<'static, str>>,
    detail: impl Into<Cow<'static, str>>,
) -> Diagnostic {
    error(attribute, summary, detail)
}

/// An error that belongs to no attribute.
pub(super) fn refuse(
    diags: &mut Diagnostics,
    summary: impl Into<Cow<'static, str>>,
    detail: impl Into<Cow<'static, str>>,
) {
    diags
        .errors
        .push(error(AttributePath::root(), summary, detail));
}

/// The wire form, errors first.
pub(super) fn to_wire(diags: Diagnostics) -> Vec<tf::Diagnostic> {
    let convert = |severity: Severity| {
        move |diagnostic: Diagnostic| tf::Diagnostic {
            severity: severity.into(),
            summary: diagnostic.summary.into_owned(),
            detail: without_backtrace(&diagnostic.detail).to_owned(),
            attribute: (!diagnostic.attribute.steps.is_empty())
                .then(|| path_to_wire(diagnostic.attribute)),
        }
    };
    let errors = diags.errors.into_iter().map(convert(Severity::Error));
    let warnings = diags.warnings.into_iter().map(convert(Severity::Warning));
    errors.chain(warnings).collect()
}

/// What a function answers: one text, and the argument to blame when all errors
/// blame the same. Functions have no warnings on the wire.
pub(super) fn to_function_error(diags: &Diagnostics) -> Option<tf::FunctionError> {
    let blamed = |diagnostic: &Diagnostic| match diagnostic.attribute.steps.first() {
        Some(AttributePathStep::Index(index)) => Some(*index),
        _ => None,
    };
    let first = blamed(diags.errors.first()?);
    let agreed = diags.errors.iter().all(|error| blamed(error) == first);
    let texts = diags.errors.iter().map(|error| {
        let detail = without_backtrace(&error.detail);
        match detail.is_empty() {
            true => error.summary.to_string(),
            false => format!("{}: {detail}", error.summary),
        }
    });
    Some(tf::FunctionError {
        text: texts.collect::<Vec<_>>().join("\n"),
        function_argument: first.filter(|_| agreed),
    })
}

pub(super) fn path_to_wire(path: AttributePath) -> tf::AttributePath {
    let steps = path.steps.into_iter().map(|step| tf::attribute_path::Step {
        selector: Some(match step {
            AttributePathStep::Attribute(name) => Selector::AttributeName(name.into_owned()),
            AttributePathStep::Key(key) => Selector::ElementKeyString(key.into_owned()),
            AttributePathStep::Index(index) => Selector::ElementKeyInt(index),
        }),
    });
    tf::AttributePath {
        steps: steps.collect(),
    }
}

/// The text before a captured backtrace, which starts with frame 0 and names a
/// place or frame 1 on the next line.
fn without_backtrace(detail: &str) -> &str {
    let mut start = 0;
    let mut lines = detail.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().map(|next| next.trim_start()).unwrap_or("");
        if line.trim_start().starts_with("0: ")
            && (next.starts_with("at ") || next.starts_with("1: "))
        {
            return detail[..start].trim_end();
        }
        start += line.len();
    }
    detail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reaches_terraform_step_by_step() {
        let mut diags = Diagnostics::default();
        let path = AttributePath::new("rules")
            .key("a")
            .attribute("ports")
            .index(2);
        diags.errors.push(error(path, "No", "Because."));
        let wire = to_wire(diags);
        let steps = &wire[0].attribute.as_ref().unwrap().steps;
        let selectors: Vec<_> = steps.iter().filter_map(|s| s.selector.clone()).collect();
        assert_eq!(
            selectors,
            [
                Selector::AttributeName("rules".into()),
                Selector::ElementKeyString("a".into()),
                Selector::AttributeName("ports".into()),
                Selector::ElementKeyInt(2),
            ]
        );
    }

    #[test]
    fn a_backtrace_does_not_reach_the_user() {
        let backtrace = "   0: core::ops\n             at /rustc/a.rs:1\n   1: main\n";
        assert_eq!(
            without_backtrace(&format!("What happened.\n{backtrace}")),
            "What happened."
        );
        assert_eq!(without_backtrace(backtrace), "");
        assert_eq!(without_backtrace("0: zero is fine"), "0: zero is fine");
    }

    #[test]
    fn a_function_error_blames_an_argument_only_when_all_errors_do() {
        let mut diags = Diagnostics::default();
        let path = AttributePath::function_argument;
        diags
            .errors
            .push(error(path(1), "Too long", "Ten at most."));
        let one = to_function_error(&diags).unwrap();
        assert_eq!(one.function_argument, Some(1));
        assert_eq!(one.text, "Too long: Ten at most.");
        diags.errors.push(error(path(0), "Empty", ""));
        assert_eq!(to_function_error(&diags).unwrap().function_argument, None);
    }
}
