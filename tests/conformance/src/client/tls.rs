//! TLS, as the kit's clients speak it.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError, ProtocolVersion,
    SignatureScheme,
};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use transom::features::{TlsInfo, TlsVersion};

use super::{NAME, Stream};
use crate::{Outcome, within};

/// A certificate that a client shows, which it signed itself.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    pub(crate) fn new() -> Outcome<Self> {
        let signed = rcgen::generate_simple_self_signed(["client.test".to_owned()])?;
        Ok(Self {
            certificate: signed.cert.der().clone(),
            key: signed.signing_key.serialize_der().into(),
        })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.certificate
    }
}

/// Does the handshake, offering one protocol.
pub(super) async fn secure(
    stream: Stream,
    protocol: &str,
    identity: Option<&Identity>,
) -> Outcome<TlsStream<Stream>> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody));
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = vec![identity.certificate.clone()];
            builder.with_client_auth_cert(chain, identity.key.clone_key().into())?
        }
    };
    config.alpn_protocols = vec![protocol.into()];
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from(NAME)?;
    Ok(within("the handshake of TLS", connector.connect(name, stream)).await??)
}

/// Returns what the client knows was agreed on.
pub(super) fn info(session: &ClientConnection) -> TlsInfo {
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        _ => TlsVersion::Tls13,
    };
    let mut info = TlsInfo::new(version).with_server_name(NAME);
    if let Some(protocol) = session.alpn_protocol() {
        info = info.with_protocol(protocol);
    }
    info
}

pub(super) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider()))
}

/// Trusts every server: which certificate it has is not the contract's business.
#[derive(Debug)]
pub(super) struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
