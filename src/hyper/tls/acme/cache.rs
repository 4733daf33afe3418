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
