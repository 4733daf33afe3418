//! The answer to what no application sees.

use std::io::Write as _;
use std::time::SystemTime;

use http::StatusCode;

/// Why a request is refused, and what its client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hyper) struct Refusal {
    status: StatusCode,
    /// The method that the target would be for.
    allow: Option<&'static str>,
    reason: &'static str,
}

impl Refusal {
    pub(super) const fn bad(reason: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    pub(in crate::hyper) const fn new(status: StatusCode, reason: &'static str) -> Self {
        Self {
            status,
            allow: None,
            reason,
        }
    }

    /// RFC 9110, section 15.5.6, asks for `Allow` in a 405.
    pub(super) const fn not_allowed(allow: &'static str, reason: &'static str) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            allow: Some(allow),
            reason,
        }
    }

    pub(in crate::hyper) fn status(self) -> StatusCode {
        self.status
    }

    /// Returns what was wrong, in words for the log.
    pub(in crate::hyper) fn reason(self) -> &'static str {
        self.reason
    }

    /// Returns the whole response. It is the last of its connection.
    pub(in crate::hyper) fn to_bytes(self) -> Vec<u8> {
        let mut into = Vec::new();
        let date = httpdate::HttpDate::from(SystemTime::now());
        // `StatusCode` shows its reason phrase too. A vector takes whatever is written.
        let _ = write!(into, "HTTP/1.1 {}\r\n", self.status);
        let _ = write!(into, "connection: close\r\ncontent-length: 0\r\n");
        if let Some(allow) = self.allow {
            let _ = write!(into, "allow: {allow}\r\n");
        }
        let _ = write!(into, "date: {date}\r\n\r\n");
        into
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_whole_response() {
        let bytes = Refusal::not_allowed("OPTIONS", "no").to_bytes();
        let text = String::from_utf8(bytes).unwrap();
        let (head, date) = text.split_once("date: ").unwrap();
        assert_eq!(
            head,
            "HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\nallow: OPTIONS\r\n"
        );
        assert!(date.ends_with(" GMT\r\n\r\n"), "{date}");
    }
}
