//! The one form in which every application sees the head of a request.

use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Method, Uri, Version, header};

/// Makes the URI the path and query alone, moves the authority to where HTTP/1.1 has it, and makes one
/// field of the cookies that HTTP/2 may split.
pub(super) fn normalize(head: &mut Parts) {
    if head.version >= Version::HTTP_2 {
        join_cookies(&mut head.headers);
    }
    move_authority(head);
}

/// RFC 9113, section 8.2.3: split for the sake of compression alone.
fn join_cookies(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(header::COOKIE).iter();
    let (Some(first), Some(second)) = (crumbs.next(), crumbs.next()) else {
        return;
    };
    let mut joined = first.as_bytes().to_vec();
    for crumb in [second].into_iter().chain(crumbs) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(crumb.as_bytes());
    }
    // Values joined by what a value may hold are one.
    if let Ok(joined) = HeaderValue::from_maybe_shared(bytes::Bytes::from(joined)) {
        headers.insert(header::COOKIE, joined);
    }
}

/// To the `Host` field. RFC 9112, section 3.2.2: that of an absolute target replaces the field. CONNECT has
/// it alone, unless it asks for a protocol (RFC 8441): then it has a path like any other.
fn move_authority(head: &mut Parts) {
    let is_tunnel = head.method == Method::CONNECT && head.uri.scheme().is_none();
    if head.uri.authority().is_none() || is_tunnel {
        return;
    }
    let mut parts = std::mem::take(&mut head.uri).into_parts();
    if let Some(authority) = parts.authority.take()
        && let Some(host) = host_value(&authority)
    {
        head.headers.insert(header::HOST, host);
    }
    let path = parts
        .path_and_query
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    head.uri = Uri::from(path);
}

/// `Host` has no user information; RFC 9110, section 4.2.4, has a recipient treat it with suspicion.
fn host_value(authority: &Authority) -> Option<HeaderValue> {
    let host = authority.as_str().rsplit('@').next()?;
    HeaderValue::from_str(host).ok()
}
