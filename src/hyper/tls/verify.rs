//! The check of a client's certificate, as rustls asks for it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error as TlsError, RootCertStore,
    SignatureScheme,
};

use super::client_certificates::{Anchors, Asked, ClientTrust};
use super::pem;
use crate::contract::Error;

/// Returns the check of what is asked for.
///
/// # Errors
///
/// [`Error::is_configuration`]: the authorities cannot be read, or there are none.
pub(super) fn verifier(
    asked: &Asked,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let (text, name) = match &asked.trust.anchors {
        Anchors::Any => (None, String::new()),
        Anchors::File(path) => (
            Some(pem::read("client authorities", path)?.into()),
            format!("the client authorities file `{}`", path.display()),
        ),
        Anchors::Pem(text) => (Some(Arc::clone(text)), "the client authorities".to_owned()),
    };
    let path = match text {
        None => None,
        Some(text) => {
            let mut roots = RootCertStore::empty();
            for authority in pem::certificates(&text, &name)? {
                roots.add(authority).map_err(|cause| {
                    let what = format!("{name} has a certificate that cannot be trusted");
                    Error::configuration_from(what, cause)
                })?;
            }
            let builder =
                WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
            let built = builder.build().map_err(|cause| {
                Error::configuration_from(format!("{name} cannot be used"), cause)
            })?;
            Some(built)
        }
    };
    Ok(Arc::new(Verifier {
        path,
        trust: asked.trust.clone(),
        required: asked.required,
        provider: Arc::clone(provider),
    }))
}

struct Verifier {
    /// The way from a certificate to an authority.
    path: Option<Arc<dyn ClientCertVerifier>>,
    trust: ClientTrust,
    required: bool,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Verifier {
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.path
            .as_ref()
            .map_or(&[], |path| path.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        if let Some(path) = &self.path {
            path.verify_client_cert(end_entity, intermediates, now)?;
        }
        if let Some(validation) = &self.trust.validation {
            let chain = std::iter::once(end_entity).chain(intermediates);
            let chain: Vec<_> = chain.map(|one| Bytes::copy_from_slice(one)).collect();
            validation(&chain).map_err(|error| {
                tracing::info!(target: "transom", %error, "a client's certificate is refused");
                TlsError::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
            })?;
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trust.fmt(f)
    }
}
