//! Requests that are malformed although h2 takes them.

use http::uri::Authority;
use http::{HeaderMap, Method, Request, Uri, header};

use crate::features::Scheme;

/// Returns whether a request is malformed in a way that h2 does not look at, so that its stream ends with
/// PROTOCOL_ERROR; RFC 9113, section 8.1.1. h2 looks at the names of fields, at those of HTTP/1's
/// connections, at what pseudo-header fields there are and where, and at the length of the body.
///
/// - A value begins or ends with a space or a tab (8.2.1).
/// - The scheme is not that of the transport: only a gateway could know what the client meant
///   (RFC 9110, section 7.4).
/// - `:authority` has user information, or `Host` names another (8.3.1).
/// - `:path` is neither a path nor `*` (8.3.1).
/// - CONNECT has no authority (8.5).
pub(super) fn is_malformed<B>(request: &Request<B>, scheme: Scheme) -> bool {
    let uri = request.uri();
    let padded = |value: &http::HeaderValue| {
        let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        is_space(value.as_bytes().first()) || is_space(value.as_bytes().last())
    };
    request.headers().values().any(padded)
        || uri
            .scheme_str()
            .is_some_and(|asked| !asked.eq_ignore_ascii_case(scheme.as_str()))
        || match uri.authority() {
            Some(authority) => !is_the_host(authority, request.headers(), scheme),
            None => request.method() == Method::CONNECT,
        }
        || !is_path(request.method(), uri)
}

/// Returns whether the authority has no user information, and `Host`, if there is one, means the same.
fn is_the_host(authority: &Authority, headers: &HeaderMap, scheme: Scheme) -> bool {
    let authority = authority.as_str().as_bytes();
    if authority.contains(&b'@') {
        return false;
    }
    let default = match scheme {
        Scheme::Https => &b":443"[..],
        _ => b":80",
    };
    let authority = authority.strip_suffix(default).unwrap_or(authority);
    headers.get_all(header::HOST).iter().all(|host| {
        let host = host.as_bytes();
        let host = host.strip_suffix(default).unwrap_or(host);
        host.eq_ignore_ascii_case(authority)
    })
}

fn is_path(method: &Method, uri: &Uri) -> bool {
    match uri.path_and_query() {
        // Of CONNECT alone, which h2 sees to.
        None => true,
        Some(path) if path == "*" => method == Method::OPTIONS,
        Some(path) => path.as_str().starts_with('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str, fields: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn the_scheme_is_that_of_the_transport() {
        let http = request("GET", "http://a/", &[]);
        let https = request("GET", "HTTPS://a/", &[]);
        assert!(!is_malformed(&http, Scheme::Http));
        assert!(is_malformed(&http, Scheme::Https));
        assert!(!is_malformed(&https, Scheme::Https));
        assert!(is_malformed(&https, Scheme::Http));
        assert!(is_malformed(&request("GET", "ftp://a/", &[]), Scheme::Http));
        // Without an authority there is none to look at.
        assert!(!is_malformed(
            &request("GET", "/", &[("host", "a")]),
            Scheme::Http
        ));
    }

    #[test]
    fn the_host_is_the_authority() {
        for (uri, host, right) in [
            ("http://a/", "a", true),
            ("http://a/", "A", true),
            ("http://a:80/", "a", true),
            ("http://a/", "a:80", true),
            ("http://a/", "b", false),
            ("http://a:81/", "a", false),
            ("http://a/", "a:443", false),
            ("http://u@a/", "a", false),
        ] {
            let request = request("GET", uri, &[("host", host)]);
            assert_eq!(is_malformed(&request, Scheme::Http), !right, "{uri} {host}");
        }
        let https = request("GET", "https://a/", &[("host", "a:443")]);
        assert!(!is_malformed(&https, Scheme::Https));
    }

    #[test]
    fn a_value_has_no_space_around_it() {
        for (value, right) in [
            ("", true),
            ("a b", true),
            (" a", false),
            ("a\t", false),
            (" ", false),
        ] {
            let request = request("GET", "http://a/", &[("x", value)]);
            assert_eq!(is_malformed(&request, Scheme::Http), !right, "{value:?}");
        }
    }

    #[test]
    fn a_path_begins_with_a_slash_unless_the_server_is_meant() {
        assert!(!is_malformed(&request("OPTIONS", "*", &[]), Scheme::Http));
        assert!(is_malformed(&request("GET", "*", &[]), Scheme::Http));
        assert!(is_malformed(
            &request("GET", "http://a?b", &[]),
            Scheme::Http
        ));
    }

    #[test]
    fn connect_names_an_authority() {
        assert!(!is_malformed(
            &request("CONNECT", "a:80", &[]),
            Scheme::Http
        ));
        assert!(is_malformed(&request("CONNECT", "/", &[]), Scheme::Http));
    }
}
