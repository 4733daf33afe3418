use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Reads certificates in PEM, as gateways put them into one variable or field: with line feeds, with blanks or tabs
/// instead of them, or percent-encoded as a whole. Returns them in DER, in their order; what stands around them does not count.
///
/// `None` if there is none, or if one of them has no end or is not base64. What the bytes mean is not looked at.
///
/// A reader of files does not do: it goes by lines, of which a field has one.
///
/// ```
/// use transom::adapter::pem_certificates;
///
/// let der = pem_certificates(b"-----BEGIN CERTIFICATE----- Zm9v YmFy -----END CERTIFICATE-----");
/// assert_eq!(der.unwrap(), ["foobar"]);
/// assert!(pem_certificates(b"Zm9vYmFy").is_none());
/// ```
pub fn pem_certificates(text: &[u8]) -> Option<Vec<Bytes>> {
    let decoded = percent_decoded(text);
    let text = std::str::from_utf8(&decoded).ok()?;
    let certificates: Option<Vec<_>> = text.split(BEGIN).skip(1).map(certificate).collect();
    certificates.filter(|certificates| !certificates.is_empty())
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Reads what follows a `BEGIN`.
fn certificate(text: &str) -> Option<Bytes> {
    let (inner, _) = text.split_once(END)?;
    let base64: String = inner.split_ascii_whitespace().collect();
    let der = STANDARD.decode(base64).ok()?;
    (!der.is_empty()).then(|| Bytes::from(der))
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

    #[test]
    fn a_certificate_comes_in_many_spellings() {
        for text in [
            "-----BEGIN CERTIFICATE-----\nZm9v\nYmFy\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\r\nZm9vYmFy\r\n-----END CERTIFICATE-----\r\n",
            // nginx's `$ssl_client_cert`
            "-----BEGIN CERTIFICATE-----\n\tZm9v\n\tYmFy\n\t-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE----- Zm9v YmFy -----END CERTIFICATE-----",
            // nginx's `$ssl_client_escaped_cert`
            "-----BEGIN%20CERTIFICATE-----%0AZm9v%0aYmFy%0A-----END%20CERTIFICATE-----%0A",
            "Bag Attributes: none\n-----BEGIN CERTIFICATE-----\nZm9vYmFy\n-----END CERTIFICATE-----",
        ] {
            let read = pem_certificates(text.as_bytes());
            assert_eq!(
                read.as_deref(),
                Some(&[Bytes::from("foobar")][..]),
                "{text}"
            );
        }
    }

    #[test]
    fn a_chain_keeps_its_order() {
        let chain = "-----BEGIN CERTIFICATE----- Zm8= -----END CERTIFICATE----- \
                     -----BEGIN CERTIFICATE----- YmE= -----END CERTIFICATE-----";
        let read = pem_certificates(chain.as_bytes()).unwrap_or_default();
        assert_eq!(read, ["fo", "ba"]);
    }

    #[test]
    fn what_is_not_whole_is_none() {
        for text in [
            "",
            "Zm9v",
            "(null)",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN CERTIFICATE----- Zm9v",
            "-----BEGIN CERTIFICATE----------END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE----- Zm9 -----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE----- Zm9_ -----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE----- Zm9v -----END CERTIFICATE----- -----BEGIN CERTIFICATE----- Zm",
        ] {
            assert_eq!(pem_certificates(text.as_bytes()), None, "{text}");
        }
        assert_eq!(pem_certificates(b"\xff%f%"), None);
    }
}
