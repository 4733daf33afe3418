use bytes::Bytes;
use http::Uri;
use transom::features::ServerVariables;

use super::Refusal;

/// Returns the target of a request: as the client wrote it, where the gateway tells.
///
/// `REQUEST_URI` is the one variable that is neither decoded nor cleaned. Without it the target is made of what was
/// decoded, and `%2F` can no longer be told from `/`.
pub(super) fn target(variables: &ServerVariables) -> Result<Uri, Refusal> {
    let raw = variables.get("REQUEST_URI");
    if let Some(raw) = raw.filter(|raw| !raw.is_empty()) {
        return Uri::from_maybe_shared(raw.clone())
            .map_err(|_| Refusal::malformed("`REQUEST_URI` is not a target"));
    }
    let of = |name| variables.get(name).map_or(&[][..], |value| value);
    let mut made = Vec::new();
    encode(of("SCRIPT_NAME"), &mut made);
    encode(of("PATH_INFO"), &mut made);
    if made.is_empty() {
        encode(of("DOCUMENT_URI"), &mut made);
    }
    if made.is_empty() {
        return Err(Refusal::malformed(
            "there is no target: neither `REQUEST_URI`, nor `SCRIPT_NAME`, `PATH_INFO` or `DOCUMENT_URI`",
        ));
    }
    let query = of("QUERY_STRING");
    if !query.is_empty() {
        made.push(b'?');
        // It is not decoded by anybody.
        made.extend_from_slice(query);
    }
    Uri::from_maybe_shared(Bytes::from(made))
        .ok()
        .filter(|made| made.authority().is_none())
        .ok_or_else(|| {
            Refusal::malformed("`SCRIPT_NAME`, `PATH_INFO` and `QUERY_STRING` make no target")
        })
}

/// Writes a path as RFC 3986, section 3.3, has it.
fn encode(path: &[u8], to: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(byte) {
            to.push(*byte);
        } else {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            to.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(all: &[(&'static str, &'static str)]) -> Result<String, String> {
        target(&all.iter().copied().collect())
            .map(|target| target.to_string())
            .map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn the_raw_target_comes_first() {
        let all = [
            ("REQUEST_URI", "/a%2Fb//c?q=%20"),
            ("SCRIPT_NAME", "/a/b/c"),
            ("QUERY_STRING", "other"),
        ];
        assert_eq!(of(&all).unwrap(), "/a%2Fb//c?q=%20");
        assert_eq!(of(&[("REQUEST_URI", "*")]).unwrap(), "*");
        assert_eq!(of(&[("REQUEST_URI", "http://a/b")]).unwrap(), "http://a/b");
    }

    #[test]
    fn without_it_the_path_is_encoded_again() {
        let all = [
            ("SCRIPT_NAME", "/a b"),
            ("PATH_INFO", "/ü?%"),
            ("QUERY_STRING", "q=%20"),
        ];
        assert_eq!(of(&all).unwrap(), "/a%20b/%C3%BC%3F%25?q=%20");
        assert_eq!(of(&[("DOCUMENT_URI", "/a")]).unwrap(), "/a");
    }

    #[test]
    fn what_makes_no_target_is_refused() {
        let error = of(&[]).unwrap_err();
        assert!(error.starts_with("there is no target"), "{error}");
        let error = of(&[("REQUEST_URI", "/a b")]).unwrap_err();
        assert_eq!(error, "`REQUEST_URI` is not a target");
        assert!(of(&[("PATH_INFO", "example.com")]).is_err());
        assert!(of(&[("PATH_INFO", "/"), ("QUERY_STRING", "a b")]).is_err());
    }
}
