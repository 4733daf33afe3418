use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Uri;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_acme::is_tls_alpn_challenge;

use super::current::Current;
use super::{Renewal, cache};
use crate::contract::Error;
use crate::hyper::tls::names::is_host;
use crate::hyper::tls::pem;

/// A certificate that is ordered, and renewed, while the server serves: from Let's Encrypt, or another directory
/// that speaks ACME.
///
/// Given to [`Tls`](crate::hyper::tls::Tls) it is what a [`Certificate`](crate::hyper::tls::Certificate) is, and
/// goes with others beside it:
///
/// ```no_run
/// use transom::HyperServer;
/// use transom::hyper::tls::{Acme, Certificate, Tls};
///
/// let ordered = Acme::new(["example.com", "www.example.com"], "/var/lib/site/acme")
///     .with_contact("mailto:admin@example.com")
///     .with_terms_of_service_agreed(true);
/// let intern = Certificate::from_pem_file("intern.pem");
/// let server = HyperServer::new("https://[::]:443").with_tls(Tls::new(ordered).with_sni("intern.example", intern));
/// ```
///
/// The directory connects to port 443 of each name to see that it is this server's (TLS-ALPN-01, RFC 8737). So
/// TCP of that port has to arrive at an `https` endpoint of the server, in TLS: a proxy in front may not end it.
///
/// Until the first certificate is there, which takes seconds, handshakes for its names are refused with the alert
/// `internal_error`; HTTP/3 has the certificate too. It is kept, with its key and that of the account, in the cache
/// directory, whose files the user alone can read, and a server that starts again orders nothing. A third of its
/// life before it expires, a new one is ordered; connections stay. An order that fails is logged as an error and
/// tried again, after a second at first and twice as long each time, up to six hours, while the old certificate
/// stays in use.
///
/// ```
/// # use transom::hyper::tls::Acme;
/// # use transom::{HyperServer, Server};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let unread = Acme::new(["example.com"], "/var/lib/site/acme");
/// let error = HyperServer::new("https://127.0.0.1:0").with_tls(unread).bind().await.unwrap_err();
/// assert!(error.to_string().contains("terms of service"));
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
///
/// A clone is a handle of the same: one order, however many endpoints it is given to. Nothing is ordered by a
/// server that is bound and does not serve, nor for what
/// [`Tls::with_handshake`](crate::hyper::tls::Tls::with_handshake) chooses, unless an endpoint has it too.
#[doc(alias = "LettuceEncrypt")]
#[derive(Clone)]
#[must_use]
pub struct Acme {
    settings: Arc<Settings>,
    current: Arc<Current>,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) directory: String,
    pub(super) authorities: Option<PathBuf>,
    pub(super) contacts: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) cache: PathBuf,
    terms_agreed: bool,
}

impl Acme {
    /// The directory of Let's Encrypt.
    pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
    /// The directory of Let's Encrypt for trials: nobody trusts its certificates, and it takes many more orders.
    pub const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

    /// Returns a certificate for these names, without wildcards, that is kept in a directory. It is made, for
    /// the user alone, if there is none; several orders can share one.
    pub fn new(
        names: impl IntoIterator<Item = impl Into<String>>,
        cache_directory: impl Into<PathBuf>,
    ) -> Self {
        let names = names
            .into_iter()
            .map(|name| name.into().to_ascii_lowercase());
        Self::of(Settings {
            directory: Self::LETS_ENCRYPT.to_owned(),
            authorities: None,
            contacts: Vec::new(),
            names: names.collect(),
            cache: cache_directory.into(),
            terms_agreed: false,
        })
    }

    /// Sets the URL of the directory; [`LETS_ENCRYPT`](Self::LETS_ENCRYPT) by default. One that wants an account
    /// to be bound to another ("external account binding") is not supported.
    pub fn with_directory(self, url: impl Into<String>) -> Self {
        self.with(|settings| settings.directory = url.into())
    }

    /// Sets a PEM file of the authorities that the directory itself is trusted by, for one of one's own; by
    /// default they are those that Mozilla trusts.
    pub fn with_directory_authorities(self, file: impl Into<PathBuf>) -> Self {
        self.with(|settings| settings.authorities = Some(file.into()))
    }

    /// Adds an address for news of the account, as a URL: `mailto:admin@example.com`.
    pub fn with_contact(self, url: impl Into<String>) -> Self {
        self.with(|settings| settings.contacts.push(url.into()))
    }

    /// Says whether the terms of service of the directory are agreed to. They are not by default, and then the
    /// server does not bind.
    pub fn with_terms_of_service_agreed(self, agreed: bool) -> Self {
        self.with(|settings| settings.terms_agreed = agreed)
    }

    /// Returns whether it is the same order.
    pub(in crate::hyper::tls) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.current, &other.current)
    }

    /// Returns the names that a certificate is ordered for.
    pub(in crate::hyper::tls) fn names(&self) -> impl Iterator<Item = &str> {
        self.settings.names.iter().map(String::as_str)
    }

    /// Checks everything, and returns what shows the certificate once it is there.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: something is missing or malformed, or the cache cannot be written.
    pub(in crate::hyper::tls) fn load(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ResolvesServerCert>, Error> {
        self.settings.check()?;
        let client = client(self.settings.authorities.as_deref(), provider)?;
        cache::prepare(&self.settings.cache)?;
        self.current.prepare(client, provider);
        Ok(Arc::clone(&self.current) as _)
    }

    /// Returns why there is no certificate to show, if there is none.
    pub(in crate::hyper::tls) fn lack(&self) -> Option<&'static str> {
        self.current.lack()
    }

    /// Returns what answers a directory that wants to see whether a name is this server's; `None` for whoever
    /// else connects, or if nothing is to be seen.
    pub(in crate::hyper::tls) fn challenge(
        &self,
        hello: &ClientHello<'_>,
    ) -> Option<Arc<ServerConfig>> {
        is_tls_alpn_challenge(hello).then(|| self.current.challenge())?
    }

    /// Orders the certificate, and renews it until what is returned is dropped by all who have it.
    pub(in crate::hyper::tls) fn order(&self) -> Arc<Renewal> {
        self.current.renewal(&self.settings)
    }

    #[cfg(test)]
    pub(super) fn cache(&self) -> cache::Cache {
        cache::Cache::new(&self.settings, Arc::clone(&self.current))
    }

    fn of(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            current: Arc::default(),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self.current = Arc::default();
        self
    }
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acme ")?;
        self.settings.fmt(f)
    }
}

impl Settings {
    fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::configuration(what));
        if !self.terms_agreed {
            return wrong(format!(
                "the terms of service of `{}` have to be agreed to before it is asked for a certificate: \
                 `Acme::with_terms_of_service_agreed(true)`",
                self.directory
            ));
        }
        let url = self.directory.parse::<Uri>().ok();
        if !url.is_some_and(|url| url.scheme_str() == Some("https") && url.host().is_some()) {
            return wrong(format!(
                "`{}` is no directory of ACME; write a URL that begins with `https://`",
                self.directory
            ));
        }
        if self.names.is_empty() {
            return wrong("a certificate is ordered for no name; give `Acme::new` one".to_owned());
        }
        for (at, name) in self.names.iter().enumerate() {
            if !is_host(name) {
                return wrong(format!(
                    "`{name}` is no name to order a certificate for; write `www.example.com`, for an address or a \
                     wildcard cannot be proved by TLS-ALPN-01"
                ));
            }
            if self.names[..at].contains(name) {
                return wrong(format!(
                    "a certificate is ordered for the name `{name}` twice"
                ));
            }
        }
        let mut contacts = self.contacts.iter();
        if let Some(contact) = contacts.find(|contact| !contact.starts_with("mailto:")) {
            return wrong(format!(
                "`{contact}` is no contact; write `mailto:admin@example.com`"
            ));
        }
        Ok(())
    }
}

/// Returns how to speak TLS with a directory.
fn client(
    authorities: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let name = format!("the directory authorities file `{}`", path.display());
            let text = pem::read("directory authorities", path)?;
            for authority in pem::certificates(&text, &name)? {
                roots.add(authority).map_err(|cause| {
                    let what = format!("{name} has a certificate that cannot be trusted");
                    Error::configuration_from(what, cause)
                })?;
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::configuration_from("TLS cannot be set up", cause))?;
    Ok(Arc::new(
        builder.with_root_certificates(roots).with_no_client_auth(),
    ))
}
