//! The one endpoint. Accepts connections, tells control calls from AWS calls,
//! and takes an AWS call through recorder, weather, shims and emulator.
//!
//! Guarantees: a call that was received runs to its end although its caller has
//! hung up, as it does at AWS; only what the weather holds back is given up
//! then. After a reset nothing that was sent before it takes effect any more.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use super::emulators::{Emulators, REGION};
use super::recorder::{Outcome, Recorder};
use super::reply::{self, Reply};
use super::request::Inbound;
use super::rest_operation::Operations;
use super::shims::{Shims, Traces};
use super::weather::holds::Holds;
use super::weather::untagged::untagged;
use super::weather::{Fate, Weather, When};
use super::{control, install, route};

/// Everything a running sandbox is made of.
pub struct Sandbox {
    pub endpoint: String,
    pub operations: Operations,
    pub emulators: Arc<Emulators>,
    pub recorder: Recorder,
    pub weather: Weather,
    pub holds: Holds,
    pub shims: Shims,
    /// Read by every call that takes effect, written by a reset.
    gate: RwLock<()>,
    /// How often it was reset; a call of an earlier time has no effect.
    era: AtomicU64,
    /// Set when the control API was asked to end the sandbox.
    pub ended: CancellationToken,
}

/// How to start a sandbox.
pub struct Options {
    /// 0: any free one.
    pub port: u16,
    pub environment: PathBuf,
    pub requirements: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            environment: install::default_directory(),
            requirements: install::REQUIREMENTS.to_owned(),
        }
    }
}

/// Installs what is missing, starts the emulators and serves until `ended` is
/// cancelled. Returns as soon as the endpoint answers.
pub async fn start(options: Options, say: fn(&str)) -> Result<Arc<Sandbox>, String> {
    let Options {
        port,
        environment,
        requirements,
    } = options;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener =
        listener.map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let endpoint = format!("http://{address}");
    let logs = environment.with_file_name("logs");
    let installed = tokio::task::spawn_blocking(move || {
        let python = install::install(&environment, &requirements, &say)?;
        let operations = Operations::load(&python, &environment)?;
        Ok::<_, String>((python, operations))
    });
    let (python, operations) = installed
        .await
        .map_err(|error| format!("the installation broke off: {error}"))??;
    say("starting the emulators");
    let mut emulators = Emulators::start(&python, &logs, &endpoint).await;
    for _ in 0..2 {
        // Another process may have taken the port that was just found free.
        if emulators.is_ok() {
            break;
        }
        emulators = Emulators::start(&python, &logs, &endpoint).await;
    }
    let sandbox = Arc::new(Sandbox {
        endpoint,
        operations,
        emulators: Arc::new(emulators?),
        recorder: Recorder::default(),
        weather: Weather::default(),
        holds: Holds::default(),
        shims: Shims::default(),
        gate: RwLock::new(()),
        era: AtomicU64::new(0),
        ended: CancellationToken::new(),
    });
    tokio::spawn(accept(listener, Arc::clone(&sandbox)));
    Ok(sandbox)
}

async fn accept(listener: TcpListener, sandbox: Arc<Sandbox>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sandbox.ended.cancelled() => return,
        };
        // A failed accept concerns one caller, or a limit that passes.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let sandbox = Arc::clone(&sandbox);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&sandbox), request));
            // An error here is a caller that hung up, or one that was hung up on.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the weather dropped the connection")
    }
}

impl std::error::Error for Dropped {}

async fn answer(
    sandbox: Arc<Sandbox>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let (parts, body) = request.into_parts();
    // A caller that broke off in its own request has not made one.
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    let control = parts
        .uri
        .path()
        .strip_prefix("/_sandbox/")
        .map(str::to_owned);
    if let Some(path) = control {
        return Ok(control::answer(&sandbox, &parts, &path, &body)
            .await
            .map(Full::new));
    }
    // In a task of its own, so that a caller who hangs up does not undo what was received.
    let gone = CancellationToken::new();
    let _hung_up = gone.clone().drop_guard();
    let call = tokio::spawn(async move {
        let call = Inbound::new(parts, body, &sandbox.operations);
        sandbox.call(call, &gone).await
    });
    match call.await {
        Ok(Some(reply)) => Ok(reply.map(Full::new)),
        Ok(None) | Err(_) => Err(Dropped),
    }
}

impl Sandbox {
    /// An AWS call, from its arrival to its answer. None: the connection breaks.
    async fn call(&self, call: Inbound, gone: &CancellationToken) -> Option<Reply> {
        let era = self.era.load(Ordering::SeqCst);
        let begin = Instant::now();
        let sequence = self.recorder.arrived(&call);
        let verdict = self.weather.judge(&call, begin);
        for name in &verdict.names {
            self.recorder.weather(sequence, name);
        }
        tokio::time::sleep(verdict.delay).await;
        let mut traces = Traces::default();
        let reply = self
            .fated(sequence, &call, verdict.fate, era, &mut traces, gone)
            .await;
        let outcome = Outcome {
            status: reply.as_ref().map(|reply| reply.status().as_u16()),
            error: reply.as_ref().and_then(reply::error_code),
            shims: traces.names(),
        };
        self.recorder.ended(sequence, begin, outcome);
        reply
    }

    async fn fated(
        &self,
        sequence: u64,
        call: &Inbound,
        fate: Option<Fate>,
        era: u64,
        traces: &mut Traces,
        gone: &CancellationToken,
    ) -> Option<Reply> {
        match fate {
            None => self.effect(call, era, traces).await,
            Some(Fate::Refused(reply)) => Some(*reply),
            Some(Fate::DroppedBefore) => None,
            Some(Fate::Denied(reply)) => {
                self.effect(call, era, traces).await?;
                Some(*reply)
            }
            Some(Fate::DroppedAfter) => {
                self.effect(call, era, traces).await?;
                None
            }
            Some(Fate::Untagged) => {
                let reply = self.effect(call, era, traces).await?;
                Some(untagged(call, reply))
            }
            Some(Fate::HeldBefore) => {
                match self.holds.hold(sequence, call, When::Before, gone).await {
                    true => self.effect(call, era, traces).await,
                    false => None,
                }
            }
            Some(Fate::HeldAfter) => {
                let reply = self.effect(call, era, traces).await?;
                self.holds
                    .hold(sequence, call, When::After, gone)
                    .await
                    .then_some(reply)
            }
        }
    }

    /// What the account does with a call. None: it was reset meanwhile.
    async fn effect(&self, call: &Inbound, era: u64, traces: &mut Traces) -> Option<Reply> {
        let _open = self.gate.read().await;
        if era != self.era.load(Ordering::SeqCst) {
            return None;
        }
        Some(self.shims.carry_out(&self.emulators, call, traces).await)
    }

    /// Empties the account, the record and the weather.
    pub async fn reset(&self) -> Result<(), String> {
        self.weather.clear();
        self.holds.abandon();
        self.era.fetch_add(1, Ordering::SeqCst);
        let _closed = self.gate.write().await;
        self.emulators.reset().await?;
        self.shims.reset();
        self.recorder.reset();
        Ok(())
    }
}

/// Sends a call to the emulator of its service, as it is.
pub async fn forward(emulators: &Emulators, call: &Inbound) -> Reply {
    let mut request = Request::new(call.body.clone());
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = call.target.parse().unwrap_or_default();
    *request.headers_mut() = end_to_end(&call.headers);
    match emulators
        .send(route::emulator(&call.service), request)
        .await
    {
        Ok(mut reply) => {
            let mut headers = end_to_end(reply.headers());
            if call.method == Method::HEAD {
                // The length of what a GET would have brought.
                if let Some(length) = reply.headers().get("content-length") {
                    headers.insert("content-length", length.clone());
                }
            }
            *reply.headers_mut() = headers;
            reply
        }
        Err(message) => reply::error(call, 502, "SandboxEmulatorUnreachable", &message),
    }
}

/// Headers without those that belong to one connection.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    const HOP: &[&str] = &[
        "connection",
        "keep-alive",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "content-length",
        "proxy-connection",
    ];
    let mut kept = HeaderMap::new();
    for (name, value) in headers {
        if !HOP.contains(&name.as_str()) {
            kept.append(name, value.clone());
        }
    }
    kept
}

/// The environment in which a process takes the sandbox for AWS.
pub fn environment(endpoint: &str) -> BTreeMap<String, String> {
    let pairs = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        // The emulators have none. A test of the limits puts it back.
        ("TAP_CONTROL_PLANE_LIMITS", "off"),
        // No profile of the user's may reach into the sandbox, nor the sandbox into one.
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
