//! The `bootstrap` of every function of a pipeline: the handler is the value
//! of `_HANDLER`. Run as `bootstrap parse ...` it is the child in which a
//! document is parsed, with limits of its own; built without the feature
//! `aws` it is nothing but that child.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("parse") {
        return tap_functions::document::child_main(arguments);
    }
    serve()
}

#[cfg(feature = "aws")]
fn serve() -> ExitCode {
    match tap_functions::runtime::serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Lambda shows the last lines of a runtime that did not come up.
            let log = tap_functions::log::Log::new("init", "", None);
            log.error(&error.to_string(), serde_json::Value::Null);
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(feature = "aws"))]
fn serve() -> ExitCode {
    eprintln!("built without the feature aws, this is only a parser: bootstrap parse ...");
    ExitCode::FAILURE
}
