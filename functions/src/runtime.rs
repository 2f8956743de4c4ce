//! Between the Lambda runtime API and the operations.

use crate::clients::Clients;
use crate::error::Failure;
use crate::operation::{Function, Invocation, Operation, handle};
use crate::settings::Settings;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use std::sync::OnceLock;

/// Serves invocations until Lambda ends the environment.
pub fn serve() -> Result<(), lambda_runtime::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let function = function()?;
    let function = &function;
    runtime.block_on(lambda_runtime::run(service_fn(
        async |event: LambdaEvent<Value>| -> Result<Value, Diagnostic> {
            let context = event.context;
            let invocation = Invocation {
                deadline: context.deadline(),
                function_version: context.env_config.version.clone(),
                request_id: context.request_id,
                trace: context.xray_trace_id,
            };
            let answer = handle(function, &invocation, event.payload).await;
            // Lambda keeps the message, in the log and at a failed event's destination.
            answer.map_err(|failure| Diagnostic {
                error_type: failure.kind().to_owned(),
                error_message: function.shown(&failure.to_string()),
            })
        },
    )))
}

fn function() -> Result<Function, Failure> {
    let handler = std::env::var("_HANDLER").unwrap_or_default();
    let program = std::env::current_exe().map_err(|error| Failure::Local {
        operation: "finding this program",
        cause: error.to_string(),
    })?;
    Ok(Function {
        operation: Operation::from_handler(&handler)?,
        settings: Settings::from_env()?,
        clients: Clients::from_env(),
        program,
        masks: OnceLock::new(),
    })
}
