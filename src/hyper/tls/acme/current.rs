use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ServerConfig};

use super::Renewal;
use super::acme::Settings;
use crate::contract::Error;
use crate::hyper::tls::{check, pem};

/// What a certificate is ordered with.
#[derive(Clone)]
pub(super) struct Means {
    pub(super) client: Arc<ClientConfig>,
    pub(super) provider: Arc<CryptoProvider>,
}

/// The certificate that is shown now, and what is shown to a directory meanwhile.
#[derive(Default)]
pub(super) struct Current {
    means: OnceLock<Means>,
    certificate: RwLock<Option<Held>>,
    challenge: RwLock<Option<Arc<ServerConfig>>>,
    renewal: Mutex<Weak<Renewal>>,
}

/// A certificate, and the text that it is kept as.
struct Held {
    key: Arc<CertifiedKey>,
    text: Vec<u8>,
}

impl Current {
    pub(super) fn prepare(&self, client: Arc<ClientConfig>, provider: &Arc<CryptoProvider>) {
        // What was prepared before is the same, for the settings are.
        self.means.get_or_init(|| Means {
            client,
            provider: Arc::clone(provider),
        });
    }

    /// Takes a certificate behind its key.
    ///
    /// # Errors
    ///
    /// The text holds none, or one that has expired, if that matters.
    pub(super) fn take(&self, text: &[u8], may_be_expired: bool) -> Result<(), Error> {
        let Some(means) = self.means.get() else {
            return Err(Error::configuration(
                "nothing is prepared for a certificate",
            ));
        };
        let name = "what was ordered";
        let chain = pem::certificates(text, name)?;
        let key = pem::private_key(text, name)?;
        check::for_servers(&chain[0], name, may_be_expired)?;
        let key = CertifiedKey::from_der(chain, key, &means.provider)
            .map_err(|cause| Error::configuration_from(format!("{name} cannot be used"), cause))?;
        *self
            .certificate
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Held {
            key: Arc::new(key),
            text: text.to_vec(),
        });
        Ok(())
    }

    /// Returns the text of the certificate.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        let held = self
            .certificate
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| held.text.clone())
    }

    pub(super) fn lack(&self) -> Option<&'static str> {
        let held = self
            .certificate
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let renewal = || self.renewal.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(_) => None,
            None if renewal().strong_count() > 0 => Some("the certificate is still being ordered"),
            None => Some("nobody orders the certificate: no endpoint has it in its TLS"),
        }
    }

    pub(super) fn challenge(&self) -> Option<Arc<ServerConfig>> {
        let challenge = self
            .challenge
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        challenge.clone()
    }

    pub(super) fn set_challenge(&self, challenge: Option<Arc<ServerConfig>>) {
        *self
            .challenge
            .write()
            .unwrap_or_else(PoisonError::into_inner) = challenge;
    }

    /// Returns what renews the certificate, which is begun if nobody does.
    pub(super) fn renewal(self: &Arc<Self>, settings: &Arc<Settings>) -> Arc<Renewal> {
        let mut renewal = self.renewal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(renewal) = renewal.upgrade() {
            return renewal;
        }
        let begun = Arc::new(Renewal::begin(settings, self, self.means.get()));
        *renewal = Arc::downgrade(&begun);
        begun
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let held = self
            .certificate
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| Arc::clone(&held.key))
    }
}

/// Never shows a key.
impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current")
            .field("lack", &self.lack())
            .finish()
    }
}
