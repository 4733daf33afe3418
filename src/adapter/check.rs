use std::error::Error;
use std::fmt;

use http::request::Parts;
use http::{HeaderMap, Method, Request, Uri, Version, header};

/// Checks what of a request's head HTTP asks of every server and not every engine looks at: its target
/// and its `Host`. A request that fails is answered with 400, and the application is not called.
///
/// ```
/// use transom::adapter::check_head;
///
/// let request = http::Request::get("/path").header("host", "example.com:8080").body(())?;
/// assert!(check_head(&request).is_ok());
///
/// let error = check_head(&http::Request::get("/path").body(())?).unwrap_err();
/// assert_eq!(error.to_string(), "the request has no `Host`");
/// # Ok::<_, http::Error>(())
/// ```
///
/// # Errors
///
/// - The target has a form that the method does not take: an authority alone, with its port, is
///   CONNECT's; `*` is that of OPTIONS; the rest is a path or a whole URI (RFC 9112, section 3.2). On
///   HTTP/2 and HTTP/3 CONNECT may have a whole URI too: with `:protocol` (RFC 8441).
/// - There is no `Host`, more than one, or one that is no host and port. HTTP/1.0 may leave it out, and so
///   may HTTP/2 where the target has an authority.
pub fn check_head<B>(request: &Request<B>) -> Result<(), InvalidHead> {
    check(
        request.method(),
        request.version(),
        request.uri(),
        request.headers(),
    )
}

/// As [`check_head`], for a head that was taken apart: putting it together for the check would copy it.
///
/// ```
/// use transom::adapter::check_parts;
///
/// let (mut head, ()) = http::Request::get("/path").body(())?.into_parts();
/// assert!(check_parts(&head).is_err());
///
/// head.headers.insert("host", http::HeaderValue::from_static("example.com"));
/// assert!(check_parts(&head).is_ok());
/// # Ok::<_, http::Error>(())
/// ```
///
/// # Errors
///
/// As [`check_head`].
pub fn check_parts(head: &Parts) -> Result<(), InvalidHead> {
    check(&head.method, head.version, &head.uri, &head.headers)
}

/// The target or the `Host` of a request is wrong; see [`check_head`].
#[derive(Clone, Debug)]
pub struct InvalidHead(&'static str);

impl fmt::Display for InvalidHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidHead {}

#[inline]
fn check(
    method: &Method,
    version: Version,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), InvalidHead> {
    if !is_target(method, version, uri) {
        return Err(InvalidHead(
            "the method does not take a target of that form",
        ));
    }
    check_host(headers, version, uri)
}

fn check_host(headers: &HeaderMap, version: Version, uri: &Uri) -> Result<(), InvalidHead> {
    // One look at each field costs less than a lookup.
    let mut hosts = headers
        .iter()
        .filter_map(|(name, value)| (*name == header::HOST).then_some(value));
    match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => Err(InvalidHead("the request has more than one `Host`")),
        (Some(host), None) if is_host(host.as_bytes()) => Ok(()),
        (Some(_), None) => Err(InvalidHead("the `Host` is no host and port")),
        (None, _) => {
            let may_lack = version < Version::HTTP_11
                || (version > Version::HTTP_11 && uri.authority().is_some());
            may_lack
                .then_some(())
                .ok_or(InvalidHead("the request has no `Host`"))
        }
    }
}

/// RFC 9110, section 7.2: `uri-host [ ":" port ]`, of which RFC 3986 says what it is made of. It may be
/// empty.
fn is_host(host: &[u8]) -> bool {
    if let [b'[', rest @ ..] = host {
        let Some(end) = rest.iter().position(|byte| *byte == b']') else {
            return false;
        };
        let literal = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        return end > 0 && rest[..end].iter().all(literal) && is_port(&rest[end + 1..]);
    }
    let end = host.iter().position(|byte| !NAME[usize::from(*byte)]);
    end.is_none_or(|end| is_port(&host[end..]))
}

fn is_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// The bytes of a registered name; RFC 3986, section 3.2.2.
static NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"-._~%!$&'()*+,;=";
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
};

fn is_target(method: &Method, version: Version, uri: &Uri) -> bool {
    if *method == Method::CONNECT {
        return match uri.scheme() {
            None => uri.port().is_some(),
            Some(_) => version > Version::HTTP_11,
        };
    }
    if uri.path() == "*" {
        return *method == Method::OPTIONS;
    }
    uri.scheme().is_some() || uri.authority().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for host in [
            "",
            "a",
            "example.com",
            "example.com:",
            "a:8080",
            "127.0.0.1",
            "[::1]",
            "[::1]:80",
            "under_score",
            "a%20b",
            "1.2.3.4:65535",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "a b", "a/b", "user@a", "a:b", "a:1:2", "::1", "[::1", "[]", "[::1]x", "[::g]", "a?b",
            "a#b", "a\\b", "a\u{e9}", "a:123456", "\"a\"", "<a>",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn each_form_of_target_belongs_to_its_methods() {
        for (method, target, right) in [
            ("GET", "/", true),
            ("GET", "http://a/b", true),
            ("GET", "a", false),
            ("GET", "a:80", false),
            ("GET", "*", false),
            ("OPTIONS", "*", true),
            ("OPTIONS", "/", true),
            ("CONNECT", "a:80", true),
            ("CONNECT", "a", false),
            ("CONNECT", "http://a:80/", false),
            ("CONNECT", "/", false),
        ] {
            let (Ok(method), Ok(uri)) = (method.parse(), target.parse()) else {
                panic!("{method} {target} is not of HTTP");
            };
            let is_target = is_target(&method, Version::HTTP_11, &uri);
            assert_eq!(is_target, right, "{method} {target}");
        }
        let whole = Uri::from_static("http://a/b");
        assert!(is_target(&Method::CONNECT, Version::HTTP_2, &whole));
    }

    #[test]
    fn what_may_lack_a_host_depends_on_the_version() {
        let uri = Uri::from_static("/path");
        let none = HeaderMap::new();
        assert!(check_host(&none, Version::HTTP_10, &uri).is_ok());
        assert!(check_host(&none, Version::HTTP_11, &uri).is_err());
        assert!(check_host(&none, Version::HTTP_2, &uri).is_err());
        let whole = Uri::from_static("http://a/path");
        assert!(check_host(&none, Version::HTTP_2, &whole).is_ok());
    }
}
