//! From http 0.2 to http 1: what an engine was sent.

pub use crate::names::to_1 as name;

/// Returns a method; `None` for one that http 1 cannot express.
#[inline]
pub fn method(method: &http02::Method) -> Option<http::Method> {
    http::Method::from_bytes(method.as_str().as_bytes()).ok()
}

/// Returns the target of a request in the form that it had; `None` for one that http 1 cannot express.
#[inline]
pub fn target(uri: &http02::Uri) -> Option<http::Uri> {
    match (uri.authority(), uri.path_and_query()) {
        (None, Some(target)) if uri.scheme().is_none() => match target.as_str() {
            // Without an allocation.
            "/" => Some(http::Uri::default()),
            target => target.parse().ok(),
        },
        _ => uri.to_string().parse().ok(),
    }
}

/// Returns a version. What http 1 has no name for is taken for HTTP/1.1.
#[inline]
pub fn version(version: http02::Version) -> http::Version {
    match version {
        http02::Version::HTTP_09 => http::Version::HTTP_09,
        http02::Version::HTTP_10 => http::Version::HTTP_10,
        http02::Version::HTTP_2 => http::Version::HTTP_2,
        http02::Version::HTTP_3 => http::Version::HTTP_3,
        _ => http::Version::HTTP_11,
    }
}

/// Returns the value of a field, byte for byte.
#[inline]
pub fn value(value: &http02::HeaderValue) -> Option<http::HeaderValue> {
    http::HeaderValue::from_bytes(value.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_keeps_its_form() {
        for form in [
            "/",
            "/a%20b?c=/d?",
            "/?",
            "*",
            "http://a.test/b?c",
            "a.test:80",
        ] {
            let uri = form.parse::<http02::Uri>();
            let target = uri.ok().and_then(|uri| target(&uri));
            assert_eq!(target, form.parse().ok(), "{form}");
            assert!(target.is_some());
        }
    }

    #[test]
    fn a_value_is_bytes() {
        for bytes in [&b""[..], b"a b", b"\xe9\xff"] {
            let old = http02::HeaderValue::from_bytes(bytes);
            let new = old.ok().and_then(|old| value(&old));
            assert_eq!(new.as_ref().map(http::HeaderValue::as_bytes), Some(bytes));
        }
    }

    #[test]
    fn methods_and_versions_are_the_same() {
        for name in ["GET", "PURGE"] {
            let old = http02::Method::from_bytes(name.as_bytes());
            let new = old.ok().and_then(|old| method(&old));
            assert_eq!(new.as_ref().map(http::Method::as_str), Some(name));
        }
        for (old, new) in [
            (http02::Version::HTTP_10, http::Version::HTTP_10),
            (http02::Version::HTTP_11, http::Version::HTTP_11),
            (http02::Version::HTTP_2, http::Version::HTTP_2),
        ] {
            assert_eq!(version(old), new);
        }
    }
}
