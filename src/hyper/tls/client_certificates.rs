use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::body::BoxError;

/// Whether clients are asked for a certificate, and which one is taken.
///
/// The application finds it in [`TlsInfo`](crate::features::TlsInfo). One that is not trusted is refused in the
/// handshake, also where none is required: what the application sees was always checked.
///
/// ```
/// use transom::hyper::tls::{Certificate, ClientCertificates, ClientTrust, Tls};
///
/// let staff = ClientTrust::from_pem_file("staff-ca.pem");
/// let tls = Tls::new(Certificate::from_pem_file("site.pem"))
///     .with_client_certificates(ClientCertificates::require(staff));
/// ```
#[doc(alias = "ClientCertificateMode")]
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClientCertificates(pub(super) Option<Asked>);

/// What clients are asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) required: bool,
    pub(super) trust: ClientTrust,
}

impl ClientCertificates {
    /// Clients are not asked. The default.
    #[doc(alias = "NoCertificate")]
    pub fn none() -> Self {
        Self(None)
    }

    /// Clients are asked, and may have none.
    #[doc(alias = "AllowCertificate")]
    pub fn allow(trust: ClientTrust) -> Self {
        let required = false;
        Self(Some(Asked { required, trust }))
    }

    /// Clients are asked, and refused if they have none.
    #[doc(alias = "RequireCertificate")]
    pub fn require(trust: ClientTrust) -> Self {
        let required = true;
        Self(Some(Asked { required, trust }))
    }
}

/// Which certificates of clients are trusted.
///
/// ```
/// use transom::hyper::tls::ClientTrust;
///
/// let known = b"the DER of a certificate".to_vec();
/// let pinned = ClientTrust::any().with_validation(move |chain| match chain[0] == known {
///     true => Ok(()),
///     false => Err("this certificate is not known here".into()),
/// });
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientTrust {
    pub(super) anchors: Anchors,
    pub(super) validation: Option<Arc<Validation>>,
}

/// What every trusted certificate is signed by.
#[derive(Clone)]
pub(super) enum Anchors {
    /// Nothing in particular.
    Any,
    File(PathBuf),
    Pem(Arc<[u8]>),
}

type Validation = dyn Fn(&[Bytes]) -> Result<(), BoxError> + Send + Sync;

impl ClientTrust {
    /// Trusts what leads to one of the certificates of a file of PEM, is valid now, and is for clients (its
    /// extended key usage, if it has one, has `clientAuth`). The file is read again when it changes.
    pub fn from_pem_file(authorities: impl Into<PathBuf>) -> Self {
        Self::of(Anchors::File(authorities.into()))
    }

    /// As [`from_pem_file`](Self::from_pem_file), for a text.
    pub fn from_pem(authorities: impl AsRef<[u8]>) -> Self {
        Self::of(Anchors::Pem(authorities.as_ref().into()))
    }

    /// Trusts every certificate whose key the client has, expired ones and those that it signed itself among
    /// them. The application, or [`with_validation`](Self::with_validation), has to look at it.
    #[doc(alias = "AllowAnyClientCertificate")]
    pub fn any() -> Self {
        Self::of(Anchors::Any)
    }

    /// Sets a check of the certificates in DER, the client's own first, after those above. It runs in the
    /// handshake and must not block. What it fails with is logged, and not told to the client.
    #[doc(alias = "ClientCertificateValidation")]
    pub fn with_validation<F>(mut self, validation: F) -> Self
    where
        F: Fn(&[Bytes]) -> Result<(), BoxError> + Send + Sync + 'static,
    {
        self.validation = Some(Arc::new(validation));
        self
    }

    /// Returns the file that it comes from.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.anchors {
            Anchors::File(path) => Some(path),
            Anchors::Any | Anchors::Pem(_) => None,
        }
    }

    fn of(anchors: Anchors) -> Self {
        Self {
            anchors,
            validation: None,
        }
    }
}

impl fmt::Debug for ClientTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientTrust ")?;
        match &self.anchors {
            Anchors::Any => f.write_str("any"),
            Anchors::File(path) => path.fmt(f),
            Anchors::Pem(_) => f.write_str("from memory"),
        }
    }
}
