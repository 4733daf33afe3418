use std::error::Error;
use std::fmt;

use http::{Request, header};

use crate::host::Host;

/// Whose pages may open a WebSocket.
#[derive(Debug)]
pub(super) enum Origins {
    Any,
    /// The host's own, and these.
    Listed(Vec<Origin>),
}

impl Origins {
    pub(super) fn listed<O: AsRef<str>>(
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, InvalidOrigin> {
        let read = |origin: O| {
            let origin = origin.as_ref();
            Origin::parse(origin).ok_or_else(|| InvalidOrigin(origin.into()))
        };
        origins
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self::Listed)
    }

    /// Returns whether the request comes from a page that may, or from no page.
    pub(super) fn allow<B>(&self, request: &Request<B>) -> bool {
        let Self::Listed(listed) = self else {
            return true;
        };
        let mut fields = request.headers().get_all(header::ORIGIN).iter();
        let origin = match (fields.next(), fields.next()) {
            (None, _) => return true,
            (Some(origin), None) => origin.to_str().ok().and_then(Origin::parse),
            (Some(_), Some(_)) => None,
        };
        origin.is_some_and(|origin| listed.contains(&origin) || origin.is_of(request))
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// What a browser says of the page that asks; RFC 6454.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    name: String,
    /// With that of the scheme filled in.
    port: Option<u16>,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, host) = text.split_once("://")?;
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if scheme.is_empty() || !scheme.bytes().all(valid) {
            return None;
        }
        let host = Host::parse(host)?;
        let scheme = scheme.to_ascii_lowercase();
        Some(Self {
            name: host.name.to_ascii_lowercase(),
            port: host.port.or_else(|| port_of(&scheme)),
            scheme,
        })
    }

    /// Returns whether it is the host that was asked. The scheme does not count: a proxy may have ended TLS without
    /// saying so.
    fn is_of<B>(&self, request: &Request<B>) -> bool {
        let field = || request.headers().get(header::HOST)?.to_str().ok();
        let authority = request.uri().authority().map(http::uri::Authority::as_str);
        let host = authority.or_else(field).and_then(Host::parse);
        host.is_some_and(|host| {
            let port = host.port.or_else(|| port_of(&self.scheme));
            host.name.eq_ignore_ascii_case(&self.name) && port == self.port
        })
    }
}

fn port_of(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// What is no origin; see [`WebSockets::with_allowed_origins`](super::WebSockets::with_allowed_origins).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidOrigin(Box<str>);

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no origin: one is written `https://www.example.com`, without a path",
            self.0.escape_debug()
        )
    }
}

impl Error for InvalidOrigin {}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origins: &Origins, host: &str, origin: &[&str]) -> bool {
        let mut request = Request::get("/").header("host", host);
        for origin in origin {
            request = request.header("origin", *origin);
        }
        origins.allow(&request.body(()).unwrap())
    }

    #[test]
    fn the_pages_of_the_host_may_and_whoever_is_no_browser() {
        let own = Origins::default();
        for (host, origin) in [
            ("example.com", &["http://example.com"][..]),
            ("example.com", &["https://Example.com"]),
            ("example.com:443", &["https://example.com"]),
            ("example.com", &["https://example.com:443"]),
            ("example.com:8080", &["http://example.com:8080"]),
            ("[::1]:1", &["http://[::1]:1"]),
            ("example.com", &[]),
        ] {
            assert!(allowed(&own, host, origin), "{host} {origin:?}");
        }
        for (host, origin) in [
            ("example.com", &["https://evil.example"][..]),
            ("example.com", &["https://www.example.com"]),
            ("example.com", &["https://example.com.evil.example"]),
            ("example.com", &["https://example.com@evil.example"]),
            ("example.com", &["https://example.com:8443"]),
            ("example.com:8080", &["http://example.com"]),
            ("example.com", &["null"]),
            ("example.com", &[""]),
            ("example.com", &["example.com"]),
            ("example.com", &["https://example.com/"]),
            ("example.com", &["http://example.com", "http://example.com"]),
            ("", &["http://"]),
        ] {
            assert!(!allowed(&own, host, origin), "{host} {origin:?}");
        }
    }

    #[test]
    fn the_host_of_a_request_in_absolute_form_is_that_of_its_target() {
        let request = Request::get("http://example.com/").header("host", "evil.example");
        let request = request.header("origin", "http://evil.example");
        assert!(!Origins::default().allow(&request.body(()).unwrap()));
    }

    #[test]
    fn origins_on_the_list_may_too_and_have_to_be_right() {
        let listed = Origins::listed(["https://app.example.com", "http://a:81"]).unwrap();
        for origin in [
            "https://app.example.com",
            "https://app.example.com:443",
            "http://a:81",
            "http://example.com",
        ] {
            assert!(allowed(&listed, "example.com", &[origin]), "{origin}");
        }
        for origin in ["http://app.example.com", "http://a", "https://b.example"] {
            assert!(!allowed(&listed, "example.com", &[origin]), "{origin}");
        }
        assert!(allowed(
            &Origins::Any,
            "example.com",
            &["https://evil.example"]
        ));
        for wrong in [
            "",
            "null",
            "*",
            "example.com",
            "https://example.com/",
            "https://",
        ] {
            let error = Origins::listed([wrong]).unwrap_err();
            assert_eq!(error, InvalidOrigin(wrong.into()));
        }
    }
}
