//! The head of a request, from the engine's types to those of `http`; and that of a response, back.

use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use transom::adapter::check_parts;
use trillium_http::{Conn, Headers, Status};

use crate::names;

/// Returns the head; `None` for one that is wrong, or that the types of `http` cannot express.
pub(crate) fn request<T>(conn: &Conn<T>) -> Option<Parts>
where
    T: futures_io::AsyncRead + futures_io::AsyncWrite + Unpin + Send + Sync + 'static,
{
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = Method::from_bytes(conn.method().as_ref().as_bytes()).ok()?;
    head.version = version(conn.http_version());
    head.uri = target(
        &head.method,
        conn.scheme(),
        conn.authority(),
        conn.path_and_query(),
        conn.protocol().is_some(),
    )?;
    head.headers = fields(conn.request_headers())?;
    // RFC 9112, section 6.1: its framing is not to be trusted.
    if head.version == Version::HTTP_10 && head.headers.contains_key(header::TRANSFER_ENCODING) {
        return None;
    }
    check_parts(&head).ok()?;
    Some(head)
}

/// Returns the fields; `None` for one that the types of `http` cannot express.
pub(crate) fn fields(fields: &Headers) -> Option<HeaderMap> {
    let mut map = HeaderMap::try_with_capacity(fields.len()).ok()?;
    for (name, values) in fields {
        let name = names::to_http(&name)?;
        let (last, before) = values.split_last()?;
        for value in before {
            map.try_append(name.clone(), HeaderValue::from_bytes(value.as_ref()).ok()?)
                .ok()?;
        }
        map.try_append(name, HeaderValue::from_bytes(last.as_ref()).ok()?)
            .ok()?;
    }
    Some(map)
}

/// Adds the fields of a response to the engine's.
pub(crate) fn add_fields(fields: &mut Headers, map: &HeaderMap) {
    for (name, value) in map {
        let name = names::to_engine(name);
        match value.to_str() {
            // Short ones are kept in place, without an allocation.
            Ok(value) => fields.append(name, format_args!("{value}")),
            Err(_) => fields.append(name, value.as_bytes().to_vec()),
        };
    }
}

/// Returns the fields of trailers in the engine's type.
pub(crate) fn trailers(map: &HeaderMap) -> Headers {
    let mut fields = Headers::new();
    add_fields(&mut fields, map);
    fields
}

/// Returns the engine's status. It knows a list of them; of another one it has the first of its class, as which
/// RFC 9110, section 15, lets a client treat it.
pub(crate) fn status(status: StatusCode) -> Status {
    Status::try_from(status.as_u16()).unwrap_or(match status.as_u16() / 100 {
        2 => Status::Ok,
        3 => Status::MultipleChoice,
        4 => Status::BadRequest,
        _ => Status::InternalServerError,
    })
}

/// Returns whether the engine knows a status.
pub(crate) fn is_known(status: StatusCode) -> bool {
    Status::try_from(status.as_u16()).is_ok()
}

/// Which of the fields there are that decide how HTTP/1 goes on. Few requests have one, and one look at each field
/// costs less than a lookup.
#[derive(Clone, Copy, Default)]
pub(crate) struct Present {
    pub(crate) connection: bool,
    pub(crate) content_length: bool,
    pub(crate) expect: bool,
    pub(crate) te: bool,
    pub(crate) transfer_encoding: bool,
    pub(crate) upgrade: bool,
}

impl Present {
    pub(crate) fn of(fields: &HeaderMap) -> Self {
        let mut present = Self::default();
        for name in fields.keys() {
            match *name {
                header::CONNECTION => present.connection = true,
                header::CONTENT_LENGTH => present.content_length = true,
                header::EXPECT => present.expect = true,
                header::TE => present.te = true,
                header::TRANSFER_ENCODING => present.transfer_encoding = true,
                header::UPGRADE => present.upgrade = true,
                _ => {}
            }
        }
        present
    }
}

/// Returns whether one of the fields of that name lists the token.
pub(crate) fn lists(fields: &HeaderMap, name: HeaderName, token: &str) -> bool {
    fields.get_all(name).iter().any(|value| {
        let mut tokens = value.as_bytes().split(|byte| *byte == b',');
        tokens.any(|one| one.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    })
}

fn version(version: trillium_http::Version) -> Version {
    match version {
        trillium_http::Version::Http1_0 => Version::HTTP_10,
        trillium_http::Version::Http2 => Version::HTTP_2,
        trillium_http::Version::Http3 => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

/// Puts the target together again: the engine takes it apart.
fn target(
    method: &Method,
    scheme: Option<&str>,
    authority: Option<&str>,
    path: &str,
    extended: bool,
) -> Option<Uri> {
    if *method == Method::CONNECT && !extended {
        return authority?.parse().ok();
    }
    let Some((scheme, authority)) = scheme.zip(authority) else {
        return match path {
            // Without an allocation.
            "/" => Some(Uri::default()),
            path => path.parse().ok(),
        };
    };
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::try_from(scheme).ok()?);
    parts.authority = Some(Authority::try_from(authority).ok()?);
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}
