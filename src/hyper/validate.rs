//! What of a request's head has to be right before the application is called.

use http::{Method, Request, StatusCode, Uri, Version, header};

/// How long the path and query of a target may be.
const MAX_TARGET: usize = 8 * 1024;
/// How many fields there may be. hyper holds HTTP/1 to it itself.
const MAX_FIELDS: usize = 100;

/// Checks the target and the `Host` of a request, and what hyper does not limit.
///
/// # Errors
///
/// The status to answer with.
pub(super) fn check<B>(request: &Request<B>) -> Result<Fields, StatusCode> {
    let uri = request.uri();
    let target = uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if target > MAX_TARGET {
        return Err(StatusCode::URI_TOO_LONG);
    }
    if request.headers().len() > MAX_FIELDS {
        return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    // One look at each field costs less than a lookup of each that matters.
    let (mut hosts, mut valid, mut has_te) = (0_u32, true, false);
    for (name, value) in request.headers() {
        if *name == header::HOST {
            hosts += 1;
            valid &= is_host(value.as_bytes());
        }
        has_te |= *name == header::TE;
    }
    // RFC 9112, section 3.2: one `Host`, which HTTP/1.0 may leave out, and HTTP/2 where it has an authority.
    let version = request.version();
    let may_lack =
        version < Version::HTTP_11 || (version == Version::HTTP_2 && uri.authority().is_some());
    let enough = hosts == 1 || (hosts == 0 && may_lack);
    if enough && valid && is_target(request.method(), uri) {
        Ok(Fields { has_te })
    } else {
        Err(StatusCode::BAD_REQUEST)
    }
}

/// What was seen in passing.
pub(super) struct Fields {
    pub(super) has_te: bool,
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
    let end = host
        .iter()
        .position(|byte| *byte == b':')
        .unwrap_or(host.len());
    host[..end].iter().all(|byte| NAME[usize::from(*byte)]) && is_port(&host[end..])
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
    let mut byte = 0;
    while byte < 128 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric();
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

/// RFC 9112, section 3.2: an authority alone, with its port, is CONNECT's, `*` is OPTIONS', and the rest is a path or a
/// whole URI.
fn is_target(method: &Method, uri: &Uri) -> bool {
    if *method == Method::CONNECT {
        return uri.port().is_some() && uri.scheme().is_none();
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
            "example.com:8080",
            "127.0.0.1",
            "[::1]",
            "[::1]:80",
            "xn--bcher-kva.example",
            "under_score",
            "a%20b",
            "1.2.3.4:65535",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "a b", "a/b", "user@a", "a:b", "a:1:2", "::1", "[::1", "[]", "[::1]x", "[::g]",
            "a,b c", "a?b", "a#b", "a\\b", "a\u{e9}", "a:123456", "\"a\"", "<a>",
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
            assert_eq!(is_target(&method, &uri), right, "{method} {target}");
        }
    }
}
