use super::{Certificate, ClientCertificates};
use crate::features::TlsVersion;
use crate::hyper::options::Protocols;

/// What holds for the clients that ask for one name. What is not set is as for the whole [`Tls`](super::Tls).
///
/// ```
/// use transom::features::TlsVersion;
/// use transom::hyper::Protocols;
/// use transom::hyper::tls::{Certificate, Tls, TlsOptions};
///
/// let legacy = TlsOptions::new(Certificate::from_pem_file("legacy.pem"))
///     .with_versions([TlsVersion::Tls12])
///     .with_protocols(Protocols::HTTP1);
/// let tls = Tls::new(Certificate::from_pem_file("site.pem")).with_sni("legacy.example.com", legacy);
/// ```
#[doc(alias = "SniConfig")]
#[derive(Clone, Debug)]
#[must_use]
pub struct TlsOptions {
    pub(super) certificate: Certificate,
    pub(super) client_certificates: Option<ClientCertificates>,
    pub(super) versions: Option<Vec<TlsVersion>>,
    pub(super) protocols: Option<Protocols>,
}

impl TlsOptions {
    /// Returns the options of a certificate.
    pub fn new(certificate: impl Into<Certificate>) -> Self {
        Self {
            certificate: certificate.into(),
            client_certificates: None,
            versions: None,
            protocols: None,
        }
    }

    /// Sets whether clients are asked for a certificate.
    ///
    /// A connection is for the name of its handshake, but HTTP lets a client ask for another on it. Such a
    /// request is answered 421 if the other name asks clients for something else (RFC 9110, section 15.5.20).
    pub fn with_client_certificates(mut self, asked: ClientCertificates) -> Self {
        self.client_certificates = Some(asked);
        self
    }

    /// Sets the versions of TLS to speak. None at all is an error when the server binds.
    pub fn with_versions(mut self, versions: impl IntoIterator<Item = TlsVersion>) -> Self {
        self.versions = Some(versions.into_iter().collect());
        self
    }

    /// Sets the versions of HTTP to speak.
    pub fn with_protocols(mut self, protocols: Protocols) -> Self {
        self.protocols = Some(protocols);
        self
    }
}

impl From<Certificate> for TlsOptions {
    fn from(certificate: Certificate) -> Self {
        Self::new(certificate)
    }
}

#[cfg(feature = "acme")]
impl From<super::Acme> for TlsOptions {
    fn from(acme: super::Acme) -> Self {
        Self::new(acme)
    }
}
