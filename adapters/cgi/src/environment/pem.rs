use bytes::Bytes;

/// Reads a certificate in PEM, as gateways put it into one variable: with line feeds, with blanks instead of them,
/// or percent-encoded.
pub(super) fn certificate(text: &[u8]) -> Option<Bytes> {
    let decoded = percent_decoded(text);
    let text = std::str::from_utf8(&decoded).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (inner, _) = rest.split_once("-----END CERTIFICATE-----")?;
    decode(inner.bytes().filter(|byte| !byte.is_ascii_whitespace())).map(Bytes::from)
}

/// RFC 4648, section 4.
fn decode(text: impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let (mut bits, mut count, mut padding) = (0_u32, 0, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        bits = (bits << 6) | u32::from(value);
        count += 1;
        if count == 4 {
            decoded.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    match (count, padding) {
        (0, 0) => {}
        (2, 2) => decoded.push((bits >> 4) as u8),
        (3, 1) => decoded.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
        _ => return None,
    }
    (!decoded.is_empty()).then_some(decoded)
}

/// nginx has a variable that is encoded so. A `+` is one of base64.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digit = |at: usize| tail.get(at).and_then(|byte| (*byte as char).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            _ => decoded.push(*first),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        decode(text.bytes())
    }

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (text, bytes) in [
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for wrong in ["", "Z", "Zg", "Zg=", "Zg=a", "Z===", "Zm9v=", "Zm9_"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_certificate_comes_in_three_spellings() {
        for text in [
            "-----BEGIN CERTIFICATE-----\nZm9v\nYmFy\n-----END CERTIFICATE-----\n",
            // nginx's `$ssl_client_cert`
            "-----BEGIN CERTIFICATE-----\n\tZm9v\n\tYmFy\n\t-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE----- Zm9v YmFy -----END CERTIFICATE-----",
            // nginx's `$ssl_client_escaped_cert`
            "-----BEGIN%20CERTIFICATE-----%0AZm9v%0AYmFy%0A-----END%20CERTIFICATE-----%0A",
        ] {
            assert_eq!(
                certificate(text.as_bytes()).as_deref(),
                Some(&b"foobar"[..]),
                "{text}"
            );
        }
        assert_eq!(certificate(b"Zm9v"), None);
    }
}
