//! From accepted sockets to connections the gRPC server can use.
//!
//! TLS handshakes run beside each other, each with a deadline: a client that
//! connects and says nothing must not keep Terraform waiting at the door.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::socket::{Socket, Stream};

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Accepts for as long as the returned stream is alive. Without `tls`, which is
/// for debugging only, the file system's permissions are all that protects the
/// socket.
pub(super) fn connections(
    socket: Arc<Socket>,
    tls: Option<Arc<ServerConfig>>,
) -> ReceiverStream<io::Result<Connection>> {
    let (sender, receiver) = mpsc::channel(8);
    let acceptor = tls.map(TlsAcceptor::from);
    tokio::spawn(async move {
        while !sender.is_closed() {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = sender.closed() => break,
            };
            match accepted {
                Ok(stream) => {
                    tokio::spawn(greet(stream, acceptor.clone(), sender.clone()));
                }
                Err(error) => {
                    // Such as too many open files: it may pass.
                    tracing::warn!(%error, "A connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    });
    ReceiverStream::new(receiver)
}

async fn greet(
    stream: Stream,
    acceptor: Option<TlsAcceptor>,
    accepted: mpsc::Sender<io::Result<Connection>>,
) {
    let connection = match acceptor {
        None => Connection::Plain(stream),
        Some(acceptor) => {
            match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => Connection::Tls(Box::new(stream)),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "Refused a client that is not the one expected");
                    return;
                }
                Err(_) => {
                    tracing::warn!("Refused a client that did not finish its handshake");
                    return;
                }
            }
        }
    };
    // An error means that the server is gone.
    _ = accepted.send(Ok(connection)).await;
}

/// One client's connection.
pub(super) enum Connection {
    Tls(Box<TlsStream<Stream>>),
    Plain(Stream),
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
