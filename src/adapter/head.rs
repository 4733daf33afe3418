//! The one form in which every application sees the head of a request.

use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Method, Request, Uri, header};

/// Makes the URI the path and query alone, and moves the authority to where HTTP/1.1 has it: the `Host`
/// field. RFC 9112, section 3.2.2: that of an absolute target replaces the field.
pub(super) fn normalize<B>(request: &mut Request<B>) {
    if request.uri().authority().is_none() || request.method() == Method::CONNECT {
        return;
    }
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    if let Some(authority) = parts.authority.take()
        && let Some(host) = host_value(&authority)
    {
        request.headers_mut().insert(header::HOST, host);
    }
    let path = parts
        .path_and_query
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
}

/// `Host` has no user information; RFC 9110, section 4.2.4, has a recipient treat it with suspicion.
fn host_value(authority: &Authority) -> Option<HeaderValue> {
    let host = authority.as_str().rsplit('@').next()?;
    HeaderValue::from_str(host).ok()
}
