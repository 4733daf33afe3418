use std::net::SocketAddr;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header};
use transom::adapter::check_parts;
use transom::features::{TlsInfo, TlsVersion};

use super::info::RequestInfo;
use super::names;
use super::sys::{Received, RequestBuffer, Secured, Token};

/// As many fields as ASP.NET takes of a request; `http` itself has room for 32,768.
const MOST_FIELDS: usize = 1000;

/// Bits of Schannel, of the server's side.
const TLS_1_2: u32 = 0x0400;
const TLS_1_3: u32 = 0x1000;

/// A request that the kernel has handed over.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) id: u64,
    /// What to ask about the connection with.
    pub(crate) connection: u64,
    /// What all requests of one connection share.
    pub(crate) raw_connection: u64,
    /// Which prefix matched.
    pub(crate) context: u64,
    pub(crate) version: Version,
    /// Or with what it is refused.
    pub(crate) head: Result<Parts, StatusCode>,
    /// What of the body came with the head.
    pub(crate) content: Vec<Bytes>,
    pub(crate) has_more_content: bool,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) is_secure: bool,
    pub(crate) tls: Option<TlsInfo>,
    pub(crate) user: Option<(Token, i32)>,
    pub(crate) info: Option<RequestInfo>,
}

impl Arrival {
    pub(crate) fn read(buffer: RequestBuffer) -> Self {
        let received = buffer.received();
        let version = match received.version() {
            (1, 0) => Version::HTTP_10,
            (2, _) => Version::HTTP_2,
            (3, _) => Version::HTTP_3,
            _ => Version::HTTP_11,
        };
        let secured = received.secured();
        let arrival = Self {
            id: received.id(),
            connection: received.connection(),
            raw_connection: received.raw_connection(),
            context: received.context(),
            version,
            head: head(&received, version),
            content: received.content().map(Bytes::copy_from_slice).collect(),
            has_more_content: received.has_more_content(),
            remote: received.remote(),
            local: received.local(),
            is_secure: secured.is_some(),
            tls: secured.and_then(|secured| tls(secured, version)),
            user: received.user(),
            info: None,
        };
        Self {
            info: RequestInfo::of(buffer),
            ..arrival
        }
    }
}

fn head(received: &Received<'_>, version: Version) -> Result<Parts, StatusCode> {
    let bad = StatusCode::BAD_REQUEST;
    let (verb, name) = received.verb();
    let method = names::method(verb, name).ok_or(bad)?;
    let uri = Uri::try_from(received.target()).map_err(|_| bad)?;
    let mut headers = HeaderMap::with_capacity(16);
    for (id, value) in received.known_fields() {
        if let Some(name) = names::of_request(id) {
            let value = HeaderValue::from_bytes(value).map_err(|_| bad)?;
            headers.append(name, value);
        }
    }
    for (count, (name, value)) in received.unknown_fields().enumerate() {
        if count == MOST_FIELDS {
            return Err(bad);
        }
        let name = HeaderName::from_bytes(name).map_err(|_| bad)?;
        let value = HeaderValue::from_bytes(value).map_err(|_| bad)?;
        headers.append(name, value);
    }
    let (mut head, ()) = http::Request::new(()).into_parts();
    head.method = method;
    head.uri = uri;
    head.version = version;
    head.headers = headers;
    check_parts(&head).map_err(|_| bad)?;
    Ok(head)
}

fn tls(secured: Secured, version: Version) -> Option<TlsInfo> {
    let version_of_tls = match secured.protocol? {
        bits if bits & TLS_1_3 != 0 => TlsVersion::Tls13,
        bits if bits & TLS_1_2 != 0 => TlsVersion::Tls12,
        _ => return None,
    };
    let mut info = TlsInfo::new(version_of_tls);
    match version {
        Version::HTTP_2 => info = info.with_protocol(b"h2"),
        Version::HTTP_3 => info = info.with_protocol(b"h3"),
        _ => {}
    }
    if let Some(certificate) = secured.certificate {
        info = info.with_client_certificates(vec![certificate.into()]);
    }
    Some(info)
}

/// Returns the length that the client announced, if it did.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.trim().parse().ok()
}

/// Returns whether a field that is a list of tokens has this one.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let item = item.split(';').next().unwrap_or_default();
            item.trim().eq_ignore_ascii_case(token)
        })
}
