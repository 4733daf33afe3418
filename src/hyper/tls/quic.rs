//! TLS within QUIC.

use std::sync::Arc;
use std::time::Duration;

use rustls::quic::{ServerConnection, Version};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;

use super::Tls;
use super::loaded::Loaded;
use crate::contract::Error;
use crate::hyper::options::Protocols;

/// TLS as QUIC has it: what a client is shown depends on the name that it asks for, and what it is asked for
/// does not.
pub(in crate::hyper) struct QuicTls {
    loaded: Arc<Loaded>,
    base: Arc<ServerConfig>,
}

impl Tls {
    /// Returns what QUIC takes of this.
    ///
    /// # Errors
    ///
    /// A certificate cannot be read, or a choice depends on the client's first words, which QUIC does not
    /// show.
    pub(in crate::hyper) fn quic(&self) -> Result<QuicTls, Error> {
        let loaded = self.loaded()?;
        let impossible = |what| {
            Err(Error::configuration(format!(
                "HTTP/3 cannot have {what}; leave HTTP/3 out of the protocols of the endpoint, or give it TLS of \
                 its own"
            )))
        };
        if loaded.choose.is_some() {
            return impossible("a callback for each handshake");
        }
        if !loaded.is_of_one_mind() {
            return impossible("client certificates for some names and not for others");
        }
        let Some(first) = loaded.first() else {
            return impossible("TLS without a certificate");
        };
        let base = first.config(Protocols::HTTP3);
        Ok(QuicTls { loaded, base })
    }
}

impl QuicTls {
    /// Returns whether the configuration would be the same.
    pub(in crate::hyper) fn is_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.base, &other.base) && Arc::ptr_eq(&self.loaded, &other.loaded)
    }

    /// Returns the configuration, which offers HTTP/3 alone. Certificates are looked up in each handshake.
    ///
    /// # Errors
    ///
    /// TLS 1.3 is not spoken.
    pub(in crate::hyper) fn config(&self) -> Result<Arc<ServerConfig>, Error> {
        let mut config = (*self.base).clone();
        config.alpn_protocols = vec![b"h3".to_vec()];
        config.cert_resolver = Arc::new(ByName(Arc::clone(&self.loaded)));
        let config = Arc::new(config);
        // quinn takes for granted that a handshake can begin.
        match ServerConnection::new(Arc::clone(&config), Version::V1, Vec::new()) {
            Ok(_) => Ok(config),
            Err(cause) => Err(Error::configuration_from(
                "HTTP/3 needs TLS 1.3, which is not among the versions",
                cause,
            )),
        }
    }

    /// Returns how long a handshake may take.
    pub(in crate::hyper) fn handshake_timeout(&self) -> Option<Duration> {
        self.loaded.handshake_timeout
    }

    /// Looks at the files again, if it is time for that.
    pub(in crate::hyper) async fn refresh(&self) {
        self.loaded.refresh().await;
    }
}

/// Certificates by the name that a client asks for.
#[derive(Debug)]
struct ByName(Arc<Loaded>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let entry = self.0.entry(hello.server_name())?;
        if !entry.protocols(Protocols::HTTP3).contains(Protocols::HTTP3) {
            return None;
        }
        entry.config(Protocols::HTTP3).cert_resolver.resolve(hello)
    }
}
