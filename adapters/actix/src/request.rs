//! The head of a request, from the types of http 0.2 to those of http 1.

use actix_http::RequestHead;
use actix_http::header;
use http::request::Parts;
use transom_adapter_http02::to_1;

/// What follows the head of a request, as the engine reads it.
pub(crate) enum Framing {
    /// Nothing.
    Empty,
    /// A stream of HTTP/2. That there is a body can only be seen by reading it; the length is what was announced.
    Stream(Option<u64>),
    /// A body that the engine ends, of that length if it was announced.
    Delimited(Option<u64>),
    /// The bytes of the connection to its end: the engine takes `Upgrade: websocket` and CONNECT for
    /// requests that were granted. The length is that of the body, which the engine does not look at.
    Raw(u64),
}

/// The head of a request, and what the engine makes of it.
pub(crate) struct Converted {
    pub(crate) parts: Parts,
    pub(crate) framing: Framing,
    /// The client wants to leave HTTP on this connection, whether it may or not.
    pub(crate) upgrade: bool,
    /// It asks to switch to another protocol, with nothing in the way of it.
    pub(crate) asks_to_upgrade: bool,
}

/// Returns the head; `None` for one that the types of http 1 cannot express.
pub(crate) fn convert(head: &RequestHead) -> Option<Converted> {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = to_1::method(&head.method)?;
    parts.uri = to_1::target(&head.uri)?;
    parts.version = to_1::version(head.version);
    parts.headers.reserve(head.headers.len());
    // Most requests have neither, and a look into the engine's map costs more than a field does here.
    let (mut framed, mut connection) = (false, false);
    for (name, value) in head.headers.iter() {
        let name = to_1::name(name)?;
        framed |= name == http::header::CONTENT_LENGTH
            || name == http::header::TRANSFER_ENCODING
            || name == http::header::UPGRADE;
        connection |= name == http::header::CONNECTION;
        let value = to_1::value(value)?;
        parts.headers.try_append(name, value).ok()?;
    }
    let upgrade = connection && head.version != actix_http::Version::HTTP_2 && head.upgrade();
    Some(Converted {
        framing: framing(head, framed),
        upgrade,
        asks_to_upgrade: upgrade
            && head.version == actix_http::Version::HTTP_11
            && head.method != actix_http::Method::CONNECT
            && head.headers.contains_key(header::UPGRADE),
        parts,
    })
}

/// Returns how the engine reads what follows the head. It looks at the fields in the same order; `framed`
/// says whether there is one of them.
fn framing(head: &RequestHead, framed: bool) -> Framing {
    if head.version == actix_http::Version::HTTP_2 {
        return Framing::Stream(if framed { length(head) } else { None });
    }
    let connect = head.method == actix_http::Method::CONNECT;
    if !framed {
        return if connect {
            Framing::Raw(0)
        } else {
            Framing::Empty
        };
    }
    let length = length(head);
    if head.headers.contains_key(header::TRANSFER_ENCODING) {
        return Framing::Delimited(None);
    }
    if is_websocket(head) {
        return Framing::Raw(length.unwrap_or(0));
    }
    match length {
        Some(0) | None if connect => Framing::Raw(0),
        Some(0) | None => Framing::Empty,
        Some(length) => Framing::Delimited(Some(length)),
    }
}

fn length(head: &RequestHead) -> Option<u64> {
    let length = head.headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.trim().parse().ok()
}

fn is_websocket(head: &RequestHead) -> bool {
    head.headers.get_all(header::UPGRADE).any(|token| {
        token
            .to_str()
            .is_ok_and(|token| token.trim().eq_ignore_ascii_case("websocket"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::{HeaderName, HeaderValue};

    fn head(method: &[u8], fields: &[(&'static str, &'static [u8])]) -> RequestHead {
        let mut head = RequestHead::default();
        head.method = actix_http::Method::from_bytes(method).unwrap_or_default();
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                head.headers.append(HeaderName::from_static(name), value);
            }
        }
        head
    }

    #[test]
    fn repeated_fields_stay_separate_ordered_and_byte_exact() {
        let head = head(b"GET", &[("x-a", b"1, 2"), ("x-b", b"b"), ("x-a", b"\xe9")]);
        let converted = convert(&head);
        let values: Option<Vec<_>> = converted.as_ref().map(|converted| {
            let values = converted.parts.headers.get_all("x-a").into_iter();
            values.map(HeaderValueRef::as_bytes).collect()
        });
        assert_eq!(values, Some(vec![&b"1, 2"[..], b"\xe9"]));
    }

    type HeaderValueRef = http::HeaderValue;

    #[test]
    fn the_framing_is_what_the_engine_does() {
        let framing = |head: &RequestHead| convert(head).map(|converted| converted.framing);
        let upgrade = ("upgrade", &b"WebSocket"[..]);
        let length = ("content-length", &b"5"[..]);
        let chunked = ("transfer-encoding", &b"chunked"[..]);
        let zero = ("content-length", &b"0"[..]);
        assert!(matches!(framing(&head(b"GET", &[])), Some(Framing::Empty)));
        assert!(matches!(
            framing(&head(b"POST", &[zero])),
            Some(Framing::Empty)
        ));
        assert!(matches!(
            framing(&head(b"POST", &[length])),
            Some(Framing::Delimited(Some(5)))
        ));
        assert!(matches!(
            framing(&head(b"GET", &[upgrade])),
            Some(Framing::Raw(0))
        ));
        assert!(matches!(
            framing(&head(b"GET", &[upgrade, length])),
            Some(Framing::Raw(5))
        ));
        assert!(matches!(
            framing(&head(b"GET", &[upgrade, chunked])),
            Some(Framing::Delimited(None))
        ));
        assert!(matches!(
            framing(&head(b"CONNECT", &[])),
            Some(Framing::Raw(0))
        ));
    }
}
