//! Runs the sandbox in the foreground: an AWS account on this machine, for
//! people who want to try the provider and for `make demo`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use acceptance::sandbox::install::{DIRECTORY_VARIABLE, PYTHON_VARIABLE};
use acceptance::sandbox::server::{self, Options, Sandbox};
use terraform_provider_tap::aws::Service;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
usage: sandbox [--port N] [--venv DIRECTORY] [--requirements FILE] [--endpoint-file FILE] [--until-stdin-closes]

Serves an AWS account on 127.0.0.1 until it is interrupted.

  --port N              the port to serve on (default: any free one)
  --venv DIRECTORY      the emulators' Python environment (default: $TAP_SANDBOX_VENV, else .sandbox/venv
                        below the checkout); it is made when it is missing or out of date
  --requirements FILE   what to install into it (default: the versions this binary was built with)
  --endpoint-file FILE  where to write the endpoint once it answers
  --until-stdin-closes  end when standard input closes, so that the sandbox dies with what started it";

struct Arguments {
    options: Options,
    endpoint_file: Option<PathBuf>,
    until_stdin_closes: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("sandbox: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let Some(Arguments {
        options,
        endpoint_file,
        until_stdin_closes,
    }) = arguments(std::env::args().skip(1))?
    else {
        println!("{USAGE}\n\nAlso read: {DIRECTORY_VARIABLE}, {PYTHON_VARIABLE}.");
        return Ok(());
    };
    let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let ended = async {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
            () = stdin_closed(until_stdin_closes) => {}
        }
    };
    tokio::pin!(ended);
    let sandbox = tokio::select! {
        sandbox = server::start(options, |line| eprintln!("sandbox: {line}")) => sandbox?,
        () = &mut ended => return Ok(()),
    };
    if let Some(file) = endpoint_file {
        std::fs::write(&file, &sandbox.endpoint)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    welcome(&sandbox);
    tokio::select! {
        () = ended => {}
        () = sandbox.ended.cancelled() => {}
    }
    eprintln!("sandbox: ending the emulators");
    sandbox.emulators.stop().await;
    Ok(())
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments {
        options: Options::default(),
        endpoint_file: None,
        until_stdin_closes: false,
    };
    while let Some(argument) = given.next() {
        let mut value = || {
            given
                .next()
                .ok_or_else(|| format!("{argument} needs a value\n{USAGE}"))
        };
        match argument.as_str() {
            "--port" => {
                let port = value()?;
                arguments.options.port =
                    port.parse().map_err(|_| format!("{port} is not a port"))?;
            }
            "--venv" => arguments.options.environment = PathBuf::from(value()?),
            "--requirements" => {
                let file = value()?;
                arguments.options.requirements = std::fs::read_to_string(&file)
                    .map_err(|error| format!("cannot read {file}: {error}"))?;
            }
            "--endpoint-file" => arguments.endpoint_file = Some(PathBuf::from(value()?)),
            "--until-stdin-closes" => arguments.until_stdin_closes = true,
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("there is no argument {other}\n{USAGE}")),
        }
    }
    Ok(Some(arguments))
}

/// Returns when standard input is at its end; never, unless asked to watch it.
/// A thread of its own, because a read of standard input cannot be cancelled
/// and the runtime would wait for it at the end.
async fn stdin_closed(watch: bool) {
    if !watch {
        return std::future::pending().await;
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = tell.send(());
    });
    let _ = told.await;
}

/// What to do with it, ready to be pasted.
fn welcome(sandbox: &Arc<Sandbox>) {
    let endpoint = &sandbox.endpoint;
    // One that is not named is AWS' own.
    let services: Vec<&str> = Service::ALL.iter().map(|one| one.name()).collect();
    println!(
        "The sandbox account 123456789012 answers at {endpoint}. For the AWS CLI, boto3 and Terraform:\n"
    );
    for (name, value) in server::environment(endpoint) {
        println!("  export {name}={value}");
    }
    println!(
        r#"
or as a provider block:

  provider "tap" {{
    region            = "us-east-1"
    access_key        = "test"
    secret_key        = "test"
    s3_use_path_style = true

    skip_credentials_validation = true
    skip_metadata_api_check     = true

    endpoints = {{ for service in {services:?} : service => "{endpoint}" }}
  }}

Look into it:      curl {endpoint}/_sandbox/account
See the calls:     curl {endpoint}/_sandbox/calls
Make bad weather:  curl -X POST {endpoint}/_sandbox/weather -d '{{"match": {{"service": "kms", "nth": 3}}, "action": "throttle"}}'
Start anew:        curl -X POST {endpoint}/_sandbox/reset

Interrupt (Ctrl-C) to end it."#
    );
}
