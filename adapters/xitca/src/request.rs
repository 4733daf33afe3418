//! What the head of a request says, where the engine does not look closely enough.

use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Request, Version, header};
use transom::adapter::check_head;

/// Returns whether a head is one that HTTP allows. The engine looks neither at `Host` nor at the form of
/// the target, takes any coding for none, and `+5` for a length.
pub(crate) fn is_valid(head: &mut Parts) -> bool {
    if head.version <= Version::HTTP_11 && !is_framed(&head.headers) {
        return false;
    }
    let parts = std::mem::replace(head, Request::new(()).into_parts().0);
    let request = Request::from_parts(parts, ());
    let valid = check_head(&request).is_ok();
    *head = request.into_parts().0;
    valid
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

/// RFC 9112, section 6: one coding, which is the last to be applied, or one length.
fn is_framed(headers: &HeaderMap) -> bool {
    let mut codings = 0;
    let mut lengths = 0;
    for (name, value) in headers {
        if *name == header::TRANSFER_ENCODING {
            codings += 1;
            if !value.as_bytes().eq_ignore_ascii_case(b"chunked") {
                return false;
            }
        } else if *name == header::CONTENT_LENGTH {
            lengths += 1;
            if !value.as_bytes().iter().all(u8::is_ascii_digit) {
                return false;
            }
        }
    }
    codings + lengths <= 1
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
            assert!(is_framed(&headers(right)), "{right:?}");
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
            assert!(!is_framed(&headers(wrong)), "{wrong:?}");
        }
    }

    #[test]
    fn an_upgrade_needs_both_its_fields() {
        let ask = |fields: &[(&'static str, &'static str)]| {
            let (mut head, ()) = Request::new(()).into_parts();
            head.headers = headers(fields);
            asks_to_upgrade(&head)
        };
        let upgrade = ("upgrade", "any");
        assert!(ask(&[upgrade, ("connection", "keep-alive, Upgrade")]));
        assert!(!ask(&[upgrade]));
        assert!(!ask(&[("connection", "upgrade")]));
    }
}
