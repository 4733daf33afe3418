//! The names of fields, between the engine's type and that of `http`.
//!
//! Both have constants for the common ones. From one to the other costs a fraction of what it takes to read the text.

use http::{HeaderName, header};
use trillium_http::{HeaderName as EngineName, KnownHeaderName};

/// The names that most requests are made of, the most frequent first. Every other name is compared with all of them.
static OF_REQUESTS: [(KnownHeaderName, HeaderName); 12] = [
    (KnownHeaderName::Host, header::HOST),
    (KnownHeaderName::UserAgent, header::USER_AGENT),
    (KnownHeaderName::Accept, header::ACCEPT),
    (KnownHeaderName::AcceptEncoding, header::ACCEPT_ENCODING),
    (KnownHeaderName::AcceptLanguage, header::ACCEPT_LANGUAGE),
    (KnownHeaderName::Connection, header::CONNECTION),
    (KnownHeaderName::ContentLength, header::CONTENT_LENGTH),
    (KnownHeaderName::ContentType, header::CONTENT_TYPE),
    (KnownHeaderName::Cookie, header::COOKIE),
    (KnownHeaderName::Referer, header::REFERER),
    (KnownHeaderName::Origin, header::ORIGIN),
    (KnownHeaderName::Authorization, header::AUTHORIZATION),
];

/// Returns the name in the type of `http`; `None` for one that it cannot express.
pub(crate) fn to_http(name: &EngineName<'_>) -> Option<HeaderName> {
    match OF_REQUESTS.iter().find(|(known, _)| name == known) {
        Some((_, name)) => Some(name.clone()),
        None => HeaderName::from_bytes(name.as_ref().as_bytes()).ok(),
    }
}

/// Returns the name in the engine's type.
pub(crate) fn to_engine(name: &HeaderName) -> EngineName<'static> {
    let known = match *name {
        header::ACCEPT_RANGES => KnownHeaderName::AcceptRanges,
        header::ALLOW => KnownHeaderName::Allow,
        header::CACHE_CONTROL => KnownHeaderName::CacheControl,
        header::CONNECTION => KnownHeaderName::Connection,
        header::CONTENT_DISPOSITION => KnownHeaderName::ContentDisposition,
        header::CONTENT_ENCODING => KnownHeaderName::ContentEncoding,
        header::CONTENT_LENGTH => KnownHeaderName::ContentLength,
        header::CONTENT_RANGE => KnownHeaderName::ContentRange,
        header::CONTENT_TYPE => KnownHeaderName::ContentType,
        header::DATE => KnownHeaderName::Date,
        header::ETAG => KnownHeaderName::Etag,
        header::EXPIRES => KnownHeaderName::Expires,
        header::LAST_MODIFIED => KnownHeaderName::LastModified,
        header::LOCATION => KnownHeaderName::Location,
        header::SERVER => KnownHeaderName::Server,
        header::SET_COOKIE => KnownHeaderName::SetCookie,
        header::VARY => KnownHeaderName::Vary,
        header::WWW_AUTHENTICATE => KnownHeaderName::WwwAuthenticate,
        _ => return EngineName::from(name.as_str().to_owned()),
    };
    known.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_both_types() {
        let names = [
            "accept",
            "accept-encoding",
            "accept-language",
            "accept-ranges",
            "allow",
            "authorization",
            "cache-control",
            "connection",
            "content-disposition",
            "content-encoding",
            "content-length",
            "content-range",
            "content-type",
            "cookie",
            "date",
            "etag",
            "expires",
            "grpc-status",
            "host",
            "last-modified",
            "location",
            "origin",
            "referer",
            "server",
            "set-cookie",
            "user-agent",
            "vary",
            "www-authenticate",
            "x-request-id",
        ];
        for name in names {
            let http = HeaderName::from_static(name);
            assert_eq!(to_engine(&http), EngineName::from(name));
            assert_eq!(to_http(&EngineName::from(name)), Some(http));
        }
    }

    #[test]
    fn what_is_no_name_of_http_is_none() {
        assert_eq!(to_http(&EngineName::from("a b")), None);
    }
}
