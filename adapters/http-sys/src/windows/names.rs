use http::{HeaderName, header};

/// The fields of requests that the kernel has numbers for, by number. Those before [`SHARED`] are of responses too.
static REQUEST: [HeaderName; 41] = [
    header::CACHE_CONTROL,
    header::CONNECTION,
    header::DATE,
    HeaderName::from_static("keep-alive"),
    header::PRAGMA,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::VIA,
    header::WARNING,
    header::ALLOW,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    HeaderName::from_static("content-md5"),
    header::CONTENT_RANGE,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::ACCEPT,
    header::ACCEPT_CHARSET,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::AUTHORIZATION,
    header::COOKIE,
    header::EXPECT,
    header::FROM,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::MAX_FORWARDS,
    header::PROXY_AUTHORIZATION,
    header::REFERER,
    header::RANGE,
    header::TE,
    HeaderName::from_static("translate"),
    header::USER_AGENT,
];

/// How many numbers mean the same in requests and in responses.
const SHARED: usize = 20;

/// Those of responses behind [`SHARED`].
static RESPONSE: [HeaderName; 10] = [
    header::ACCEPT_RANGES,
    header::AGE,
    header::ETAG,
    header::LOCATION,
    header::PROXY_AUTHENTICATE,
    header::RETRY_AFTER,
    header::SERVER,
    header::SET_COOKIE,
    header::VARY,
    header::WWW_AUTHENTICATE,
];

/// Returns the name of a field of a request.
pub(crate) fn of_request(id: usize) -> Option<&'static HeaderName> {
    REQUEST.get(id)
}

/// Returns the number of a field of a response, if it has one.
pub(crate) fn of_response(name: &HeaderName) -> Option<usize> {
    let shared = REQUEST[..SHARED].iter().position(|known| known == name);
    let own = || RESPONSE.iter().position(|known| known == name);
    shared.or_else(|| own().map(|id| SHARED + id))
}

/// The methods that the kernel has numbers for, by number. The first three are no names.
static METHODS: [&str; 20] = [
    "",
    "",
    "",
    "OPTIONS",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "TRACE",
    "CONNECT",
    "TRACK",
    "MOVE",
    "COPY",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "LOCK",
    "UNLOCK",
    "SEARCH",
];

/// Returns a method by its number, or by its name if it has none.
pub(crate) fn method(verb: i32, name: &[u8]) -> Option<http::Method> {
    let known = usize::try_from(verb)
        .ok()
        .and_then(|verb| METHODS.get(verb))
        .filter(|name| !name.is_empty());
    let name = known.map_or(name, |name| name.as_bytes());
    http::Method::from_bytes(name).ok()
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Networking::HttpServer as api;

    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_api() {
        for (name, id) in [
            (header::CACHE_CONTROL, api::HttpHeaderCacheControl),
            (header::CONTENT_LENGTH, api::HttpHeaderContentLength),
            (header::LAST_MODIFIED, api::HttpHeaderLastModified),
            (header::ACCEPT, api::HttpHeaderAccept),
            (header::COOKIE, api::HttpHeaderCookie),
            (header::HOST, api::HttpHeaderHost),
            (header::TE, api::HttpHeaderTe),
            (header::USER_AGENT, api::HttpHeaderUserAgent),
        ] {
            assert_eq!(of_request(id as usize), Some(&name));
        }
        assert_eq!(REQUEST.len(), api::HttpHeaderRequestMaximum as usize);
        for (name, id) in [
            (header::CONNECTION, api::HttpHeaderConnection),
            (header::TRANSFER_ENCODING, api::HttpHeaderTransferEncoding),
            (header::ACCEPT_RANGES, api::HttpHeaderAcceptRanges),
            (header::SET_COOKIE, api::HttpHeaderSetCookie),
            (header::WWW_AUTHENTICATE, api::HttpHeaderWwwAuthenticate),
        ] {
            assert_eq!(of_response(&name), Some(id as usize));
        }
        assert_eq!(of_response(&header::HOST), None);
        assert_eq!(
            SHARED + RESPONSE.len(),
            api::HttpHeaderResponseMaximum as usize
        );
    }

    #[test]
    fn a_method_is_a_number_or_a_name() {
        assert_eq!(method(api::HttpVerbGET, b""), Some(http::Method::GET));
        assert_eq!(method(api::HttpVerbSEARCH, b"").unwrap(), "SEARCH");
        assert_eq!(method(api::HttpVerbUnknown, b"BREW").unwrap(), "BREW");
        assert_eq!(method(api::HttpVerbInvalid, b""), None);
        assert_eq!(method(-1, b"a b"), None);
    }
}
