//! Numbers that stand for names: AJPv13, and what Apache's module and Tomcat have added to it.

/// Kinds of packets, by their first byte.
pub(super) mod kind {
    pub(in crate::ajp) const FORWARD_REQUEST: u8 = 2;
    pub(in crate::ajp) const SEND_BODY_CHUNK: u8 = 3;
    pub(in crate::ajp) const SEND_HEADERS: u8 = 4;
    pub(in crate::ajp) const END_RESPONSE: u8 = 5;
    pub(in crate::ajp) const GET_BODY_CHUNK: u8 = 6;
    pub(in crate::ajp) const SHUTDOWN: u8 = 7;
    pub(in crate::ajp) const CPONG: u8 = 9;
    pub(in crate::ajp) const CPING: u8 = 10;
}

/// What is told of a request behind its fields, by its first byte.
pub(super) mod attribute {
    pub(in crate::ajp) const CONTEXT: u8 = 1;
    pub(in crate::ajp) const SERVLET_PATH: u8 = 2;
    pub(in crate::ajp) const REMOTE_USER: u8 = 3;
    pub(in crate::ajp) const AUTH_TYPE: u8 = 4;
    pub(in crate::ajp) const QUERY_STRING: u8 = 5;
    pub(in crate::ajp) const ROUTE: u8 = 6;
    pub(in crate::ajp) const SSL_CERT: u8 = 7;
    pub(in crate::ajp) const SSL_CIPHER: u8 = 8;
    pub(in crate::ajp) const SSL_SESSION: u8 = 9;
    /// One that has a name.
    pub(in crate::ajp) const NAMED: u8 = 10;
    pub(in crate::ajp) const SSL_KEY_SIZE: u8 = 11;
    pub(in crate::ajp) const SECRET: u8 = 12;
    pub(in crate::ajp) const STORED_METHOD: u8 = 13;
    pub(in crate::ajp) const DONE: u8 = 0xFF;
}

/// The method is an attribute.
pub(super) const STORED_METHOD: u8 = 0xFF;

/// What the upper byte of a field's name is that is a number; it would be a very long text.
const NUMBERED: u16 = 0xA000;

/// Returns the method of a number.
pub(super) fn method(number: u8) -> Option<&'static str> {
    METHODS.get(usize::from(number).checked_sub(1)?).copied()
}

const METHODS: [&str; 27] = [
    "OPTIONS",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "ACL",
    "REPORT",
    "VERSION-CONTROL",
    "CHECKIN",
    "CHECKOUT",
    "UNCHECKOUT",
    "SEARCH",
    "MKWORKSPACE",
    "UPDATE",
    "LABEL",
    "MERGE",
    "BASELINE-CONTROL",
    "MKACTIVITY",
];

/// Returns whether this stands for the name of a field, and is not the length of one.
pub(super) fn is_field(number: u16) -> bool {
    number & 0xFF00 == NUMBERED
}

/// Returns the field of a request that a number stands for.
pub(super) fn request_field(number: u16) -> Option<&'static str> {
    let at = usize::from(number & 0x00FF).checked_sub(1)?;
    REQUEST_FIELDS.get(at).copied()
}

const REQUEST_FIELDS: [&str; 14] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "authorization",
    "connection",
    "content-type",
    "content-length",
    "cookie",
    "cookie2",
    "host",
    "pragma",
    "referer",
    "user-agent",
];

/// Returns the number that stands for a field of a response, if there is one.
pub(super) fn response_field(name: &str) -> Option<u16> {
    let at = RESPONSE_FIELDS.iter().position(|known| *known == name)?;
    Some(NUMBERED + 1 + u16::try_from(at).ok()?)
}

const RESPONSE_FIELDS: [&str; 11] = [
    "content-type",
    "content-language",
    "content-length",
    "date",
    "last-modified",
    "location",
    "set-cookie",
    "set-cookie2",
    "servlet-engine",
    "status",
    "www-authenticate",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_the_one_of_its_name() {
        for (number, name) in [(1, "OPTIONS"), (2, "GET"), (4, "POST"), (27, "MKACTIVITY")] {
            assert_eq!(method(number), Some(name));
        }
        assert_eq!((method(0), method(28), method(254)), (None, None, None));
        for (number, name) in [
            (0xA001, "accept"),
            (0xA008, "content-length"),
            (0xA00E, "user-agent"),
        ] {
            assert_eq!(request_field(number), Some(name));
        }
        assert_eq!((request_field(0xA000), request_field(0xA00F)), (None, None));
        assert_eq!(response_field("content-type"), Some(0xA001));
        assert_eq!(response_field("www-authenticate"), Some(0xA00B));
        assert_eq!(response_field("x-own"), None);
    }
}
