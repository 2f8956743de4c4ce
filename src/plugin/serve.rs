//! [`serve`]: the life of the process.
//!
//! # From start to end
//!
//! Terraform starts the binary with the magic cookie and its certificate in the
//! environment, reads one line from stdout that says where to connect and with
//! which certificate, and ends it through go-plugin's controller. Started by
//! hand, the binary says what it is.
//!
//! # When it ends otherwise
//!
//! - *Terraform is gone* (killed): the calls under way are asked to stop, given
//!   [`GRACE`], and the process ends.
//! - *A signal*: the calls under way are asked to stop, and the process stays,
//!   because Terraform is waiting for what they return.
//! - *`--debug`*: for a debugger. It serves any number of runs of Terraform,
//!   without TLS (Terraform reattaches without it) on a socket that only its
//!   user can open, until a signal ends it.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tracing_subscriber::filter::LevelFilter;

use super::call::{Calls, install_panic_hook};
use super::environment::{Environment, PROTOCOL};
use super::goplugin::{Housekeeping, SERVICE};
use super::parent::Parent;
use super::proto::goplugin::{
    grpc_broker_server::GrpcBrokerServer, grpc_controller_server::GrpcControllerServer,
    grpc_stdio_server::GrpcStdioServer,
};
use super::proto::tfplugin6::provider_server::ProviderServer;
use super::service::Service;
use super::signals::Signals;
use super::socket::{self, Address};
use super::tls::{self, ServerTls, TlsError};
use super::{MESSAGE_LIMIT, ServedProvider, listener, log, stop};

/// How long the calls under way may take to stop once nobody waits for them.
const GRACE: Duration = Duration::from_secs(10);

/// How long connections may take to close after the last call.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why the provider could not be served.
#[derive(Debug, Error)]
enum ServeError {
    #[error(
        "PLUGIN_CLIENT_CERT is not set: this provider only speaks to a client that shows a \
         certificate. Is TF_DISABLE_PLUGIN_TLS set?"
    )]
    NoClientCertificate,
    #[error("--debug needs a Unix socket: on a port, anyone on this machine could connect")]
    NoSocketToDebug,
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot listen: {0}")]
    Listen(#[source] io::Error),
    #[error("cannot handle signals: {0}")]
    Signals(#[source] io::Error),
    #[error("cannot write the handshake to stdout: {0}")]
    Handshake(#[source] io::Error),
    #[error("the gRPC server failed: {0}")]
    Server(#[source] tonic::transport::Error),
}

/// Serves `provider` until Terraform ends it; `name` is that of the binary.
///
/// To be called from `main` and returned from it. Looks at the arguments of the
/// process for `--debug [ADDRESS]`.
pub async fn serve(provider: Arc<dyn ServedProvider>, name: &str) -> ExitCode {
    let parent = Parent::now();
    tls::choose_crypto();
    let environment = Environment::read();
    let debug = debug_address(name, std::env::args().skip(1));
    if debug.is_none() && !environment.started_by_terraform {
        explain(name);
        return ExitCode::FAILURE;
    }
    let level = match debug {
        Some(_) => LevelFilter::INFO,
        None => LevelFilter::ERROR,
    };
    log::init(name, level);
    install_panic_hook();
    match run(provider, environment, debug, parent).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "The provider could not be served");
            ExitCode::FAILURE
        }
    }
}

fn explain(name: &str) {
    let text = format!(
        "{name} is a Terraform provider: terraform and tofu start it by themselves and it does \
         nothing on its own.\nName it in required_providers and run `terraform init`; \
         `{name} --debug` serves it to a debugger.\n"
    );
    // There is nothing left to do if stderr is closed.
    _ = io::stderr().write_all(text.as_bytes());
}

async fn run(
    provider: Arc<dyn ServedProvider>,
    environment: Environment,
    debug: Option<String>,
    parent: Parent,
) -> Result<(), ServeError> {
    if debug.is_some() && cfg!(not(unix)) {
        return Err(ServeError::NoSocketToDebug);
    }
    let tls = match (&environment.client_certificate, &debug) {
        (_, Some(_)) => None,
        (Some(pem), None) => Some(ServerTls::for_client(pem)?),
        (None, None) => return Err(ServeError::NoClientCertificate),
    };
    // Before the handshake: a signal right after it must not end the process.
    let mut signals = Signals::swallow().map_err(ServeError::Signals)?;
    let socket = Arc::new(socket::bind(&environment).map_err(ServeError::Listen)?);
    let address = socket.address.clone();
    let calls = Calls::default();
    let shutdown = CancellationToken::new();
    let config = tls.as_ref().map(|tls| tls.config.clone());
    let server = router(
        Service::new(provider, calls.clone(), debug.is_some()),
        Housekeeping {
            shutdown: shutdown.clone(),
        },
    )
    .await
    .serve_with_incoming_shutdown(
        listener::connections(socket.clone(), config),
        shutdown.clone().cancelled_owned(),
    );
    tokio::pin!(server);

    let hello = match (&debug, &tls) {
        (Some(provider), _) => reattach_line(provider, &address),
        (None, Some(tls)) => handshake_line(&environment, &address, &tls.certificate),
        (None, None) => return Err(ServeError::NoClientCertificate),
    };
    say(&hello).map_err(ServeError::Handshake)?;
    tracing::debug!(%address, "Listening");
    if !environment.offered.is_empty() && !environment.offered.contains(&PROTOCOL) {
        tracing::warn!("Terraform does not speak protocol {PROTOCOL} and will say so");
    }

    let orphaned = async {
        match debug {
            Some(_) => std::future::pending().await,
            None => parent.gone().await,
        }
    };
    tokio::pin!(orphaned);
    loop {
        tokio::select! {
            result = &mut server => return result.map_err(ServeError::Server),
            () = shutdown.cancelled() => break,
            () = &mut orphaned => {
                tracing::warn!("Terraform is gone; stopping");
                break;
            }
            signal = signals.next() => {
                tracing::info!(signal, "Asked to stop by a signal");
                stop::stop();
                if debug.is_some() {
                    break;
                }
            }
        }
    }

    stop::stop();
    let finished = async {
        calls.finished().await;
        shutdown.cancel();
        // Answers still have to be written out.
        tokio::time::timeout(FAREWELL, &mut server).await
    };
    let in_time = tokio::select! {
        finished = tokio::time::timeout(GRACE, finished) => finished.is_ok(),
        signal = signals.next(), if debug.is_some() => {
            tracing::warn!(signal, "Asked again; ending at once");
            false
        }
    };
    // The accepting task may still hold it, so nothing waits for its drop.
    socket.remove();
    if !in_time {
        tracing::error!("Calls under way did not stop in time; ending without them");
        // Returning would wait for them once more, in the runtime's drop.
        std::process::exit(1);
    }
    Ok(())
}

async fn router(service: Service, housekeeping: Housekeeping) -> tonic::transport::server::Router {
    const WINDOW: u32 = 16 * 1024 * 1024;
    let (health, health_service) = tonic_health::server::health_reporter();
    health
        .set_service_status(SERVICE, tonic_health::ServingStatus::Serving)
        .await;
    let provider = ProviderServer::new(service)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Server::builder()
        // The default window makes a 20 MB state crawl.
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .add_service(provider)
        .add_service(health_service)
        .add_service(GrpcControllerServer::new(housekeeping.clone()))
        .add_service(GrpcStdioServer::new(housekeeping.clone()))
        .add_service(GrpcBrokerServer::new(housekeeping))
}

/// What go-plugin reads: its own version, the protocol's, where to connect, how
/// to speak, and the certificate to expect.
fn handshake_line(
    environment: &Environment,
    address: &Address,
    certificate: &CertificateDer<'_>,
) -> String {
    let certificate = STANDARD_NO_PAD.encode(certificate);
    let mut line = format!("1|{PROTOCOL}|{address}|grpc|{certificate}");
    if environment.asks_for_multiplexing {
        line.push_str("|false");
    }
    line
}

/// What to export so that Terraform connects to this process.
fn reattach_line(provider: &str, address: &Address) -> String {
    let reattach = serde_json::json!({
        provider: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": std::process::id(),
            // Keeps Terraform from ending the process after the first run.
            "Test": true,
            "Addr": { "Network": address.network, "String": address.place },
        }
    });
    format!("TF_REATTACH_PROVIDERS='{reattach}'")
}

/// The provider's source address, if debugging is asked for: the one after
/// `--debug`, or that of a binary called `terraform-provider-NAME`.
fn debug_address(name: &str, arguments: impl Iterator<Item = String>) -> Option<String> {
    let mut arguments = arguments.skip_while(|argument| argument != "--debug");
    arguments.next()?;
    Some(arguments.next().unwrap_or_else(|| {
        let provider = name.strip_prefix("terraform-provider-").unwrap_or(name);
        format!("registry.terraform.io/hashicorp/{provider}")
    }))
}

/// `println` would panic when nobody reads.
fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address {
            network: "unix",
            place: "/tmp/plugin-1/socket".to_owned(),
        }
    }

    #[test]
    fn the_handshake_line_has_six_parts_unless_asked_for_a_seventh() {
        let certificate = CertificateDer::from(vec![1, 2, 3, 4]);
        let mut environment = Environment::default();
        assert_eq!(
            handshake_line(&environment, &address(), &certificate),
            "1|6|unix|/tmp/plugin-1/socket|grpc|AQIDBA"
        );
        environment.asks_for_multiplexing = true;
        assert!(
            handshake_line(&environment, &address(), &certificate).ends_with("|grpc|AQIDBA|false")
        );
    }

    #[test]
    fn debugging_is_asked_for_with_or_without_an_address() {
        let given = |arguments: &[&str]| {
            let arguments = arguments.iter().map(|&argument| argument.to_owned());
            debug_address("terraform-provider-tap", arguments)
        };
        assert_eq!(given(&[]), None);
        assert_eq!(given(&["--debug", "a/b"]).as_deref(), Some("a/b"));
        assert_eq!(
            given(&["--debug"]).as_deref(),
            Some("registry.terraform.io/hashicorp/tap")
        );
    }

    #[test]
    fn the_reattach_line_is_json_in_quotes() {
        let line = reattach_line("a/b", &address());
        let json = line.strip_prefix("TF_REATTACH_PROVIDERS='").unwrap();
        let json: serde_json::Value =
            serde_json::from_str(json.strip_suffix('\'').unwrap()).unwrap();
        assert_eq!(json["a/b"]["Addr"]["String"], "/tmp/plugin-1/socket");
        assert_eq!(json["a/b"]["ProtocolVersion"], 6);
    }
}
