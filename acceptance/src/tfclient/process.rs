//! The provider's process: starting it, connecting to it, ending it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use terraform_provider_tap::plugin::proto::goplugin::{
    self, grpc_controller_client::GrpcControllerClient,
};
use terraform_provider_tap::plugin::proto::tfplugin6::provider_client::ProviderClient;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio_rustls::TlsConnector;
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint};

use super::resource::Resource;
use super::schema::Schemas;
use super::{Error, Identity, tls};

const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
const MESSAGE_LIMIT: usize = 256 * 1024 * 1024;
const START_LIMIT: Duration = Duration::from_secs(30);

/// How to start a provider.
#[derive(Clone, Debug)]
pub struct Start {
    binary: PathBuf,
    environment: Vec<(OsString, OsString)>,
    dir: Option<PathBuf>,
    write_only: bool,
}

impl Start {
    /// The binary, with the environment of this process.
    pub fn new(binary: impl AsRef<Path>) -> Self {
        Self {
            binary: binary.as_ref().to_owned(),
            environment: Vec::new(),
            dir: None,
            write_only: true,
        }
    }

    /// Adds a variable to its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Its working directory; Terraform's own is the configuration's.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Plays a client that does not know write-only attributes.
    #[must_use]
    pub fn without_write_only(mut self) -> Self {
        self.write_only = false;
        self
    }
}

/// A running provider. Dropping it kills it (-9).
pub struct Provider {
    child: AsyncMutex<Child>,
    pid: u32,
    pub(super) client: ProviderClient<Channel>,
    channel: Channel,
    log: Arc<Mutex<Vec<String>>>,
    handshake: Handshake,
    identity: Identity,
    pub(super) schemas: OnceCell<Schemas>,
    pub(super) write_only: bool,
}

/// What the handshake line said.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The socket.
    pub socket: PathBuf,
    certificate: CertificateDer<'static>,
}

impl Provider {
    /// Starts the binary, shakes hands and connects.
    pub async fn start(start: Start) -> Result<Self, Error> {
        let identity = Identity::new()?;
        let mut command = Command::new(&start.binary);
        command
            .env(COOKIE.0, COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .env("PLUGIN_CLIENT_CERT", identity.pem())
            .envs(start.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(dir) = start.dir {
            command.current_dir(dir);
        }
        let name = start.binary.display().to_string();
        let mut child = command.spawn().map_err(|error| Error::Start(name, error))?;
        let pid = child.id().unwrap_or_default();
        let log = Arc::new(Mutex::new(Vec::new()));
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(collect(stderr, log.clone()));
        }
        let line = first_line(&mut child).await?;
        let handshake = Handshake::parse(&line)?;
        let channel = handshake.connect(Some(&identity)).await?;
        Ok(Self {
            child: AsyncMutex::new(child),
            pid,
            client: ProviderClient::new(channel.clone())
                .max_decoding_message_size(MESSAGE_LIMIT)
                .max_encoding_message_size(MESSAGE_LIMIT),
            channel,
            log,
            handshake,
            identity,
            schemas: OnceCell::new(),
            write_only: start.write_only,
        })
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Where it listens, to connect to it as somebody else.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// The connection, for services this client has no methods for.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A further connection, which is closed by dropping it.
    pub async fn another_channel(&self) -> Result<Channel, Error> {
        self.handshake.connect(Some(&self.identity)).await
    }

    /// What it has written to stderr so far.
    pub fn log(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A resource of this type that does not exist yet.
    pub fn resource(&self, type_name: &str) -> Resource {
        Resource::new(type_name)
    }

    /// Ends it as Terraform does when its work is done.
    pub async fn shutdown(&self) -> Result<ExitStatus, Error> {
        let mut controller = GrpcControllerClient::new(self.channel.clone());
        // Its connection may close before the answer is here.
        _ = controller.shutdown(goplugin::Nothing {}).await;
        self.exited().await
    }

    /// kill -9.
    pub async fn kill(&self) -> Result<ExitStatus, Error> {
        let mut child = self.child.lock().await;
        // An error means that it has ended already.
        _ = child.start_kill();
        let ended = child.wait().await;
        ended.map_err(|error| Error::Start("the provider".into(), error))
    }

    /// Sends a signal by its short name, such as `INT`.
    pub async fn signal(&self, name: &str) -> Result<(), Error> {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).arg(self.pid.to_string());
        let status = kill.status().await;
        status.map_err(|error| Error::Start("kill".into(), error))?;
        Ok(())
    }

    /// Waits for it to end by itself.
    pub async fn exited(&self) -> Result<ExitStatus, Error> {
        let ended = self.child.lock().await.wait().await;
        ended.map_err(|error| Error::Start("the provider".into(), error))
    }
}

impl Drop for Provider {
    /// A process that is killed cannot remove its socket, and a kill matrix
    /// leaves hundreds.
    fn drop(&mut self) {
        let socket = &self.handshake.socket;
        _ = std::fs::remove_file(socket);
        if let Some(dir) = socket.parent() {
            _ = std::fs::remove_dir(dir); // which fails if there is anything else in it
        }
    }
}

impl Handshake {
    fn parse(line: &str) -> Result<Self, Error> {
        let refused = || Error::Handshake(format!("{line:?} is not a handshake"));
        let parts: Vec<&str> = line.trim_end().split('|').collect();
        let &["1", "6", "unix", socket, "grpc", certificate] = parts.as_slice() else {
            return Err(refused());
        };
        let certificate = STANDARD_NO_PAD.decode(certificate).map_err(|_| refused())?;
        Ok(Self {
            socket: socket.into(),
            certificate: certificate.into(),
        })
    }

    /// A connection that shows `identity`, which only the right one will get.
    pub async fn connect(&self, identity: Option<&Identity>) -> Result<Channel, Error> {
        let config = Arc::new(tls::config(self.certificate.clone(), identity)?);
        let connector = Connector {
            socket: self.socket.clone(),
            tls: TlsConnector::from(config),
        };
        Endpoint::from_static("http://localhost")
            .initial_stream_window_size(16 * 1024 * 1024)
            .initial_connection_window_size(16 * 1024 * 1024)
            .connect_with_connector(connector)
            .await
            .map_err(Error::Connect)
    }
}

/// Opens the socket and speaks TLS on it.
#[derive(Clone)]
struct Connector {
    socket: PathBuf,
    tls: TlsConnector,
}

type Stream = TokioIo<tokio_rustls::client::TlsStream<UnixStream>>;

impl tonic::codegen::Service<Uri> for Connector {
    type Response = Stream;
    type Error = std::io::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = std::io::Result<Stream>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { socket, tls } = self.clone();
        Box::pin(async move {
            let stream = UnixStream::connect(socket).await?;
            let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
            Ok(TokioIo::new(tls.connect(name, stream).await?))
        })
    }
}

async fn first_line(child: &mut Child) -> Result<String, Error> {
    let none = || Error::Handshake("the provider has no stdout".into());
    let mut lines = BufReader::new(child.stdout.take().ok_or_else(none)?).lines();
    let line = tokio::time::timeout(START_LIMIT, lines.next_line()).await;
    let line = match line {
        Ok(Ok(Some(line))) => line,
        Ok(_) => return Err(Error::Handshake("the provider ended without one".into())),
        Err(_) => return Err(Error::Handshake("the provider took too long".into())),
    };
    // Whatever else it prints must not fill the pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(line)
}

async fn collect(stderr: tokio::process::ChildStderr, log: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }
}
