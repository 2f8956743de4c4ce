//! Mutual TLS with Terraform.
//!
//! Terraform makes a certificate for each process it starts, hands it over in
//! the environment and expects to be shown ours in the handshake line. No
//! authority is involved: each side trusts exactly one certificate. So the
//! verifier here compares bytes and checks that the peer has the key.
//!
//! The provider holds credentials, which makes this the lock on the door: a
//! process that is not Terraform must not get it to do anything.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use thiserror::Error;

/// Why TLS could not be set up.
#[derive(Debug, Error)]
pub(super) enum TlsError {
    /// PLUGIN_CLIENT_CERT is not a certificate.
    #[error("PLUGIN_CLIENT_CERT cannot be read as a PEM certificate: {0}")]
    ClientCertificate(#[source] rustls::pki_types::pem::Error),
    /// No certificate of our own.
    #[error("cannot make a certificate for this process: {0}")]
    OwnCertificate(#[source] rcgen::Error),
    /// rustls refuses the configuration.
    #[error("cannot configure TLS: {0}")]
    Configuration(#[source] rustls::Error),
}

/// The server's half.
pub(super) struct ServerTls {
    pub(super) config: Arc<ServerConfig>,
    /// What the handshake line shows Terraform.
    pub(super) certificate: CertificateDer<'static>,
}

/// rustls panics in whichever crate first needs a default that nobody chose, and
/// more than one crypto library may be linked. aws-lc-rs it is: Terraform's
/// certificates are P-521, which ring cannot check.
///
/// [`serve`](super::serve) does this first thing. Whatever else uses TLS in the
/// process without serving has to call it itself.
pub fn choose_crypto() {
    // An error means that the choice was made already.
    _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl ServerTls {
    /// Lets in the owner of this certificate and nobody else.
    pub(super) fn for_client(pem: &str) -> Result<Self, TlsError> {
        let client =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(TlsError::ClientCertificate)?;
        let (certificate, key) = own_certificate().map_err(TlsError::OwnCertificate)?;
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = PinnedClient::new(client, &crypto);
        let mut config = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Configuration)?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(vec![certificate.clone()], key)
            .map_err(TlsError::Configuration)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            certificate,
        })
    }
}

/// A certificate for this process. Terraform takes it as its only authority and
/// checks the host name `localhost`, so it is an authority and has that name.
fn own_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
    ];
    parameters.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let certificate = parameters.self_signed(&key)?.der().clone();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    Ok((certificate, key))
}

/// Trusts one certificate, byte for byte.
#[derive(Debug)]
struct PinnedClient {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PinnedClient {
    fn new(certificate: CertificateDer<'static>, crypto: &CryptoProvider) -> Self {
        Self {
            certificate,
            algorithms: crypto.signature_verification_algorithms,
        }
    }
}

impl ClientCertVerifier for PinnedClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        presented: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if presented.as_ref() == self.certificate.as_ref() {
            return Ok(ClientCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
