//! Who is let in.

use std::os::unix::fs::PermissionsExt;

use acceptance::tfclient::Identity;
use terraform_provider_tap::plugin::proto::tfplugin6 as tf;
use tonic::transport::Channel;

use crate::harness::provider;

/// Whether a connection can be made and used.
async fn answers(channel: Result<Channel, acceptance::tfclient::Error>) -> bool {
    let Ok(channel) = channel else { return false };
    let mut client = tf::provider_client::ProviderClient::new(channel);
    client.get_metadata(tf::GetMetadataRequest {}).await.is_ok()
}

#[tokio::test]
async fn a_client_without_the_certificate_is_refused() {
    let provider = provider().await;
    assert!(!answers(provider.handshake().connect(None).await).await);
    provider.schema().await.expect("the right client goes on");
    let refused = provider.log();
    assert!(
        refused.is_empty(),
        "without TF_LOG only errors are logged: {refused:?}"
    );
}

#[tokio::test]
async fn a_client_with_another_certificate_is_refused() {
    let provider = provider().await;
    let stranger = Identity::new().expect("a certificate of the same kind");
    assert!(!answers(provider.handshake().connect(Some(&stranger)).await).await);
    provider.schema().await.expect("the right client goes on");
}

#[tokio::test]
async fn a_client_that_does_not_speak_tls_is_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let provider = provider().await;
    let stream = tokio::net::UnixStream::connect(&provider.handshake().socket).await;
    let mut stream = stream.expect("the socket is there");
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    stream.write_all(hello).await.expect("it can be written to");
    let mut answer = Vec::new();
    // A TLS alert at most, and then the end.
    _ = stream.read_to_end(&mut answer).await;
    assert!(answer.len() < 16, "{answer:?}");
}

#[tokio::test]
async fn a_client_that_says_nothing_keeps_nobody_waiting() {
    let provider = provider().await;
    let socket = &provider.handshake().socket;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(
            tokio::net::UnixStream::connect(socket)
                .await
                .expect("the socket is there"),
        );
    }
    provider
        .schema()
        .await
        .expect("the right client is served meanwhile");
}

#[tokio::test]
async fn the_socket_is_its_owners_and_goes_with_the_process() {
    let provider = provider().await;
    let socket = provider.handshake().socket.clone();
    let dir = socket.parent().expect("a directory").to_owned();
    let mode = |path: &std::path::Path| {
        let metadata = std::fs::metadata(path).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(mode(&dir), 0o700);
    let status = provider.shutdown().await.expect("it ends");
    assert!(status.success(), "{status}");
    assert!(!socket.exists() && !dir.exists());
}
