//! What answers for one name.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, ResolvesServerCert, ServerConfig};
use rustls::version::{TLS12, TLS13};

use super::tls::Settings;
use super::verify::verifier;
use super::{Certificate, ClientCertificates, TlsOptions};
use crate::contract::Error;
use crate::features::TlsVersion;
use crate::hyper::options::Protocols;
use crate::hyper::watch::Files;

/// What answers for one name.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    certificate: Certificate,
    client_certificates: ClientCertificates,
    /// Whether it asks clients for something else than other names do.
    asks_alone: bool,
    versions: Vec<TlsVersion>,
    protocols: Option<Protocols>,
    files: Files,
    config: RwLock<Arc<Config>>,
}

/// A configuration of rustls, once for each choice of protocols that endpoints make.
#[derive(Debug)]
struct Config {
    base: ServerConfig,
    offering: Mutex<Vec<(Protocols, Arc<ServerConfig>)>>,
}

impl Entry {
    pub(super) fn new(
        settings: &Settings,
        name: &str,
        options: &TlsOptions,
    ) -> Result<Self, Error> {
        let certificate = options.certificate.clone();
        let client_certificates = options.client_certificates.as_ref();
        let client_certificates = client_certificates.unwrap_or(&settings.client_certificates);
        let trust = client_certificates.0.as_ref().map(|asked| &asked.trust);
        let files = certificate.files();
        let files = files.chain(trust.and_then(|trust| trust.file()));
        // Looked at before they are read: a change in between is seen later.
        let files = Files::new(files.map(Path::to_owned).collect());
        let versions = options.versions.as_ref().unwrap_or(&settings.versions);
        let config = Config::new(&certificate, client_certificates, versions)?;
        Ok(Self {
            name: name.to_owned(),
            certificate,
            client_certificates: client_certificates.clone(),
            asks_alone: options.client_certificates.is_some(),
            versions: versions.clone(),
            protocols: options.protocols,
            files,
            config: RwLock::new(Arc::new(config)),
        })
    }

    /// Returns the protocols to speak where the endpoint speaks these.
    pub(super) fn protocols(&self, endpoint: Protocols) -> Protocols {
        self.protocols.unwrap_or(endpoint)
    }

    /// Returns the configuration that offers these protocols.
    pub(super) fn config(&self, protocols: Protocols) -> Arc<ServerConfig> {
        self.current().offering(protocols)
    }

    /// Returns who orders the certificate, if it is not there from the start.
    #[cfg(feature = "acme")]
    pub(super) fn acme(&self) -> Option<&super::Acme> {
        self.certificate.acme()
    }

    /// Returns whether it is known to ask clients for the same as another.
    pub(super) fn asks_as(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || !self.asks_alone && !other.asks_alone
    }

    /// Returns whether the files changed since this was last asked.
    pub(super) fn has_changed(&self) -> bool {
        self.files.have_changed()
    }

    /// Reads the files again. With an error what was read before stays.
    pub(super) fn reload(&self) -> Result<(), Error> {
        let mut config = Config::new(&self.certificate, &self.client_certificates, &self.versions)?;
        if self.client_certificates.0.is_none() {
            // Sessions outlive the certificate that they were begun with, but not the trust in that of the
            // client.
            config.base.ticketer = Arc::clone(&self.current().base.ticketer);
        }
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        Ok(())
    }

    fn current(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Config {
    fn new(
        certificate: &Certificate,
        client_certificates: &ClientCertificates,
        versions: &[TlsVersion],
    ) -> Result<Self, Error> {
        let provider = provider();
        let certificate = certificate.load(provider)?;
        let clients = match &client_certificates.0 {
            None => Arc::new(NoClientAuth),
            Some(asked) => verifier(asked, provider)?,
        };
        let mut base = base(certificate, clients, versions)?;
        let unsafe_to_resume =
            |cause| Error::configuration_from("there is no randomness for session tickets", cause);
        // Tickets need no memory for each client; their keys are made here and change every few hours.
        base.ticketer = aws_lc_rs::Ticketer::new().map_err(unsafe_to_resume)?;
        Ok(Self {
            base,
            offering: Mutex::default(),
        })
    }

    fn offering(&self, protocols: Protocols) -> Arc<ServerConfig> {
        let mut offering = self.offering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = offering.iter().find(|(known, _)| *known == protocols) {
            return Arc::clone(config);
        }
        let mut config = self.base.clone();
        config.alpn_protocols = alpn(protocols);
        let config = Arc::new(config);
        offering.push((protocols, Arc::clone(&config)));
        config
    }
}

fn base(
    certificate: Arc<dyn ResolvesServerCert>,
    clients: Arc<dyn ClientCertVerifier>,
    versions: &[TlsVersion],
) -> Result<ServerConfig, Error> {
    let known = [(TlsVersion::Tls13, &TLS13), (TlsVersion::Tls12, &TLS12)];
    let spoken = known
        .iter()
        .filter(|(version, _)| versions.contains(version));
    let spoken: Vec<_> = spoken.map(|(_, version)| *version).collect();
    if spoken.is_empty() {
        return Err(Error::configuration(
            "TLS has no version to speak; leave `with_versions` out for TLS 1.2 and 1.3",
        ));
    }
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider()))
        .with_protocol_versions(&spoken)
        .map_err(|cause| Error::configuration_from("TLS cannot be set up", cause))?;
    Ok(builder
        .with_client_cert_verifier(clients)
        .with_cert_resolver(certificate))
}

/// The protocols over TCP as ALPN names them, the best first.
fn alpn(protocols: Protocols) -> Vec<Vec<u8>> {
    let names = [
        (Protocols::HTTP2, &b"h2"[..]),
        (Protocols::HTTP1, b"http/1.1"),
        (Protocols::HTTP1, b"http/1.0"),
    ];
    let spoken = names.iter().filter(|(one, _)| protocols.contains(*one));
    spoken.map(|(_, name)| name.to_vec()).collect()
}

fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider()))
}
