use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::loaded::Loaded;
use super::{Certificate, TlsOptions};
use crate::contract::Error;
use crate::features::TlsVersion;

/// How to speak TLS: with which certificate for which name, and what to ask of clients.
///
/// A clone is a handle of the same: its certificates are read once, however many endpoints it is given to.
///
/// ```
/// use transom::hyper::tls::{Certificate, Tls};
/// use transom::{HyperServer, Server};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let tls = Tls::new(Certificate::from_pem_files("missing.pem", "missing.key"));
/// let error = HyperServer::new("https://127.0.0.1:0").with_tls(tls).bind().await.unwrap_err();
/// assert_eq!(error.to_string(), "the certificate file `missing.pem` cannot be read");
///
/// let error = HyperServer::new("https://127.0.0.1:0").bind().await.unwrap_err();
/// assert!(error.to_string().contains("needs a certificate"));
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[doc(alias = "HttpsConnectionAdapterOptions")]
#[doc(alias = "UseHttps")]
#[derive(Clone)]
#[must_use]
pub struct Tls {
    settings: Arc<Settings>,
    loaded: Arc<Mutex<Option<Arc<Loaded>>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Names and what holds for them, not checked yet.
    pub(super) names: Vec<(String, TlsOptions)>,
    /// What holds for a name that does not say otherwise.
    pub(super) versions: Vec<TlsVersion>,
    pub(super) handshake_timeout: Option<Duration>,
}

impl Tls {
    /// Returns TLS with one certificate for every name that no [`with_sni`](Self::with_sni) is for, and for
    /// clients that send no name.
    #[doc(alias = "ServerCertificate")]
    pub fn new(certificate: impl Into<TlsOptions>) -> Self {
        Self::by_sni().with_sni("*", certificate)
    }

    /// Returns TLS for the names of [`with_sni`](Self::with_sni) alone. A client that asks for another is
    /// refused, and so is one that asks for none.
    pub fn by_sni() -> Self {
        Self::of(Settings {
            names: Vec::new(),
            versions: vec![TlsVersion::Tls12, TlsVersion::Tls13],
            handshake_timeout: Some(Duration::from_secs(10)),
        })
    }

    /// Adds a certificate, or more options, for the clients that ask for a name: `example.com`,
    /// `*.example.com` for all names below it, at any depth, or `*`. An exact name goes before wildcards, and
    /// a longer wildcard before a shorter one; case does not matter.
    ///
    /// A name that is none, or there twice, is an error when the server binds.
    #[doc(alias = "Sni")]
    pub fn with_sni(self, name: impl Into<String>, options: impl Into<TlsOptions>) -> Self {
        self.with(|settings| settings.names.push((name.into(), options.into())))
    }

    /// Sets the versions of TLS to speak; 1.2 and 1.3 by default. None at all is an error when the server
    /// binds.
    #[doc(alias = "SslProtocols")]
    pub fn with_versions(self, versions: impl IntoIterator<Item = TlsVersion>) -> Self {
        self.with(|settings| settings.versions = versions.into_iter().collect())
    }

    /// Sets how long a handshake may take; 10 s by default, `None` for as long as the head of the first
    /// request may ([`Limits::with_request_head_timeout`](crate::hyper::Limits::with_request_head_timeout)),
    /// which counts from the same moment.
    #[doc(alias = "HandshakeTimeout")]
    pub fn with_handshake_timeout(self, time: Option<Duration>) -> Self {
        self.with(|settings| settings.handshake_timeout = time)
    }

    /// Reads and checks all certificates, unless that was done. A server does so when it binds.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] saying what is wrong, with which file.
    pub fn load(&self) -> Result<(), Error> {
        self.loaded().map(drop)
    }

    /// Returns what was read, and reads it if nothing was.
    pub(super) fn loaded(&self) -> Result<Arc<Loaded>, Error> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*loaded {
            return Ok(Arc::clone(loaded));
        }
        Ok(Arc::clone(
            loaded.insert(Arc::new(Loaded::new(&self.settings)?)),
        ))
    }

    fn of(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            loaded: Arc::default(),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self.loaded = Arc::default();
        self
    }
}

impl From<Certificate> for Tls {
    fn from(certificate: Certificate) -> Self {
        Self::new(certificate)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
