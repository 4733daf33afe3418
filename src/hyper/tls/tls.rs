use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::hello::Choose;
use super::loaded::Loaded;
use super::{Certificate, ClientCertificates, ClientHello, TlsOptions};
use crate::body::BoxError;
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
    pub(super) client_certificates: ClientCertificates,
    pub(super) versions: Vec<TlsVersion>,
    pub(super) choose: Option<Choose>,
    pub(super) handshake_timeout: Option<Duration>,
    pub(super) reload_interval: Option<Duration>,
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
            client_certificates: ClientCertificates::none(),
            versions: vec![TlsVersion::Tls12, TlsVersion::Tls13],
            choose: None,
            handshake_timeout: Some(Duration::from_secs(10)),
            reload_interval: Some(Duration::from_secs(5)),
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

    /// Sets whether clients are asked for a certificate; they are not by default.
    #[doc(alias = "ClientCertificateMode")]
    pub fn with_client_certificates(self, asked: ClientCertificates) -> Self {
        self.with(|settings| settings.client_certificates = asked)
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

    /// Sets a function that chooses, by what the client says first, what to answer it with: another `Tls`, or
    /// with `None` this one. An error is logged, and the client refused.
    ///
    /// It may take as long as the handshake may. The `Tls` that it returns is best made before and cloned: its
    /// certificates are read when it is first used ([`load`](Self::load)), and sessions are taken up again by
    /// the one that began them. Its own function and its own time for the handshake do not count.
    ///
    /// A client may send a request for another name on the connection, and nobody asks the function again. Where
    /// it lets some names in with less than others, the application has to compare
    /// [`TlsInfo::server_name`](crate::features::TlsInfo::server_name) with the host of the request.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use transom::hyper::tls::{Certificate, Tls};
    ///
    /// let tenants = HashMap::from([("a.example", Tls::new(Certificate::from_pem_file("a.pem")))]);
    /// let tls = Tls::by_sni().with_handshake(move |hello| {
    ///     let tenant = hello.server_name().and_then(|name| tenants.get(name)).cloned();
    ///     async move { Ok(tenant) }
    /// });
    /// ```
    #[doc(alias = "TlsHandshakeCallbackOptions")]
    #[doc(alias = "ServerCertificateSelector")]
    #[doc(alias = "ServerOptionsSelectionCallback")]
    pub fn with_handshake<F, C>(self, choose: F) -> Self
    where
        F: Fn(ClientHello) -> C + Send + Sync + 'static,
        C: Future<Output = Result<Option<Tls>, BoxError>> + Send + 'static,
    {
        self.with(|settings| settings.choose = Some(Choose::new(choose)))
    }

    /// Sets how often to look whether the files changed; every 5 s by default, `None` for never. They are
    /// looked at when a client connects, and not more often than that: a handshake that begins later than
    /// this after a change is done with the new files.
    ///
    /// A change is seen through symbolic links, as Kubernetes swaps them. Connections stay. What is wrong
    /// with the new files is logged once as an error, and the old certificate stays in use.
    pub fn with_reload_interval(self, interval: Option<Duration>) -> Self {
        self.with(|settings| settings.reload_interval = interval)
    }

    /// Reads and checks all certificates again, whether files changed or not: each name is served with the new
    /// one if that is right, and with the old one if not. Connections stay. Blocks on the file system.
    ///
    /// ```
    /// use transom::hyper::tls::{Certificate, Tls};
    ///
    /// let tls = Tls::new(Certificate::from_pem_file("nowhere.pem")).with_reload_interval(None);
    /// // On a signal, say: a clone of what the server has.
    /// assert!(tls.clone().reload().is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] saying what is wrong first.
    pub fn reload(&self) -> Result<(), Error> {
        match self.peek() {
            Some(loaded) => loaded.reload(),
            None => self.load(),
        }
    }

    /// Reads and checks all certificates, unless that was done. A server does so when it binds. Blocks on the
    /// file system.
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

    /// As [`loaded`](Self::loaded), but reads where blocking harms nobody.
    pub(super) async fn loaded_aside(self) -> Result<Arc<Loaded>, Error> {
        if let Some(loaded) = self.peek() {
            return Ok(loaded);
        }
        let loading = tokio::task::spawn_blocking(move || self.loaded());
        (loading.await).unwrap_or_else(|error| Err(Error::configuration(error.to_string())))
    }

    /// Has the certificates ordered that are not files, until what is returned is dropped.
    #[cfg(feature = "acme")]
    pub(in crate::hyper) fn order(&self) -> Vec<Arc<super::Renewal>> {
        let loaded = self.peek();
        loaded.map_or_else(Vec::new, |loaded| loaded.order())
    }

    fn peek(&self) -> Option<Arc<Loaded>> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.clone()
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

#[cfg(feature = "acme")]
impl From<super::Acme> for Tls {
    fn from(acme: super::Acme) -> Self {
        Self::new(acme)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
