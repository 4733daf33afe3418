use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error as TlsError, InconsistentKeys};

#[cfg(feature = "acme")]
use super::Acme;
use super::{check, pem};
use crate::contract::Error;

/// A certificate of the server with its private key, as PEM.
///
/// The first certificate is the server's own; those that lead from it to one that clients trust follow. The
/// key is RSA, ECDSA or Ed25519, and not encrypted. Nothing is read before the server binds
/// ([`Tls::load`](super::Tls::load)); then
///
/// - a file that cannot be read, or has no certificate or key in it,
/// - a key that belongs to another certificate,
/// - a certificate that has expired, or is not valid yet ([`with_expired`](Self::with_expired)),
/// - one that is not for servers (its extended key usage lacks `serverAuth`)
///
/// is an error that says so.
///
/// ```
/// use transom::hyper::tls::{Certificate, Tls};
///
/// let tls = Tls::new(Certificate::from_pem_file("nowhere.pem"));
/// assert_eq!(tls.load().unwrap_err().to_string(), "the certificate file `nowhere.pem` cannot be read");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Certificate {
    source: Source,
    expired: bool,
}

#[derive(Clone)]
enum Source {
    Files {
        certificates: PathBuf,
        key: PathBuf,
    },
    Bytes {
        certificates: Arc<[u8]>,
        key: Arc<[u8]>,
    },
    #[cfg(feature = "acme")]
    Acme(Acme),
}

impl Certificate {
    /// Returns what a file of certificates and a file of a private key hold. They are read again when they
    /// change ([`Tls::with_reload_interval`](super::Tls::with_reload_interval)).
    pub fn from_pem_files(certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self::of(Source::Files {
            certificates: certificates.into(),
            key: key.into(),
        })
    }

    /// As [`from_pem_files`](Self::from_pem_files), for one file that holds both.
    pub fn from_pem_file(both: impl Into<PathBuf>) -> Self {
        let both = both.into();
        Self::from_pem_files(both.clone(), both)
    }

    /// Returns the certificates and the private key of two texts, which may be one and the same.
    pub fn from_pem(certificates: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        Self::of(Source::Bytes {
            certificates: certificates.as_ref().into(),
            key: key.as_ref().into(),
        })
    }

    /// Sets whether a certificate is served that has expired or is not valid yet. `false` by default: then
    /// such a certificate is an error when the server binds, and one that comes by a reload is not taken.
    #[doc(alias = "AllowInvalid")]
    pub fn with_expired(mut self, served: bool) -> Self {
        self.expired = served;
        self
    }

    /// Returns the files that it comes from.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let files = match &self.source {
            Source::Files { certificates, key } => [Some(certificates), Some(key)],
            Source::Bytes { .. } => [None, None],
            #[cfg(feature = "acme")]
            Source::Acme(_) => [None, None],
        };
        files.into_iter().flatten().map(PathBuf::as_path)
    }

    /// Returns who orders it, if it is not there from the start.
    #[cfg(feature = "acme")]
    pub(super) fn acme(&self) -> Option<&Acme> {
        match &self.source {
            Source::Acme(acme) => Some(acme),
            _ => None,
        }
    }

    /// Reads and checks it, and returns what shows it to clients.
    pub(super) fn load(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ResolvesServerCert>, Error> {
        let (certificates, key, names) = match &self.source {
            #[cfg(feature = "acme")]
            Source::Acme(acme) => return acme.load(provider),
            Source::Files { certificates, key } => (
                pem::read("certificate", certificates)?.into(),
                pem::read("private key", key)?.into(),
                (
                    format!("the certificate file `{}`", certificates.display()),
                    format!("the private key file `{}`", key.display()),
                ),
            ),
            Source::Bytes { certificates, key } => (
                Arc::clone(certificates),
                Arc::clone(key),
                ("the certificate".to_owned(), "the private key".to_owned()),
            ),
        };
        let chain = pem::certificates(&certificates, &names.0)?;
        let key = pem::private_key(&key, &names.1)?;
        check::for_servers(&chain[0], &names.0, self.expired)?;
        match CertifiedKey::from_der(chain, key, provider) {
            Ok(certified) => Ok(Arc::new(SingleCertAndKey::from(certified))),
            Err(TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(Error::configuration(format!(
                    "{} does not belong to {}, whose first certificate has to be the server's own",
                    names.1, names.0
                )))
            }
            Err(cause) => Err(Error::configuration_from(
                format!(
                    "{} cannot be used; it has to be RSA of at least 2,048 bits, ECDSA or Ed25519",
                    names.1
                ),
                cause,
            )),
        }
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            expired: false,
        }
    }
}

#[cfg(feature = "acme")]
impl From<Acme> for Certificate {
    fn from(acme: Acme) -> Self {
        Self::of(Source::Acme(acme))
    }
}

/// Names the files; never shows a key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate ")?;
        match &self.source {
            Source::Files { certificates, key } => {
                f.debug_list().entry(certificates).entry(key).finish()
            }
            Source::Bytes { .. } => f.write_str("from memory"),
            #[cfg(feature = "acme")]
            Source::Acme(acme) => acme.fmt(f),
        }
    }
}
