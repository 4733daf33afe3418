//! Which protocol a client speaks that did not agree on one.

/// What every client of HTTP/2 sends first (RFC 9113, section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Returns whether the first bytes of a client are those of HTTP/2; `None` as long as more of them are needed.
///
/// ```
/// use transom_adapter_tokio::begins_as_http2;
///
/// assert_eq!(begins_as_http2(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore"), Some(true));
/// assert_eq!(begins_as_http2(b"PRI * HTTP/1.1"), Some(false));
/// assert_eq!(begins_as_http2(b"PR"), None);
/// ```
pub fn begins_as_http2(bytes: &[u8]) -> Option<bool> {
    let known = bytes.len().min(PREFACE.len());
    match bytes[..known] == PREFACE[..known] {
        false => Some(false),
        true if known == PREFACE.len() => Some(true),
        true => None,
    }
}
