//! What the binary does when a person runs it with a command.

use super::template_data::TemplateState;
use crate::bundle::{self, Architecture, Bundle};
use serde_json::Value;
use std::process::ExitCode;
use tf_provider::{Diagnostic, Diagnostics};

const USAGE: &str = "\
Usage: terraform-provider-tap template FILE
       terraform-provider-tap functions [ARCHITECTURE FILE]

template prints the CloudFormation template that a tap_secure_pipeline stands for.
FILE is JSON with the block's attributes, for example
  {\"name\": \"documents\", \"environment_suffix\": \"dev\"}
and may set account_id and region. FILE - is standard input.

functions lists the Lambda functions that this binary holds; with arm64 or
x86_64 and a FILE it writes their zip there.";

/// Runs a command, if the arguments are one. `None`: they are not.
pub fn run(arguments: &[String]) -> Option<ExitCode> {
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["template", file] => Some(template(file)),
        ["functions"] => {
            print!("{}", list(bundle::all()));
            Some(ExitCode::SUCCESS)
        }
        ["functions", architecture, file] => Some(write_functions(architecture, file)),
        ["template" | "functions", ..] | ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            Some(ExitCode::from(2))
        }
        ["--version" | "version"] => {
            println!("terraform-provider-tap {}", env!("CARGO_PKG_VERSION"));
            Some(ExitCode::SUCCESS)
        }
        _ => None,
    }
}

/// One line for each architecture.
fn list(bundles: &[Bundle]) -> String {
    let held = |one: Architecture| bundles.iter().find(|bundle| bundle.architecture == one);
    Architecture::ALL
        .into_iter()
        .map(|one| match held(one) {
            Some(bundle) => format!(
                "{one}: {} bytes, sha256 {}, glibc {}, {}\n",
                bundle.zip.len(),
                bundle.sha256,
                bundle.glibc,
                bundle.built_with
            ),
            None => {
                format!("{one}: not in this binary; in the provider's source run: make build\n")
            }
        })
        .collect()
}

fn write_functions(architecture: &str, file: &str) -> ExitCode {
    let Some(known) = Architecture::from_name(architecture) else {
        return refuse(&format!(
            "{architecture} is no architecture of Lambda's. Write arm64 or x86_64."
        ));
    };
    let Some(bundle) = bundle::bundle(known) else {
        return refuse(&format!(
            "this binary holds no functions for {known}. In the provider's source run: make build"
        ));
    };
    match std::fs::write(file, bundle.zip) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => refuse(&format!("{file} cannot be written: {cause}")),
    }
}

fn template(file: &str) -> ExitCode {
    let text = match file {
        "-" => std::io::read_to_string(std::io::stdin()),
        file => std::fs::read_to_string(file),
    };
    let text = match text {
        Ok(text) => text,
        Err(cause) => return refuse(&format!("{file} cannot be read: {cause}")),
    };
    let state = match parse(&text) {
        Ok(state) => state,
        Err(cause) => {
            return refuse(&format!(
                "{file} is not the JSON of a tap_secure_pipeline: {cause}"
            ));
        }
    };
    let mut diags = Diagnostics::default();
    let json = state.render(&mut diags);
    for warning in &diags.warnings {
        eprintln!("warning: {}", line(warning));
    }
    for error in &diags.errors {
        eprintln!("error: {}", line(error));
    }
    match json {
        Some(json) if diags.errors.is_empty() => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

/// Reads the settings. What is no attribute is refused, at every depth: a
/// template of less than what was written would be taken for all of it.
fn parse(text: &str) -> Result<TemplateState, String> {
    let written: Value = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let state: TemplateState = serde_path_to_error::deserialize(&mut reader)
        .map_err(|cause| format!("{}: {}", cause.path(), reason(cause.inner())))?;
    let understood = serde_json::to_value(&state).map_err(|cause| cause.to_string())?;
    match not_understood(&written, &understood, "") {
        Some(path) => Err(format!("{path} is not an attribute of it")),
        None => Ok(state),
    }
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
fn line(diagnostic: &Diagnostic) -> String {
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

fn refuse(sentence: &str) -> ExitCode {
    eprintln!("error: {sentence}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_of_each_architecture_what_is_there_or_what_to_run() {
        let held = Bundle {
            architecture: Architecture::X86_64,
            sha256: "0123abcd",
            glibc: "2.34",
            built_with: "rustc 1.95.0",
            zip: b"PK",
        };
        assert_eq!(
            list(&[held]),
            "arm64: not in this binary; in the provider's source run: make build\n\
             x86_64: 2 bytes, sha256 0123abcd, glibc 2.34, rustc 1.95.0\n"
        );
    }
}
