//! What the head of a request says, where the engine does not look closely enough.

use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Version, header};
use transom::adapter::check_parts;

/// What there is in the head of a request that decides how it is answered. Few requests have any of it, and one look
/// at each field costs less than a lookup.
#[derive(Clone, Copy, Default)]
pub(crate) struct Present {
    pub(crate) connection: bool,
    pub(crate) te: bool,
    codings: usize,
    lengths: usize,
    /// A coding that is not `chunked`, or a length that is none.
    malformed: bool,
}

impl Present {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut present = Self::default();
        for (name, value) in headers {
            match *name {
                header::CONNECTION => present.connection = true,
                header::TE => present.te = true,
                header::TRANSFER_ENCODING => {
                    present.codings += 1;
                    present.malformed |= !value.as_bytes().eq_ignore_ascii_case(b"chunked");
                }
                header::CONTENT_LENGTH => {
                    present.lengths += 1;
                    present.malformed |= !value.as_bytes().iter().all(u8::is_ascii_digit);
                }
                _ => {}
            }
        }
        present
    }

    /// RFC 9112, section 6: one coding, which is the last to be applied, or one length.
    fn is_framed(self) -> bool {
        !self.malformed && self.codings + self.lengths <= 1
    }
}

/// Returns whether a head is one that HTTP allows. The engine looks neither at `Host` nor at the form of
/// the target, takes any coding for none, and `+5` for a length.
pub(crate) fn is_valid(head: &Parts, present: Present) -> bool {
    (head.version > Version::HTTP_11 || present.is_framed()) && check_parts(head).is_ok()
}

/// Returns whether a request asks to switch to another protocol, with nothing in the way of it.
pub(crate) fn asks_to_upgrade(head: &Parts) -> bool {
    head.version == Version::HTTP_11
        && head.method != Method::CONNECT
        && head.headers.contains_key(header::UPGRADE)
        && lists(&head.headers, &header::CONNECTION, "upgrade")
}

/// Returns whether a field lists a word.
pub(crate) fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers.get_all(name).iter().any(|value| {
        value.as_bytes().split(|byte| *byte == b',').any(|listed| {
            let listed = listed.trim_ascii();
            listed.eq_ignore_ascii_case(word.as_bytes())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_body_has_one_length_or_is_chunked_and_nothing_else() {
        let (length, coding) = ("content-length", "transfer-encoding");
        for right in [
            &[][..],
            &[(length, "5")],
            &[(coding, "chunked")],
            &[(coding, "Chunked")],
        ] {
            assert!(Present::of(&headers(right)).is_framed(), "{right:?}");
        }
        for wrong in [
            &[(length, "+5")][..],
            &[(length, "0"), (length, "0")],
            &[(length, "0"), (coding, "chunked")],
            &[(coding, "gzip")],
            &[(coding, "gzip, chunked")],
            &[(coding, "identity")],
            &[(coding, "chunked"), (coding, "chunked")],
        ] {
            assert!(!Present::of(&headers(wrong)).is_framed(), "{wrong:?}");
        }
    }

    #[test]
    fn an_upgrade_needs_both_its_fields() {
        let ask = |fields: &[(&'static str, &'static str)]| {
            let (mut head, ()) = http::Request::new(()).into_parts();
            head.headers = headers(fields);
            asks_to_upgrade(&head)
        };
        let upgrade = ("upgrade", "any");
        assert!(ask(&[upgrade, ("connection", "keep-alive, Upgrade")]));
        assert!(!ask(&[upgrade]));
        assert!(!ask(&[("connection", "upgrade")]));
    }
}
