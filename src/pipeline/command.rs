//! What the binary does when a person runs it with a command.

use super::template_data::TemplateState;
use std::process::ExitCode;
use tf_provider::{Diagnostic, Diagnostics};

const USAGE: &str = "\
Usage: terraform-provider-tap template FILE

Prints the CloudFormation template that a tap_secure_pipeline stands for.
FILE is JSON with the block's attributes, for example
  {\"name\": \"documents\", \"environment_suffix\": \"dev\"}
and may set account_id and region. FILE - is standard input.";

/// Runs a command, if the arguments are one. `None`: they are not.
pub fn run(arguments: &[String]) -> Option<ExitCode> {
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["template", file] => Some(template(file)),
        ["template", ..] | ["--help" | "-h" | "help"] => {
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

fn template(file: &str) -> ExitCode {
    let text = match file {
        "-" => std::io::read_to_string(std::io::stdin()),
        file => std::fs::read_to_string(file),
    };
    let text = match text {
        Ok(text) => text,
        Err(cause) => return refuse(&format!("{file} cannot be read: {cause}")),
    };
    let state: TemplateState = match serde_json::from_str(&text) {
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

fn line(diagnostic: &Diagnostic) -> String {
    format!(
        "{}: {}: {}",
        diagnostic.attribute, diagnostic.summary, diagnostic.detail
    )
}

fn refuse(sentence: &str) -> ExitCode {
    eprintln!("error: {sentence}");
    ExitCode::FAILURE
}
