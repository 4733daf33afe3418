//! Paths as OWIN has them, decoded, and as a URI has them.

use std::fmt::Write as _;

/// Takes the percent-encoding off, that of `/` too. What is not UTF-8 stays as it is.
pub(super) fn decode(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = match byte {
            b'%' => bytes.get(at + 1..at + 3).and_then(escaped),
            _ => None,
        };
        decoded.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    let mut text = String::with_capacity(decoded.len());
    for chunk in decoded.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn escaped(digits: &[u8]) -> Option<u8> {
    let hex = |digit: u8| char::from(digit).to_digit(16);
    let [high, low] = digits else {
        return None;
    };
    u8::try_from(hex(*high)? * 16 + hex(*low)?).ok()
}

/// Encodes what a path of a URI may not hold (RFC 3986, section 3.3), and `%`.
pub(super) fn encode(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'/'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'!'
            | b'$'
            | b'&'..=b','
            | b';'
            | b'='
            | b':'
            | b'@' => encoded.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            byte => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decoded_is_encoded_again() {
        for (raw, decoded, encoded) in [
            ("/a/b", "/a/b", "/a/b"),
            ("/caf%C3%A9", "/caf\u{e9}", "/caf%C3%A9"),
            ("/a%20b%3F", "/a b?", "/a%20b%3F"),
            ("/a%2fb", "/a/b", "/a/b"),
            ("/100%25", "/100%", "/100%25"),
            ("/%252F", "/%2F", "/%252F"),
            (
                "/a+b&c='(*)',d;e:f@g",
                "/a+b&c='(*)',d;e:f@g",
                "/a+b&c='(*)',d;e:f@g",
            ),
            ("/%", "/%", "/%25"),
            ("/%4", "/%4", "/%254"),
            ("/%zz", "/%zz", "/%25zz"),
            ("/%FFx", "/%FFx", "/%25FFx"),
            ("", "", ""),
        ] {
            assert_eq!(decode(raw), decoded);
            assert_eq!(encode(decoded), encoded);
        }
    }
}
