//! The tables `endpoints.NAME`, `endpoint_defaults` and `endpoints.NAME.sni.HOST`.

use std::path::PathBuf;
use std::time::Duration;

use super::key::{Key, Table, Where, field, table};
use super::proxy::{PROXY_PROTOCOL, ProxyValues};
use super::tls::{
    CERTIFICATE, CLIENT_AUTHORITIES, CLIENT_CERTIFICATES, CertificateUse, ClientCertificates,
    HANDSHAKE_TIMEOUT, TLS_VERSIONS, TlsVersion,
};
use super::{sni, socket};
use crate::adapter::SocketOptions;
use crate::configuration::{Entry, Problems, Section};
use crate::contract::Error;
use crate::features::{Scheme, ServerAddress};
use crate::hyper::options::Protocols;

/// What a file says of one endpoint, of all of them, or of one name of SNI; each as far as it says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EndpointValues {
    pub(super) url: Option<ServerAddress>,
    pub(super) protocols: Option<Protocols>,
    pub(super) certificate: Option<CertificateUse>,
    pub(super) client_certificates: Option<ClientCertificates>,
    pub(super) client_authorities: Option<PathBuf>,
    pub(super) tls_versions: Option<Vec<TlsVersion>>,
    pub(super) handshake_timeout: Option<Option<Duration>>,
    pub(super) proxy_protocol: Option<ProxyValues>,
    pub(super) no_delay: Option<bool>,
    pub(super) alt_svc: Option<bool>,
    pub(super) socket: SocketOptions,
    /// Names, in lower case, and what holds for them.
    pub(super) sni: Vec<(String, EndpointValues)>,
}

impl EndpointValues {
    /// Whether the address begins with `https`.
    pub(super) fn is_of_tls(&self) -> bool {
        let url = self.url.as_ref();
        url.is_some_and(|url| url.scheme() == Scheme::Https)
    }

    /// Whether it says more of TLS than with which certificate.
    pub(super) fn says_more_of_tls(&self) -> bool {
        self.client_certificates.is_some()
            || self.client_authorities.is_some()
            || self.tls_versions.is_some()
            || self.handshake_timeout.is_some()
    }
}

const URL: Key<EndpointValues> = field!(
    EndpointValues,
    url,
    Some("Url"),
    "address",
    address,
    "where to listen; each endpoint has one",
    |_| None
);

const PROTOCOLS: Key<EndpointValues> = field!(
    EndpointValues,
    protocols,
    Some("Protocols"),
    "list of `http1`, `http2` and `http3`",
    protocols,
    "the versions of HTTP to speak",
    |values| Some(values.protocols.unwrap_or_default().to_string())
);

const ALT_SVC: Key<EndpointValues> = field!(
    EndpointValues,
    alt_svc,
    None,
    "`true` or `false`",
    Entry::boolean,
    "whether responses over other versions tell of HTTP/3, where it is spoken",
    |_| Some("true".into())
)
.on(Where::Tls);

const SNI: Key<EndpointValues> = table!(
    EndpointValues,
    sni,
    Some("Sni"),
    |values, table, problems| EndpointValues {
        sni: sni::read(table, problems),
        ..values
    },
    "what holds for the clients that ask for a name: `host`, `*.host`, or `*` for all and for none"
)
.on(Where::Tls);

/// `endpoints.NAME`.
pub(super) const ENDPOINT: Table<EndpointValues> = Table {
    what: "an option of an endpoint",
    keys: &[
        URL,
        PROTOCOLS,
        ALT_SVC,
        CERTIFICATE,
        CLIENT_CERTIFICATES,
        CLIENT_AUTHORITIES,
        TLS_VERSIONS,
        HANDSHAKE_TIMEOUT,
        SNI,
        PROXY_PROTOCOL,
        socket::NO_DELAY,
        socket::KEEP_ALIVE,
        socket::BACKLOG,
        socket::IPV6_ONLY,
        socket::REUSE_PORT,
        socket::RECEIVE_BUFFER,
        socket::SEND_BUFFER,
        socket::UNIX_MODE,
        socket::UNIX_OWNER,
        socket::UNIX_GROUP,
    ],
    kestrel: &[],
};

/// `endpoint_defaults`.
pub(super) const DEFAULTS: Table<EndpointValues> = Table {
    what: "a default of the endpoints",
    keys: &[
        PROTOCOLS,
        CLIENT_CERTIFICATES,
        CLIENT_AUTHORITIES,
        TLS_VERSIONS,
        HANDSHAKE_TIMEOUT,
    ],
    kestrel: &[],
};

/// `endpoints.NAME.sni.HOST`.
pub(super) const NAME: Table<EndpointValues> = Table {
    what: "an option of a name",
    keys: &[
        CERTIFICATE,
        PROTOCOLS,
        CLIENT_CERTIFICATES,
        CLIENT_AUTHORITIES,
        TLS_VERSIONS,
    ],
    kestrel: &[],
};

/// Reads one endpoint. `None` if it has no address, which is among the problems then.
pub(super) fn read(
    entry: &Entry,
    section: &Section,
    problems: &mut Problems,
) -> Option<EndpointValues> {
    if !section
        .entries()
        .iter()
        .any(|entry| URL.is_called(entry.name()))
    {
        problems.add(entry.error(format_args!(
            "the endpoint `{}` has no `url`; write one, like `http://127.0.0.1:5000`",
            entry.name()
        )));
        ENDPOINT.read(section, EndpointValues::default(), problems);
        return None;
    }
    let values = ENDPOINT.read(section, EndpointValues::default(), problems);
    let url = values.url.as_ref()?;
    for entry in section.entries() {
        let mut keys = ENDPOINT.keys.iter();
        let Some(key) = keys.find(|key| key.is_called(entry.name())) else {
            continue;
        };
        if let Some(problem) = misplaced(key.on, url) {
            problems.add(entry.error(problem));
        }
    }
    Some(values)
}

/// Says why an option is not for an endpoint of that address, if so.
fn misplaced(on: Where, url: &ServerAddress) -> Option<String> {
    let needs = match on {
        Where::Tls if url.scheme() == Scheme::Http => "TLS: an address that begins with `https`",
        Where::Tcp if url.unix_path().is_some() => "an address with a port",
        Where::Unix if url.unix_path().is_none() => "an address of a unix socket",
        _ => return None,
    };
    Some(format!(
        "it needs {needs}, and the `url` of the endpoint is `{url}`"
    ))
}

fn address(entry: &Entry) -> Result<ServerAddress, Error> {
    let text = entry.text()?;
    if text.contains(';') {
        return Err(entry.error(format_args!(
            "`{text}` is more than one address; each is an endpoint of its own"
        )));
    }
    let address: ServerAddress = text.parse().map_err(|error| entry.error(error))?;
    match address.path_base() {
        "" => Ok(address),
        base => Err(entry.error(format_args!(
            "`{address}` has the path base `{base}`, which belongs into the pipeline: `use_path_base(\"{base}\")`"
        ))),
    }
}

fn protocols(entry: &Entry) -> Result<Protocols, Error> {
    let mut all: Option<Protocols> = None;
    for entry in entry.list().iter() {
        let one: Protocols = entry.text()?.parse().map_err(|error| entry.error(error))?;
        all = Some(all.map_or(one, |all| all | one));
    }
    all.ok_or_else(|| entry.error("the list is empty; there has to be one, like `http1`"))
}
