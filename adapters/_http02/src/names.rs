//! The names of fields, between http 0.2 and http 1.
//!
//! Both have constants for those that the standards know. From one to the other costs a fraction of what it takes to
//! read the text.

use http::{HeaderName, header};
use http02::header::{self as old, HeaderName as OldName};

macro_rules! known {
    ($($name:ident),* $(,)?) => {
        /// Returns the name of a field; `None` for one that http 1 cannot express.
        #[inline]
        pub fn to_1(name: &OldName) -> Option<HeaderName> {
            Some(match *name {
                $(old::$name => header::$name,)*
                _ => return HeaderName::from_bytes(name.as_str().as_bytes()).ok(),
            })
        }

        /// Returns the name of a field; `None` for one that http 0.2 cannot express.
        #[inline]
        pub fn to_02(name: &HeaderName) -> Option<OldName> {
            Some(match *name {
                $(header::$name => old::$name,)*
                _ => return OldName::from_bytes(name.as_str().as_bytes()).ok(),
            })
        }

        #[cfg(test)]
        const KNOWN: &[(OldName, HeaderName)] = &[$((old::$name, header::$name),)*];
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
        for (old, http) in KNOWN {
            assert_eq!(old.as_str(), http.as_str());
            assert_eq!(to_1(old).as_ref(), Some(http));
            assert_eq!(to_02(http).as_ref(), Some(old));
        }
        let (old, http) = (
            OldName::from_static("x-request-id"),
            HeaderName::from_static("x-request-id"),
        );
        assert_eq!(to_1(&old), Some(http.clone()));
        assert_eq!(to_02(&http), Some(old));
    }
}
