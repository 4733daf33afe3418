//! What outlives the process: the certificate with its key, and the key of the account.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use rustls_acme::{AccountCache, CertCache};

use super::acme::Settings;
use super::current::Current;
use crate::contract::Error;
use crate::hyper::tls::write::write;

/// Makes the directory, and checks that it can be written.
///
/// # Errors
///
/// [`Error::is_configuration`]: it cannot.
pub(super) fn prepare(directory: &Path) -> Result<(), Error> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // Others may look at the same time.
    static TRIALS: AtomicU64 = AtomicU64::new(0);
    let number = TRIALS.fetch_add(1, Ordering::Relaxed);
    let trial = directory.join(format!("trial-{}-{number}", std::process::id()));
    let written = builder
        .create(directory)
        .and_then(|()| write(&trial, b"", 0o600))
        .and_then(|()| std::fs::remove_file(&trial));
    written.map_err(|cause| {
        let directory = directory.display();
        let what = format!("certificates that are ordered cannot be kept in `{directory}`");
        Error::configuration_from(what, cause)
    })
}

/// Files of one directory. What comes out of them, or goes into them, is what is served.
pub(super) struct Cache {
    certificate: PathBuf,
    account: PathBuf,
    current: Arc<Current>,
}

impl Cache {
    pub(super) fn new(settings: &Settings, current: Arc<Current>) -> Self {
        let file = |what: &str, of: &[String], kind: &str| {
            let hash = hash(of.iter().chain([&settings.directory]));
            settings.cache.join(format!("{what}-{hash:016x}.{kind}"))
        };
        Self {
            certificate: file(&settings.names[0], &settings.names, "pem"),
            account: file("account", &settings.contacts, "key"),
            current,
        }
    }
}

#[async_trait]
impl CertCache for Cache {
    type EC = io::Error;

    async fn load_cert(&self, _: &[String], _: &str) -> io::Result<Option<Vec<u8>>> {
        // Newer than the file if that could not be written.
        if let Some(text) = self.current.text() {
            return Ok(Some(text));
        }
        let Some(text) = read(&self.certificate).await? else {
            return Ok(None);
        };
        match self.current.take(&text, false) {
            Ok(()) => Ok(Some(text)),
            Err(error) => {
                let (file, error) = (self.certificate.display(), error.report());
                tracing::warn!(target: "transom", %file, error, "the certificate that was kept is ordered anew");
                Ok(None)
            }
        }
    }

    async fn store_cert(&self, _: &[String], _: &str, text: &[u8]) -> io::Result<()> {
        self.current.take(text, true).map_err(io::Error::other)?;
        store(&self.certificate, text).await
    }
}

#[async_trait]
impl AccountCache for Cache {
    type EA = io::Error;

    async fn load_account(&self, _: &[String], _: &str) -> io::Result<Option<Vec<u8>>> {
        read(&self.account).await
    }

    async fn store_account(&self, _: &[String], _: &str, key: &[u8]) -> io::Result<()> {
        store(&self.account, key).await
    }
}

async fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let path = path.to_owned();
    aside(move || match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    })
    .await
}

async fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (path, bytes) = (path.to_owned(), bytes.to_vec());
    aside(move || write(&path, &bytes, 0o600)).await
}

/// Does what blocks where that harms nobody.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    (tokio::task::spawn_blocking(work).await).unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// FNV-1a, which is the same in every build: it tells orders apart that share a directory, and no more.
fn hash<'a>(texts: impl Iterator<Item = &'a String>) -> u64 {
    let bytes = texts.flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair};
    use rustls::crypto::aws_lc_rs::default_provider;
    #[cfg(feature = "http3")]
    use rustls::{
        ClientConfig, RootCertStore, ServerConfig, pki_types::CertificateDer, quic, quic::Version,
    };
    use x509_parser::time::ASN1Time;

    use super::*;
    use crate::hyper::tls::Acme;
    #[cfg(feature = "http3")]
    use crate::hyper::tls::{Tls, pem};

    /// Returns a certificate behind its key, as it is ordered.
    fn ordered(valid: Duration) -> Vec<u8> {
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        let now = ASN1Time::now().to_datetime();
        params.not_before = now - Duration::from_secs(60);
        params.not_after = now - Duration::from_secs(30) + valid;
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        format!("{}{}", key.serialize_pem(), certificate.pem()).into_bytes()
    }

    fn open(folder: &Path, directory: &str) -> (Acme, Cache) {
        let acme = Acme::new(["a.example"], folder)
            .with_directory(directory)
            .with_terms_of_service_agreed(true);
        acme.load(&Arc::new(default_provider())).unwrap();
        let cache = acme.cache();
        (acme, cache)
    }

    #[tokio::test]
    async fn what_is_kept_is_served_by_the_next_process_until_it_expires() {
        let name = format!("transom-acme-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let good = ordered(Duration::from_secs(3600));
        let (acme, cache) = open(&folder, Acme::LETS_ENCRYPT);
        assert!(acme.lack().is_some());
        cache.store_cert(&[], "", &good).await.unwrap();
        cache.store_account(&[], "", b"key").await.unwrap();
        assert_eq!(acme.lack(), None);

        let (acme, cache) = open(&folder, Acme::LETS_ENCRYPT);
        assert!(cache.load_cert(&[], "").await.unwrap() == Some(good));
        assert_eq!(acme.lack(), None);
        assert_eq!(cache.load_account(&[], "").await.unwrap().unwrap(), b"key");

        // Another directory has other accounts, and nobody trusts what it signs.
        let (acme, cache) = open(&folder, Acme::LETS_ENCRYPT_STAGING);
        assert!(cache.load_cert(&[], "").await.unwrap().is_none());
        assert!(cache.load_account(&[], "").await.unwrap().is_none());
        assert!(acme.lack().is_some());

        for useless in [ordered(Duration::ZERO), b"half a certifi".to_vec()] {
            let (acme, cache) = open(&folder, Acme::LETS_ENCRYPT);
            std::fs::write(&cache.certificate, useless).unwrap();
            assert!(cache.load_cert(&[], "").await.unwrap().is_none());
            assert!(acme.lack().is_some());
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(feature = "http3")]
    #[tokio::test]
    async fn http3_shows_what_was_ordered_as_soon_as_it_is_there() {
        let name = format!("transom-acme-http3-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let (acme, cache) = open(&folder, Acme::LETS_ENCRYPT);
        let server = Tls::new(acme).quic().unwrap().config().unwrap();
        let text = ordered(Duration::from_secs(3600));
        let root = pem::certificates(&text, "").unwrap().remove(0);
        let refused = shake_hands(&server, &root).unwrap_err();
        assert!(
            refused.to_string().contains("no server certificate"),
            "{refused}"
        );
        cache.store_cert(&[], "", &text).await.unwrap();
        shake_hands(&server, &root).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(feature = "http3")]
    fn shake_hands(
        server: &Arc<ServerConfig>,
        root: &CertificateDer<'static>,
    ) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(root.clone())?;
        let mut client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.alpn_protocols = vec![b"h3".to_vec()];
        let name = "a.example".try_into().unwrap();
        let client = quic::ClientConnection::new(client.into(), Version::V1, name, Vec::new())?;
        let server = quic::ServerConnection::new(Arc::clone(server), Version::V1, Vec::new())?;
        let (mut client, mut server) = (quic::Connection::from(client), server.into());
        for _ in 0..10 {
            pass(&mut client, &mut server)?;
            pass(&mut server, &mut client)?;
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        Ok(())
    }

    #[cfg(feature = "http3")]
    fn pass(from: &mut quic::Connection, to: &mut quic::Connection) -> Result<(), rustls::Error> {
        let mut bytes = Vec::new();
        // Keys change between what is sent; here nothing is encrypted with them.
        from.write_hs(&mut bytes);
        to.read_hs(&bytes)
    }
}
