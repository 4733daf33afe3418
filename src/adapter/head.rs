//! The one form in which every application sees the head of a request.

use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Method, Uri, header, request::Parts};

/// Makes the URI the path and query alone, and moves the authority to where HTTP/1.1 has it: the `Host`
/// field. RFC 9112, section 3.2.2: that of an absolute target replaces the field.
pub(super) fn normalize(head: &mut Parts) {
    if head.method == Method::CONNECT || head.uri.authority().is_none() {
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
