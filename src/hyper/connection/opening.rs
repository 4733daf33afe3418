//! What comes before the first request: everything between `accept` and a protocol that is known.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;

use super::sniff::{Protocol, sniff};
use super::stream::Stream;
use super::{Place, Reason};
use crate::adapter::Connection;
use crate::features::{ConnectionInfo, ProxyProtocolInfo, Scheme, TlsInfo};
use crate::hyper::accept::ServedEndpoint;
use crate::hyper::middleware::{ByteStream, Layered, Rewound};
#[cfg(feature = "tls")]
use crate::hyper::observe::Handshake;
use crate::hyper::options::Protocols;
use crate::hyper::proxy_protocol::{self, Told, Treatment};

/// A connection whose protocol is known.
pub(in crate::hyper) struct Opened {
    pub(in crate::hyper) stream: Stream,
    /// Read from the stream in order to know the protocol.
    pub(in crate::hyper) ahead: BytesMut,
    pub(in crate::hyper) protocol: Protocol,
    pub(in crate::hyper) scheme: Scheme,
    pub(in crate::hyper) info: ConnectionInfo,
    pub(in crate::hyper) endpoint: Arc<ServedEndpoint>,
    /// There if a proxy spoke for the client.
    pub(in crate::hyper) proxy: Option<ProxyProtocolInfo>,
    /// There if, and only if, the scheme is `https`.
    pub(in crate::hyper) tls: Option<TlsInfo>,
    pub(in crate::hyper) carries: Option<Carries>,
}

impl Opened {
    /// Returns what responses tell of HTTP/3, which is at the same port if the endpoint speaks it; RFC 7838.
    pub(in crate::hyper) fn alt_svc(&self) -> Option<HeaderValue> {
        let options = &self.endpoint.options;
        if options.without_alt_svc || !options.protocols.contains(Protocols::HTTP3) {
            return None;
        }
        let port = self.info.local()?.socket_addr()?.port();
        HeaderValue::from_maybe_shared(Bytes::from(format!("h3=\":{port}\"; ma=86400"))).ok()
    }
}

/// Tells whether requests for a host may come on a connection. There only if some may not: if hosts differ in
/// what they ask of clients in the handshake.
pub(in crate::hyper) type Carries = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Tells what TLS agreed on.
pub(in crate::hyper) fn secured(connection: Connection, tls: Option<TlsInfo>) -> Connection {
    match tls {
        Some(tls) => connection.with_feature(tls),
        None => connection,
    }
}

/// Tells what a proxy said.
pub(in crate::hyper) fn proxied(
    connection: Connection,
    proxy: Option<ProxyProtocolInfo>,
) -> Connection {
    match proxy {
        Some(proxy) => connection.with_feature(proxy),
        None => connection,
    }
}

/// Why a connection was not opened.
pub(super) enum NotOpened {
    /// A step does not take what the client sent, or the client.
    Rejected(Reason),
    /// The connection broke.
    Broken,
}

impl NotOpened {
    /// Returns what an error of a step is.
    fn by(error: &io::Error, reason: Reason) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => Self::Broken,
            _ => Self::Rejected(reason),
        }
    }
}

/// What no step of the server's own fails with.
impl From<io::Error> for NotOpened {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// Opens a connection, step by step. The caller holds all steps together to one deadline. `info` says who the
/// client is as soon as that is known, and `place` is counted there.
///
/// # Errors
///
/// The connection broke, or is refused by a step. `Ok(None)`: the client went away before it said anything, or
/// has no request.
pub(super) async fn open(
    mut stream: Stream,
    info: &mut ConnectionInfo,
    place: &mut Place,
    endpoint: Arc<ServedEndpoint>,
) -> Result<Option<Opened>, NotOpened> {
    let mut proxy = None;
    if let Some(trust) = &endpoint.options.proxy_protocol {
        let treatment = trust.treatment(info);
        match treatment {
            Treatment::Refused => return Err(NotOpened::Rejected(Reason::UntrustedProxy)),
            Treatment::Direct => {}
            Treatment::Header | Treatment::MaybeHeader => {
                let optional = matches!(treatment, Treatment::MaybeHeader);
                let told = proxy_protocol::read(&mut stream, info, optional).await;
                match told.map_err(|error| NotOpened::by(&error, Reason::InvalidProxyHeader))? {
                    Told::Header(client, header) => {
                        *info = client;
                        proxy = Some(*header);
                    }
                    Told::Nothing(ahead) if ahead.is_empty() => {}
                    Told::Nothing(ahead) => {
                        let again = |stream| ByteStream::new(Rewound::new(ahead, stream));
                        stream = Layered::with(stream, again);
                    }
                    Told::Gone => return Ok(None),
                }
                // Not before: until now it was the proxy that would have been counted.
                place.locate(info).map_err(NotOpened::Rejected)?;
            }
        }
    }
    stream = Layered::over(stream, &endpoint.options.wire, info).await?;
    #[cfg(feature = "tls")]
    if let Some(tls) = &endpoint.options.tls {
        let handshake = Handshake::begin(info);
        // Boxed: as large as all other steps together, which connections without TLS need not carry.
        let accepting = tls.accept(stream, info, endpoint.options.protocols);
        let secured = Box::pin(accepting).await;
        let secured = secured.map_err(|error| NotOpened::by(&error, Reason::TlsHandshake))?;
        let Some(secured) = secured else {
            return Ok(None);
        };
        if let Some(version) = secured.info.version() {
            handshake.done(version);
        }
        let stream = Stream::Tls(Box::new(secured.stream));
        return Ok(Some(Opened {
            stream: Layered::over(stream, &endpoint.options.layers, info).await?,
            ahead: BytesMut::new(),
            protocol: secured.protocol,
            scheme: Scheme::Https,
            info: info.clone(),
            endpoint,
            proxy,
            tls: Some(secured.info),
            carries: secured.carries,
        }));
    }
    stream = Layered::over(stream, &endpoint.options.layers, info).await?;
    // The versions of HTTP that the endpoint speaks are told apart by the first bytes.
    let Some((protocol, ahead)) = sniff(&mut stream, endpoint.options.protocols).await? else {
        return Ok(None);
    };
    Ok(Some(Opened {
        stream,
        ahead,
        protocol,
        scheme: Scheme::Http,
        info: info.clone(),
        endpoint,
        proxy,
        tls: None,
        carries: None,
    }))
}
