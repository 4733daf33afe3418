//! What an endpoint says of TLS.

use super::certificate::{CertificateValues, path};
use super::endpoint::EndpointValues;
use super::key::{Key, Where, field};
use super::kind::{Kind as _, Optional, Time};
use crate::configuration::Entry;
use crate::contract::Error;

/// A certificate, as an endpoint says it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum CertificateUse {
    /// One of the table `certificates`. The text says where that was said.
    Named(String, String),
    Own(CertificateValues),
}

/// What is asked of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientCertificates {
    None,
    Allow,
    Require,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsVersion {
    Tls12,
    Tls13,
}

pub(super) const CERTIFICATE: Key<EndpointValues> = field!(
    EndpointValues,
    certificate,
    Some("Certificate"),
    "table, or name",
    certificate,
    "the certificate that clients are shown, or the name of one of `certificates`",
    |_| Some("`certificates.default`".into())
)
.on(Where::Tls);

pub(super) const CLIENT_CERTIFICATES: Key<EndpointValues> = field!(
    EndpointValues,
    client_certificates,
    Some("ClientCertificateMode"),
    "`none`, `allow` or `require`",
    client_certificates,
    "whether clients are asked for a certificate",
    |_| Some("none".into())
)
.on(Where::Tls);

pub(super) const CLIENT_AUTHORITIES: Key<EndpointValues> = field!(
    EndpointValues,
    client_authorities,
    None,
    "path",
    path,
    "the certificates that those of clients have to lead to, as PEM",
    |_| None
)
.on(Where::Tls);

pub(super) const TLS_VERSIONS: Key<EndpointValues> = field!(
    EndpointValues,
    tls_versions,
    Some("SslProtocols"),
    "list of `tls1.2` and `tls1.3`",
    tls_versions,
    "the versions of TLS to speak",
    |_| Some("both".into())
)
.on(Where::Tls);

pub(super) const HANDSHAKE_TIMEOUT: Key<EndpointValues> = Key {
    optional: true,
    ..field!(
        EndpointValues,
        handshake_timeout,
        Some("HandshakeTimeout"),
        "time",
        <Optional<Time>>::read,
        "how long a handshake may take",
        |_| Some("10s".into())
    )
}
.on(Where::Tls);

fn certificate(entry: &Entry) -> Result<CertificateUse, Error> {
    match entry.text() {
        Ok(name) => Ok(CertificateUse::Named(name.to_owned(), entry.place())),
        Err(_) => CertificateValues::of_entry(entry).map(CertificateUse::Own),
    }
}

fn client_certificates(entry: &Entry) -> Result<ClientCertificates, Error> {
    let text = entry.text()?;
    match text.to_ascii_lowercase().as_str() {
        "none" | "nocertificate" => Ok(ClientCertificates::None),
        "allow" | "allowcertificate" => Ok(ClientCertificates::Allow),
        "require" | "requirecertificate" => Ok(ClientCertificates::Require),
        "delaycertificate" => Err(entry.error(
            "`DelayCertificate` needs renegotiation, which TLS 1.3 does not have; `allow` asks at the start",
        )),
        _ => Err(entry.error(format_args!("`{text}` is none of `none`, `allow` and `require`"))),
    }
}

fn tls_versions(entry: &Entry) -> Result<Vec<TlsVersion>, Error> {
    let mut versions = Vec::new();
    for entry in entry.list().iter() {
        let text = entry.text()?;
        let version = match text.to_ascii_lowercase().as_str() {
            "tls1.2" | "tls12" | "1.2" => TlsVersion::Tls12,
            "tls1.3" | "tls13" | "1.3" => TlsVersion::Tls13,
            "ssl2" | "ssl3" | "tls" | "tls10" | "tls1.0" | "tls11" | "tls1.1" => {
                return Err(entry.error(format_args!(
                    "`{text}` is not safe any more; `tls1.2` and `tls1.3` are there"
                )));
            }
            _ => {
                let problem = format_args!("`{text}` is neither `tls1.2` nor `tls1.3`");
                return Err(entry.error(problem));
            }
        };
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    match versions.is_empty() {
        true => Err(entry.error("the list is empty; there has to be one, like `tls1.3`")),
        false => Ok(versions),
    }
}
