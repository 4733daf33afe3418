//! The names of fields, between http 0.2 and http 1.
//!
//! Both have constants for those that the standards know. From one to the other costs a fraction of what it takes to
//! read the text.

use actix_http::header::{self as engine, HeaderName as EngineName};
use http::{HeaderName, header};

macro_rules! known {
    ($($name:ident),* $(,)?) => {
        /// Returns the name in the type of http 1; `None` for one that it cannot express.
        pub(crate) fn to_http(name: &EngineName) -> Option<HeaderName> {
            Some(match *name {
                $(engine::$name => header::$name,)*
                _ => return HeaderName::from_bytes(name.as_str().as_bytes()).ok(),
            })
        }

        /// Returns the name in the engine's type; `None` for one that it cannot express.
        pub(crate) fn to_engine(name: &HeaderName) -> Option<EngineName> {
            Some(match *name {
                $(header::$name => engine::$name,)*
                _ => return EngineName::from_bytes(name.as_str().as_bytes()).ok(),
            })
        }

        #[cfg(test)]
        const KNOWN: &[(EngineName, HeaderName)] = &[$((engine::$name, header::$name),)*];
    };
}

// The most frequent first.
known! {
    HOST,
    CONTENT_TYPE,
    CONTENT_LENGTH,
    USER_AGENT,
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    ACCEPT_RANGES,
    ALLOW,
    AUTHORIZATION,
    CACHE_CONTROL,
    CONNECTION,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_RANGE,
    COOKIE,
    DATE,
    ETAG,
    EXPECT,
    EXPIRES,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    LAST_MODIFIED,
    LOCATION,
    ORIGIN,
    RANGE,
    REFERER,
    SERVER,
    SET_COOKIE,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    VARY,
    WWW_AUTHENTICATE,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_both_types() {
        for (engine, http) in KNOWN {
            assert_eq!(engine.as_str(), http.as_str());
            assert_eq!(to_http(engine).as_ref(), Some(http));
            assert_eq!(to_engine(http).as_ref(), Some(engine));
        }
        let (engine, http) = (
            EngineName::from_static("x-request-id"),
            HeaderName::from_static("x-request-id"),
        );
        assert_eq!(to_http(&engine), Some(http.clone()));
        assert_eq!(to_engine(&http), Some(engine));
    }
}
