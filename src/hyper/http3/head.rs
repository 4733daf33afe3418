//! The head of a request, from its fields; RFC 9114, section 4.3.1.

use bytes::Bytes;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};

use super::qpack::{self, Failure};
use crate::features::ExtendedConnect;
use crate::hyper::options::Limits;

/// Why a request does not reach the application.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is answered.
    Status(StatusCode),
    /// It is none; the stream ends with H3_MESSAGE_ERROR.
    Malformed(&'static str),
    /// Its fields cannot be decoded, which ends the connection.
    Undecodable,
}

/// Reads the head of a request. That of an extended CONNECT has [`ExtendedConnect`] as an extension.
pub(super) fn request(section: &Bytes, limits: &Limits) -> Result<Parts, Refusal> {
    let mut head = Head::default();
    let most = limits.max_request_fields();
    qpack::decode(
        section,
        limits.http3().max_field_section_size(),
        |name, value| match name.strip_prefix(b":") {
            Some(pseudo) => head.pseudo(pseudo, value),
            None => head.field(&name, value, most),
        },
    )
    .map_err(refusal)?;
    head.finish(limits)
}

/// Reads the fields behind a body.
pub(super) fn trailers(section: &Bytes, limits: &Limits) -> Result<HeaderMap, Refusal> {
    let mut head = Head::default();
    let most = limits.max_request_fields();
    qpack::decode(
        section,
        limits.http3().max_field_section_size(),
        |name, value| head.field(&name, value, most),
    )
    .map_err(refusal)?;
    Ok(head.headers)
}

/// Returns the length that a request announces.
pub(super) fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let digits = value.as_bytes().iter().all(u8::is_ascii_digit);
    let length = value.to_str().ok().and_then(|value| value.parse().ok());
    match length {
        Some(length) if digits && values.next().is_none() => Ok(Some(length)),
        _ => Err(Refusal::Malformed("a Content-Length that is none")),
    }
}

fn refusal(failure: Failure<Refusal>) -> Refusal {
    match failure {
        Failure::Broken => Refusal::Undecodable,
        Failure::TooLarge => Refusal::Status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        Failure::Refused(refusal) => refusal,
    }
}

#[derive(Default)]
struct Head {
    method: Option<Bytes>,
    scheme: Option<Bytes>,
    authority: Option<Bytes>,
    path: Option<Bytes>,
    protocol: Option<Bytes>,
    headers: HeaderMap,
    /// Whether a field was read that is no pseudo-header, behind which none of those may follow.
    fields: usize,
}

impl Head {
    fn pseudo(&mut self, name: &[u8], value: Bytes) -> Result<(), Refusal> {
        if self.fields > 0 {
            return Err(Refusal::Malformed("a pseudo-header behind a field"));
        }
        let place = match name {
            b"method" => &mut self.method,
            b"scheme" => &mut self.scheme,
            b"authority" => &mut self.authority,
            b"path" => &mut self.path,
            b"protocol" => &mut self.protocol,
            _ => return Err(Refusal::Malformed("an unknown pseudo-header")),
        };
        match place.replace(value) {
            None => Ok(()),
            Some(_) => Err(Refusal::Malformed("a pseudo-header twice")),
        }
    }

    fn field(&mut self, name: &[u8], value: Bytes, most: usize) -> Result<(), Refusal> {
        const TOO_MANY: Refusal = Refusal::Status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        self.fields += 1;
        if self.fields > most {
            return Err(TOO_MANY);
        }
        // Upper case is refused, and so is the colon of a pseudo-header.
        let name = HeaderName::from_lowercase(name)
            .map_err(|_| Refusal::Malformed("a name of a field that is none"))?;
        if is_of_connection(&name, &value) {
            return Err(Refusal::Malformed("a field that belongs to a connection"));
        }
        let edge = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        if edge(value.first()) || edge(value.last()) {
            return Err(Refusal::Malformed("space around a value"));
        }
        let value = HeaderValue::from_maybe_shared(value)
            .map_err(|_| Refusal::Malformed("a value of a field that is none"))?;
        match self.headers.try_append(name, value) {
            Ok(_) => Ok(()),
            Err(_) => Err(TOO_MANY),
        }
    }

    fn finish(self, limits: &Limits) -> Result<Parts, Refusal> {
        let method = self.method.ok_or(Refusal::Malformed("no `:method`"))?;
        let method = Method::from_bytes(&method)
            .map_err(|_| Refusal::Malformed("a `:method` that is none"))?;
        let host = self.headers.get(header::HOST).map(HeaderValue::as_bytes);
        let authority = authority(self.authority.as_ref(), host)?;
        let mut uri = http::uri::Parts::default();
        let protocol = self.protocol.as_ref().map(protocol).transpose()?;
        if protocol.is_some() && method != Method::CONNECT {
            return Err(Refusal::Malformed("a `:protocol` without CONNECT"));
        }
        if method == Method::CONNECT && protocol.is_none() {
            if self.scheme.is_some() || self.path.is_some() {
                return Err(Refusal::Malformed("a CONNECT with more than an authority"));
            }
        } else {
            // RFC 9114, section 4.3.1: another scheme is for proxies, which this is not.
            let scheme = self.scheme.ok_or(Refusal::Malformed("no `:scheme`"))?;
            if !scheme.eq_ignore_ascii_case(b"https") {
                return Err(Refusal::Malformed("a `:scheme` that is not that of TLS"));
            }
            let path = self.path.ok_or(Refusal::Malformed("no `:path`"))?;
            if path.len() > limits.max_request_line_size() {
                return Err(Refusal::Status(StatusCode::URI_TOO_LONG));
            }
            uri.scheme = Some(Scheme::HTTPS);
            uri.path_and_query = Some(target(path, &method)?);
        }
        uri.authority = Some(authority);
        let uri = Uri::from_parts(uri).map_err(|_| Refusal::Malformed("a target that is none"))?;
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.version_mut() = Version::HTTP_3;
        *request.headers_mut() = self.headers;
        if let Some(protocol) = protocol {
            request.extensions_mut().insert(protocol);
        }
        Ok(request.into_parts().0)
    }
}

/// RFC 9220, section 3; a protocol is named as in `Upgrade`.
fn protocol(value: &Bytes) -> Result<ExtendedConnect, Refusal> {
    let is_name = !value.is_empty() && value.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(value) {
        Ok(name) if is_name => Ok(ExtendedConnect::new(name)),
        _ => Err(Refusal::Malformed("a `:protocol` that is none")),
    }
}

/// RFC 9114, section 4.3.1: `:authority` or `Host`, neither empty, and the same if both.
fn authority(pseudo: Option<&Bytes>, host: Option<&[u8]>) -> Result<Authority, Refusal> {
    let written = match (pseudo, host) {
        (None, None) => return Err(Refusal::Malformed("neither `:authority` nor `Host`")),
        (Some(pseudo), Some(host)) if !pseudo.eq_ignore_ascii_case(host) => {
            return Err(Refusal::Malformed("a `Host` that is not the `:authority`"));
        }
        (Some(authority), _) => &authority[..],
        (None, Some(host)) => host,
    };
    match Authority::try_from(written) {
        Ok(authority) if !written.contains(&b'@') => Ok(authority),
        _ => Err(Refusal::Malformed("an authority that is no host and port")),
    }
}

fn target(path: Bytes, method: &Method) -> Result<PathAndQuery, Refusal> {
    let has_form = match path.first() {
        Some(b'/') => true,
        Some(b'*') => path.len() == 1 && *method == Method::OPTIONS,
        _ => false,
    };
    // A fragment would be dropped unseen.
    if !has_form || path.contains(&b'#') {
        return Err(Refusal::Malformed("a `:path` that is none"));
    }
    PathAndQuery::from_maybe_shared(path).map_err(|_| Refusal::Malformed("a `:path` that is none"))
}

/// RFC 9114, section 4.2.
fn is_of_connection(name: &HeaderName, value: &[u8]) -> bool {
    match name.as_str() {
        "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" => true,
        "te" => !value.eq_ignore_ascii_case(b"trailers"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::qpack::Section;
    use super::*;

    const GET: [(&str, &str); 4] = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "a:1"),
        (":path", "/p?q"),
    ];

    fn read(fields: &[(&str, &str)]) -> Result<Parts, Refusal> {
        let mut section = Section::new();
        for (name, value) in fields {
            section.add(name, value.as_bytes());
        }
        request(&section.finish(), &Limits::default())
    }

    #[test]
    fn a_whole_head_is_read() {
        let mut fields = GET.to_vec();
        fields.extend([("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")]);
        let head = read(&fields).map(|head| (head.method, head.uri, head.headers.len()));
        assert_eq!(
            head,
            Ok((Method::GET, Uri::from_static("https://a:1/p?q"), 3))
        );
    }

    #[test]
    fn a_host_does_for_an_authority() {
        let fields = [GET[0], GET[1], GET[3], ("host", "b")];
        let head = read(&fields).map(|head| head.uri);
        assert_eq!(head, Ok(Uri::from_static("https://b/p?q")));
    }

    #[test]
    fn connect_has_an_authority_alone() {
        let head = read(&[(":method", "CONNECT"), (":authority", "a:1")]).map(|head| head.uri);
        assert_eq!(head, Ok(Uri::from_static("a:1")));
        let more = [(":method", "CONNECT"), GET[1], GET[2], GET[3]];
        assert!(matches!(read(&more), Err(Refusal::Malformed(_))));
    }

    #[test]
    fn connect_that_asks_for_a_protocol_has_a_whole_uri() {
        let asked = (":protocol", "websocket");
        let head = read(&[(":method", "CONNECT"), asked, GET[1], GET[2], GET[3]]).unwrap();
        assert_eq!(head.uri, Uri::from_static("https://a:1/p?q"));
        let asked = head.extensions.get::<ExtendedConnect>();
        assert_eq!(asked.map(ExtendedConnect::protocol), Some("websocket"));
    }

    #[test]
    fn what_is_malformed_is_told() {
        let without = |left: usize| {
            let mut fields = GET.to_vec();
            fields.remove(left);
            fields
        };
        let with = |field| {
            let mut fields = GET.to_vec();
            fields.push(field);
            fields
        };
        let path = |path| vec![GET[0], GET[1], GET[2], (":path", path)];
        for fields in [
            without(0),
            without(1),
            without(2),
            without(3),
            with((":path", "/again")),
            with((":status", "200")),
            with((":protocol", "websocket")),
            with(("host", "other")),
            with(("Upper", "case")),
            with(("connection", "close")),
            with(("transfer-encoding", "chunked")),
            with(("te", "gzip")),
            with(("x", " spaced")),
            with(("x", "a\nb")),
            with(("", "unnamed")),
            path(""),
            path("*"),
            path("relative"),
            path("/a#b"),
            path("https://a/"),
            vec![
                (":method", "CONNECT"),
                (":protocol", ""),
                GET[1],
                GET[2],
                GET[3],
            ],
            vec![
                (":method", "CONNECT"),
                (":protocol", "a b"),
                GET[1],
                GET[2],
                GET[3],
            ],
            vec![(":method", "CONNECT"), (":protocol", "a"), GET[2]],
            vec![(":method", "CONNECT"), (":protocol", "a"), GET[1], GET[2]],
            vec![("x", "first"), GET[0], GET[1], GET[2], GET[3]],
            vec![GET[0], (":scheme", "http"), GET[2], GET[3]],
            vec![GET[0], GET[1], (":authority", ""), GET[3]],
            vec![GET[0], GET[1], (":authority", "user@a"), GET[3]],
        ] {
            let read = read(&fields);
            assert!(
                matches!(read, Err(Refusal::Malformed(_))),
                "{fields:?}: {read:?}"
            );
        }
    }

    #[test]
    fn what_is_too_much_has_its_status() {
        let status = |fields: &[(&str, &str)]| match read(fields) {
            Err(Refusal::Status(status)) => status.as_u16(),
            _ => 0,
        };
        let mut many = GET.to_vec();
        many.resize(GET.len() + 101, ("x", "y"));
        assert_eq!(status(&many), 431);
        assert!(read(&many[..GET.len() + 100]).is_ok());

        let long = "l".repeat(33 * 1024);
        assert_eq!(status(&[GET[0], GET[1], GET[2], GET[3], ("x", &long)]), 431);

        let path = format!("/{}", "p".repeat(8 * 1024));
        assert_eq!(status(&[GET[0], GET[1], GET[2], (":path", &path)]), 414);
    }

    #[test]
    fn trailers_have_no_pseudo_header() {
        let section = |fields: &[(&str, &str)]| {
            let mut section = Section::new();
            for (name, value) in fields {
                section.add(name, value.as_bytes());
            }
            trailers(&section.finish(), &Limits::default())
        };
        assert_eq!(section(&[("x", "y")]).map(|fields| fields.len()), Ok(1));
        assert!(section(&[(":path", "/")]).is_err());
    }
}
