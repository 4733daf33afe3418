use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use x509_parser::time::ASN1Time;

use super::write::write;
use super::{Certificate, check, pem};
use crate::contract::Error;

/// How long one is valid: what browsers take.
const VALID: Duration = Duration::from_secs(365 * DAY);
/// How much of that has to be left, or else a new one is made.
const LEFT: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 60 * 60;

/// A certificate for `localhost`, `127.0.0.1` and `::1`, made on this machine and kept for its user.
///
/// It is made once, kept in the user's data directory, and made anew when less than 30 days of its year are
/// left. The file with its key is for the user alone. Clients do not trust it before they are told to:
/// [`how_to_trust`](Self::how_to_trust). Not for production.
///
/// ```
/// use transom::hyper::tls::DevelopmentCertificate;
/// use transom::{HyperServer, Server};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let folder = std::env::temp_dir().join(format!("transom-doc-{}", std::process::id()));
/// let development = DevelopmentCertificate::load_or_create_in(&folder)?;
/// assert!(development.how_to_trust().contains("curl --cacert"));
/// let server = HyperServer::new("https://127.0.0.1:0").with_tls(development.certificate());
/// drop(server.bind().await?);
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "dev-certs")]
#[derive(Clone, Debug)]
#[must_use]
pub struct DevelopmentCertificate {
    /// The certificate with its key.
    secret: PathBuf,
    /// The certificate alone.
    public: PathBuf,
    new: bool,
}

impl DevelopmentCertificate {
    /// Returns the user's certificate, which is made if there is none. It is kept in `transom` in the user's
    /// data directory: `$XDG_DATA_HOME` or `~/.local/share`, `~/Library/Application Support` on macOS,
    /// `%LOCALAPPDATA%` on Windows.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: there is no such directory, or it cannot be written.
    pub fn load_or_create() -> Result<Self, Error> {
        let folder = data_directory().ok_or_else(|| {
            Error::configuration(
                "there is no home directory to keep a development certificate in; name a directory \
                 (`DevelopmentCertificate::load_or_create_in`)",
            )
        })?;
        Self::load_or_create_in(folder.join("transom"))
    }

    /// As [`load_or_create`](Self::load_or_create), in a directory of the caller's.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: the directory cannot be written.
    pub fn load_or_create_in(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let directory = directory.as_ref();
        let mut this = Self {
            secret: directory.join("localhost.pem"),
            public: directory.join("localhost.crt"),
            new: false,
        };
        if !this.is_good() {
            this.create(directory).map_err(|cause| {
                let directory = directory.display();
                let what = format!("a development certificate cannot be kept in `{directory}`");
                Error::configuration_from(what, cause)
            })?;
            this.new = true;
        }
        Ok(this)
    }

    /// Returns the certificate with its key, for [`Tls`](super::Tls).
    pub fn certificate(&self) -> Certificate {
        Certificate::from_pem_file(&self.secret)
    }

    /// Returns the file with the certificate and without its key, as PEM, for clients.
    pub fn path(&self) -> &Path {
        &self.public
    }

    /// Returns whether it was made just now: then nobody trusts it yet.
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// Returns a line that says how to have this system, or curl, trust it.
    pub fn how_to_trust(&self) -> String {
        let path = self.public.display();
        let system = if cfg!(target_os = "macos") {
            format!(
                "`security add-trusted-cert -p ssl -k ~/Library/Keychains/login.keychain-db '{path}'`"
            )
        } else if cfg!(windows) {
            format!("`certutil -user -addstore Root \"{path}\"`")
        } else {
            format!(
                "`sudo cp '{path}' /usr/local/share/ca-certificates/transom-localhost.crt && sudo \
                 update-ca-certificates`"
            )
        };
        format!("trust it with {system}, or for one request with `curl --cacert '{path}'`")
    }

    /// Returns whether there is one that is good for a while.
    fn is_good(&self) -> bool {
        let Ok(text) = std::fs::read(&self.secret) else {
            return false;
        };
        let chain = pem::certificates(&text, "");
        let lasts = |chain: Vec<_>| check::left(&chain[0]).is_some_and(|left| left > LEFT);
        chain.is_ok_and(lasts)
            && pem::private_key(&text, "").is_ok()
            && std::fs::read(&self.public).is_ok_and(|public| text.starts_with(&public))
    }

    fn create(&self, directory: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut params = CertificateParams::new(names)?;
        let name = "localhost, for development";
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = ASN1Time::now().to_datetime();
        // Clocks differ.
        params.not_before = now - Duration::from_secs(DAY);
        params.not_after = now + VALID;
        let key = KeyPair::generate()?;
        let public = params.self_signed(&key)?.pem();
        let secret = format!("{public}{}", key.serialize_pem());
        std::fs::create_dir_all(directory)?;
        write(&self.secret, secret.as_bytes(), 0o600)?;
        write(&self.public, public.as_bytes(), 0o644)?;
        Ok(())
    }
}

fn data_directory() -> Option<PathBuf> {
    let set = |name| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(value))
    };
    if cfg!(windows) {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        Some(set("HOME")?.join("Library/Application Support"))
    } else {
        set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))
    }
}
