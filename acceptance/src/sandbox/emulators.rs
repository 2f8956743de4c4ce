//! The two emulator processes: started on free ports of 127.0.0.1, waited for,
//! reset between tests, and never left behind.
//!
//! Each hangs on a pipe to its standard input that only this process holds, so
//! that it ends with the sandbox even when that is killed with -9 (see
//! `scripts/emulator.py`).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::route::Emulator;

/// The account that every emulator believes to be.
pub const ACCOUNT: &str = "123456789012";
/// The region of requests that name none.
pub const REGION: &str = "us-east-1";

const LAUNCHER: &str = include_str!("../../scripts/emulator.py");
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How often both are started, each time on other ports.
const STARTS: usize = 3;
/// How many emulators this process has started.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// Both emulators, and the connections to them.
pub struct Emulators {
    ministack: Process,
    moto: Process,
    client: Client<HttpConnector, Full<Bytes>>,
}

struct Process {
    name: &'static str,
    address: SocketAddr,
    health: &'static str,
    reset: &'static str,
    /// Whether a request reached it since its last reset: moto's takes up to a second.
    used: AtomicBool,
    child: Mutex<Option<Child>>,
    log: PathBuf,
}

impl Emulators {
    /// Starts both and waits until they answer. `endpoint` is the sandbox' own
    /// address, which functions that ministack runs are told to call.
    pub async fn start(python: &Path, logs: &Path, endpoint: &str) -> Result<Self, String> {
        forget_old_logs(logs);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            // The emulators close idle connections after five seconds.
            .pool_idle_timeout(Duration::from_secs(2))
            .build(HttpConnector::new());
        let mut said = String::new();
        // A port that was free may be taken before the emulator listens on it.
        for _ in 0..STARTS {
            let emulators = Self {
                ministack: Process::new(
                    "ministack",
                    "/_ministack/health",
                    "/_ministack/reset",
                    logs,
                )?,
                moto: Process::new("moto", "/moto-api/", "/moto-api/reset", logs)?,
                client: client.clone(),
            };
            emulators.spawn(python, endpoint).await?;
            let ready = tokio::try_join!(
                emulators.ready(&emulators.ministack),
                emulators.ready(&emulators.moto)
            );
            match ready {
                Ok(_) => return Ok(emulators),
                Err(error) => said = error,
            }
        }
        Err(said)
    }

    async fn spawn(&self, python: &Path, endpoint: &str) -> Result<(), String> {
        let port = self.ministack.address.port().to_string();
        self.ministack
            .spawn(
                python,
                &["ministack.app", "main"],
                &[
                    ("BIND_HOST", "127.0.0.1"),
                    ("GATEWAY_PORT", &port),
                    ("MINISTACK_ACCOUNT_ID", ACCOUNT),
                    ("MINISTACK_REGION", REGION),
                    ("SFTP_ENABLED", "0"),
                    ("IOT_MTLS_ENABLED", "0"),
                    ("AWS_ENDPOINT_URL", endpoint),
                    ("AWS_ACCESS_KEY_ID", "test"),
                    ("AWS_SECRET_ACCESS_KEY", "test"),
                    ("LOG_LEVEL", "WARNING"),
                ],
            )
            .await?;
        let port = self.moto.address.port().to_string();
        self.moto
            .spawn(
                python,
                &["moto.server", "main", "-H", "127.0.0.1", "-p", &port],
                &[("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")],
            )
            .await
    }

    async fn ready(&self, process: &Process) -> Result<(), String> {
        let begin = Instant::now();
        loop {
            let request = Request::get(process.uri(process.health)).body(Full::default());
            let request = request.map_err(|error| error.to_string())?;
            // Whoever answers before it listens is another sandbox' emulator.
            if process.listening().exists()
                && let Ok(Ok(answer)) =
                    tokio::time::timeout(Duration::from_secs(5), self.client.request(request)).await
                && answer.status().is_success()
            {
                let _ = std::fs::remove_file(process.listening());
                return Ok(());
            }
            if let Some(child) = process.child.lock().await.as_mut()
                && let Ok(Some(status)) = child.try_wait()
            {
                return Err(format!(
                    "{} ended while starting ({status}); its output is in {}",
                    process.name,
                    process.log.display()
                ));
            }
            if begin.elapsed() > READY_WITHIN {
                return Err(format!(
                    "{} did not answer within {READY_WITHIN:?}; its output is in {}",
                    process.name,
                    process.log.display()
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn process(&self, emulator: Emulator) -> &Process {
        match emulator {
            Emulator::Ministack => &self.ministack,
            Emulator::Moto => &self.moto,
        }
    }

    /// Sends a request on to an emulator, whole, and returns its whole answer.
    /// The Host header stays the caller's: it is part of what was signed.
    pub async fn send(
        &self,
        emulator: Emulator,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, String> {
        let process = self.process(emulator);
        process.used.store(true, Ordering::Relaxed);
        let target = request
            .uri()
            .path_and_query()
            .map_or("/", |target| target.as_str());
        *request.uri_mut() = process
            .uri(target)
            .parse()
            .map_err(|error| format!("{target}: {error}"))?;
        let answer = self.client.request(request.map(Full::new)).await;
        let answer =
            answer.map_err(|error| format!("{} does not answer: {error}", process.name))?;
        let (parts, body) = answer.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| format!("{} broke off its answer: {error}", process.name))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }

    /// Makes both accounts empty.
    pub async fn reset(&self) -> Result<(), String> {
        tokio::try_join!(self.reset_one(&self.ministack), self.reset_one(&self.moto))?;
        Ok(())
    }

    async fn reset_one(&self, process: &Process) -> Result<(), String> {
        if !process.used.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let request = Request::builder()
            .method(Method::POST)
            .uri(process.uri(process.reset))
            .body(Full::default());
        let request = request.map_err(|error| error.to_string())?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| format!("{} does not answer: {error}", process.name))?;
        match answer.status() {
            StatusCode::OK => Ok(()),
            status => Err(format!("{} refused to reset: {status}", process.name)),
        }
    }

    /// Whether both still run.
    pub async fn alive(&self) -> bool {
        for process in [&self.ministack, &self.moto] {
            if let Some(child) = process.child.lock().await.as_mut()
                && !matches!(child.try_wait(), Ok(None))
            {
                return false;
            }
        }
        true
    }

    /// The process ids of both, by name.
    pub async fn ids(&self) -> BTreeMap<&'static str, Option<u32>> {
        let mut ids = BTreeMap::new();
        for process in [&self.ministack, &self.moto] {
            ids.insert(
                process.name,
                process.child.lock().await.as_ref().and_then(Child::id),
            );
        }
        ids
    }

    /// Ends both and waits until they are gone. Their logs go with them: whoever
    /// wants to read one looks while the sandbox runs, or after it has failed.
    pub async fn stop(&self) {
        for process in [&self.ministack, &self.moto] {
            if let Some(mut child) = process.child.lock().await.take() {
                drop(child.stdin.take());
                if tokio::time::timeout(Duration::from_secs(2), child.wait())
                    .await
                    .is_err()
                {
                    let _ = child.kill().await;
                }
                let _ = std::fs::remove_file(&process.log);
            }
        }
    }
}

impl Process {
    fn new(
        name: &'static str,
        health: &'static str,
        reset: &'static str,
        logs: &Path,
    ) -> Result<Self, String> {
        let address =
            free_address().map_err(|error| format!("no free port on 127.0.0.1: {error}"))?;
        // Another sandbox may have found the same port free, in this process or in
        // another one: what it says of its own is not said of ours.
        let (process, nth) = (std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let log = logs.join(format!("{name}-{}-{process}-{nth}.log", address.port()));
        Ok(Self {
            name,
            address,
            health,
            reset,
            used: AtomicBool::new(false),
            child: Mutex::new(None),
            log,
        })
    }

    /// A file that is there when it listens.
    fn listening(&self) -> PathBuf {
        self.log.with_extension("listening")
    }

    fn uri(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    async fn spawn(
        &self,
        python: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<(), String> {
        if let Some(folder) = self.log.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        }
        let log = std::fs::File::create(&self.log)
            .map_err(|error| format!("cannot write {}: {error}", self.log.display()))?;
        let errors = log.try_clone().map_err(|error| error.to_string())?;
        let mut command = Command::new(python);
        // Nothing of the caller's: neither credentials nor settings that the emulators would read.
        command.env_clear();
        for name in ["PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let _ = std::fs::remove_file(self.listening());
        command
            .args(["-c", LAUNCHER])
            .args(arguments)
            .env("TAP_PORT", self.address.port().to_string())
            .env("TAP_LISTENING", self.listening())
            .envs(environment.iter().copied());
        command
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .kill_on_drop(true);
        let child = command
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", self.name))?;
        *self.child.lock().await = Some(child);
        Ok(())
    }
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A sandbox that was killed leaves its logs behind; after a day nobody asks for them.
fn forget_old_logs(logs: &Path) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    for entry in std::fs::read_dir(logs).into_iter().flatten().flatten() {
        let age = entry
            .metadata()
            .and_then(|file| file.modified())
            .map(|time| time.elapsed());
        if matches!(age, Ok(Ok(age)) if age > DAY) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
