//! `template`: what a pipeline stands for, without an account.

use super::super::template_data::TemplateState;
use super::refuse;
use crate::blueprint::Facts;
use crate::bundle;
use serde_json::Value;
use std::process::ExitCode;
use tf_provider::{Diagnostic, Diagnostics};

pub(super) fn print(file: &str) -> ExitCode {
    made_of(file, |state, diags, facts| {
        Some(format!("{}\n", state.render(diags, facts)?))
    })
}

/// Prints what is made of the settings in a file, and what is to be said of
/// them; nothing where something is wrong with them.
pub(super) fn made_of(
    file: &str,
    make: impl FnOnce(&TemplateState, &mut Diagnostics, Facts) -> Option<String>,
) -> ExitCode {
    let text = match file {
        "-" => std::io::read_to_string(std::io::stdin()),
        file => std::fs::read_to_string(file),
    };
    let text = match text {
        Ok(text) => text,
        Err(cause) => return refuse(&format!("{file} cannot be read: {cause}")),
    };
    let (state, facts) = match parse(&text) {
        Ok(parsed) => parsed,
        Err(cause) => {
            return refuse(&format!(
                "{file} is not the JSON of a tap_secure_pipeline: {cause}"
            ));
        }
    };
    let mut diags = Diagnostics::default();
    let made = make(&state, &mut diags, facts);
    for warning in &diags.warnings {
        eprintln!("warning: {}", line(warning));
    }
    for error in &diags.errors {
        eprintln!("error: {}", line(error));
    }
    match made {
        Some(made) if diags.errors.is_empty() => {
            print!("{made}");
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

/// Reads the settings. What is no attribute is refused, at every depth: a
/// template of less than what was written would be taken for all of it.
pub(in crate::pipeline) fn parse(text: &str) -> Result<(TemplateState, Facts), String> {
    let mut written: Value = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    let facts = written
        .as_object_mut()
        .and_then(|members| members.remove("facts"));
    let state: TemplateState = serde_path_to_error::deserialize(&written)
        .map_err(|cause| format!("{}: {}", cause.path(), reason(cause.inner())))?;
    let understood = serde_json::to_value(&state).map_err(|cause| cause.to_string())?;
    if let Some(path) = not_understood(&written, &understood, "") {
        return Err(format!("{path} is not an attribute of it"));
    }
    let facts = match facts {
        Some(told) => known(told)?,
        None => Facts::documentation(),
    };
    Ok((state, facts))
}

/// The documentation's account, but for what is told of another.
fn known(told: Value) -> Result<Facts, String> {
    let documentation = Facts::documentation();
    let mut known = serde_json::to_value(documentation).map_err(|cause| cause.to_string())?;
    match (known.as_object_mut(), told) {
        (Some(known), Value::Object(told)) => known.extend(told),
        _ => return Err("facts: it has another type".to_owned()),
    }
    let facts: Facts = serde_path_to_error::deserialize(known)
        .map_err(|cause| format!("facts.{}: {}", cause.path(), cause.inner()))?;
    Ok(Facts {
        bundles: bundle::all()
            .iter()
            .map(|bundle| (bundle.architecture.to_string(), bundle.sha256.to_owned()))
            .collect(),
        ..facts
    })
}

/// A value that fits no form of an attribute is one of the wrong type.
fn reason(cause: &serde_json::Error) -> String {
    match cause.to_string() {
        text if text.contains("untagged enum") => "it has another type".to_owned(),
        text => text,
    }
}

/// The first member that was written and did not get through the types.
fn not_understood(written: &Value, understood: &Value, path: &str) -> Option<String> {
    let (Value::Object(written), Value::Object(understood)) = (written, understood) else {
        return None;
    };
    written.iter().find_map(|(key, value)| {
        let path = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        match understood.get(key) {
            None => Some(path),
            Some(inner) => not_understood(value, inner, &path),
        }
    })
}

/// The detail of a nested attribute begins with its path.
pub(in crate::pipeline) fn line(diagnostic: &Diagnostic) -> String {
    let Diagnostic {
        attribute,
        summary,
        detail,
    } = diagnostic;
    match attribute.steps.len() {
        1 => format!("{attribute}: {summary}: {detail}"),
        _ => format!("{summary}: {detail}"),
    }
}
