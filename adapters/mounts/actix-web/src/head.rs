//! Heads, between the types of http 0.2, which actix-web has, and those of http 1.

use actix_web::dev::{RequestHead, ResponseHead};
use http::request::Parts;
use http::{HeaderMap, Method, Version, header};
use transom_adapter_http02::{to_1, to_02};

/// What follows the head of a request, as the engine reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nothing.
    Empty,
    /// A body that the engine ends, of that length if it was announced.
    Delimited(Option<u64>),
    /// The bytes of the connection to its end: the engine takes `Upgrade: websocket` and CONNECT for
    /// requests that were granted. The length is that of the body, which the engine does not look at.
    Raw(u64),
}

/// Returns the head; `None` for one that the types of http 1 cannot express.
pub(crate) fn of_request(head: &RequestHead) -> Option<Parts> {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = to_1::method(&head.method)?;
    parts.uri = to_1::target(&head.uri)?;
    parts.version = to_1::version(head.version);
    parts.headers.reserve(head.headers.len());
    for (name, value) in head.headers.iter() {
        let (name, value) = (to_1::name(name)?, to_1::value(value)?);
        parts.headers.try_append(name, value).ok()?;
    }
    Some(parts)
}

/// Adds the fields of a response, but for the length, which the engine writes.
pub(crate) fn of_response(headers: &HeaderMap, keeps_length: bool, head: &mut ResponseHead) {
    for (name, value) in headers {
        if name == header::CONTENT_LENGTH && !keeps_length {
            continue;
        }
        // Both versions of the types take the same bytes.
        if let (Some(name), Some(value)) = (to_02::name(name), to_02::value(value)) {
            head.headers.append(name, value);
        }
    }
}

/// Returns how the engine reads what follows the head. It looks at the fields in the same order.
pub(crate) fn framing(head: &Parts) -> Framing {
    let length = head.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.trim().parse().ok());
    if head.version >= Version::HTTP_2 {
        return Framing::Delimited(length);
    }
    if head.headers.contains_key(header::TRANSFER_ENCODING) {
        return Framing::Delimited(None);
    }
    if is_websocket(&head.headers) {
        return Framing::Raw(length.unwrap_or(0));
    }
    match length {
        Some(0) | None if head.method == Method::CONNECT => Framing::Raw(0),
        Some(0) | None => Framing::Empty,
        Some(length) => Framing::Delimited(Some(length)),
    }
}

pub(crate) fn is_websocket(headers: &HeaderMap) -> bool {
    headers.get_all(header::UPGRADE).iter().any(|token| {
        token
            .to_str()
            .is_ok_and(|token| token.trim().eq_ignore_ascii_case("websocket"))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header as header_02;

    use super::*;

    fn head(method: &'static [u8], fields: &[(&'static str, &'static [u8])]) -> Parts {
        let mut head = RequestHead::default();
        head.method = actix_web::http::Method::from_bytes(method).unwrap_or_default();
        for (name, value) in fields {
            if let Ok(value) = header_02::HeaderValue::from_bytes(value) {
                let name = header_02::HeaderName::from_static(name);
                head.headers.append(name, value);
            }
        }
        of_request(&head).unwrap_or_else(|| http::Request::new(()).into_parts().0)
    }

    #[test]
    fn repeated_fields_stay_separate_ordered_and_byte_exact() {
        let parts = head(b"GET", &[("x-a", b"1, 2"), ("x-b", b"b"), ("x-a", b"\xe9")]);
        let values = parts.headers.get_all("x-a").iter();
        let values: Vec<_> = values.map(|value| value.as_bytes().to_vec()).collect();
        assert_eq!(values, [b"1, 2".to_vec(), b"\xe9".to_vec()]);
    }

    #[test]
    fn the_framing_is_what_the_engine_does() {
        let upgrade = ("upgrade", &b"WebSocket"[..]);
        let length = ("content-length", &b"5"[..]);
        let chunked = ("transfer-encoding", &b"chunked"[..]);
        for (method, fields, expected) in [
            (&b"GET"[..], &[][..], Framing::Empty),
            (b"POST", &[("content-length", &b"0"[..])], Framing::Empty),
            (b"POST", &[length], Framing::Delimited(Some(5))),
            (b"GET", &[upgrade], Framing::Raw(0)),
            (b"GET", &[upgrade, length], Framing::Raw(5)),
            (b"GET", &[upgrade, chunked], Framing::Delimited(None)),
            (b"CONNECT", &[], Framing::Raw(0)),
        ] {
            assert_eq!(framing(&head(method, fields)), expected, "{fields:?}");
        }
    }
}
