//! Certificates that were read, as rustls takes them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::ServerConfig;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};

use super::TlsOptions;
use super::names::Names;
use super::tls::Settings;
use crate::contract::Error;
use crate::features::TlsVersion;
use crate::hyper::options::Protocols;

/// Everything that a [`Tls`](super::Tls) needs for handshakes.
#[derive(Debug)]
pub(super) struct Loaded {
    names: Names,
    entries: Vec<Entry>,
    pub(super) handshake_timeout: Option<Duration>,
}

/// What answers for a name.
#[derive(Debug)]
pub(super) struct Entry {
    protocols: Option<Protocols>,
    config: RwLock<Arc<Config>>,
}

/// A configuration of rustls, once for each choice of protocols that endpoints make.
#[derive(Debug)]
struct Config {
    base: ServerConfig,
    offering: Mutex<Vec<(Protocols, Arc<ServerConfig>)>>,
}

impl Loaded {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        if settings.names.is_empty() {
            return Err(Error::configuration(
                "TLS has no certificate; give it one with `Tls::new` or `Tls::with_sni`",
            ));
        }
        let mut names = Names::default();
        let mut entries = Vec::with_capacity(settings.names.len());
        for (entry, (name, options)) in settings.names.iter().enumerate() {
            names.add(name, entry)?;
            entries.push(Entry::new(settings, options)?);
        }
        Ok(Self {
            names,
            entries,
            handshake_timeout: settings.handshake_timeout,
        })
    }

    /// Returns what answers for a name, or for clients that send none.
    pub(super) fn entry(&self, name: Option<&str>) -> Option<&Entry> {
        self.names.find(name).map(|entry| &self.entries[entry])
    }
}

impl Entry {
    fn new(settings: &Settings, options: &TlsOptions) -> Result<Self, Error> {
        Ok(Self {
            protocols: options.protocols,
            config: RwLock::new(Arc::new(Config::new(settings, options)?)),
        })
    }

    /// Returns the protocols to speak where the endpoint speaks these.
    pub(super) fn protocols(&self, endpoint: Protocols) -> Protocols {
        self.protocols.unwrap_or(endpoint)
    }

    /// Returns the configuration that offers these protocols.
    pub(super) fn config(&self, protocols: Protocols) -> Arc<ServerConfig> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        config.offering(protocols)
    }
}

impl Config {
    fn new(settings: &Settings, options: &TlsOptions) -> Result<Self, Error> {
        let provider = provider();
        let certificate = options.certificate.load(provider)?;
        let versions = options.versions.as_ref().unwrap_or(&settings.versions);
        let versions: Vec<_> = [(TlsVersion::Tls13, &TLS13), (TlsVersion::Tls12, &TLS12)]
            .into_iter()
            .filter(|(version, _)| versions.contains(version))
            .map(|(_, version)| version)
            .collect();
        if versions.is_empty() {
            return Err(Error::configuration(
                "TLS has no version to speak; leave `with_versions` out for TLS 1.2 and 1.3",
            ));
        }
        let wrong = |cause| Error::configuration_from("TLS cannot be set up", cause);
        let mut base = ServerConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(&versions)
            .map_err(wrong)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certificate)));
        // Tickets need no memory a client; their keys are made here and change every few hours.
        base.ticketer = aws_lc_rs::Ticketer::new().map_err(wrong)?;
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
