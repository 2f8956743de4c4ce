//! Starts the plugin, or a command that a person typed.

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = terraform_provider_tap::pipeline::command::run(&arguments) {
        return code;
    }
    let runtime = match terraform_provider_tap::plugin::runtime() {
        Ok(runtime) => runtime,
        Err(cause) => {
            eprintln!("terraform-provider-tap cannot start its runtime: {cause}");
            return ExitCode::FAILURE;
        }
    };
    let provider = Arc::new(terraform_provider_tap::provider::TapProvider::default());
    runtime.block_on(terraform_provider_tap::plugin::serve(
        provider,
        "terraform-provider-tap",
    ))
}
