/// A host as a `Host` field has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'a> {
    /// A name or an IPv4 address, or an IPv6 address in brackets.
    pub(crate) name: &'a str,
    pub(crate) port: Option<u16>,
}

impl<'a> Host<'a> {
    /// Reads `name[:port]`. What is not of RFC 3986's unreserved characters and those sub-delimiters that
    /// hosts have in practice is refused, so that a host can be put into a URL or a log as it is.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (name, port) = split(text)?;
        let port = match port {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(port.parse().ok()?)
            }
            Some(_) => return None,
            None => None,
        };
        is_name(name).then_some(Self { name, port })
    }
}

fn split(text: &str) -> Option<(&str, Option<&str>)> {
    let colon = match text.strip_prefix('[') {
        Some(_) => {
            let end = text.find(']')? + 1;
            match text.as_bytes().get(end) {
                None => None,
                Some(b':') => Some(end),
                Some(_) => return None,
            }
        }
        None => text.find(':'),
    };
    Some(match colon {
        Some(colon) => (&text[..colon], Some(&text[colon + 1..])),
        None => (text, None),
    })
}

fn is_name(name: &str) -> bool {
    if let Some(ip) = name.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')) {
        let valid = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        return ip.len() >= 2 && ip.bytes().all(valid);
    }
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"!$&'()-._~".contains(&byte);
    !name.is_empty() && name.bytes().all(valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_maybe_a_port() {
        let parsed = |text| Host::parse(text).map(|host| (host.name, host.port));
        assert_eq!(parsed("example.com"), Some(("example.com", None)));
        assert_eq!(parsed("Example.com:80"), Some(("Example.com", Some(80))));
        assert_eq!(parsed("192.0.2.1:1"), Some(("192.0.2.1", Some(1))));
        assert_eq!(parsed("[::]"), Some(("[::]", None)));
        assert_eq!(
            parsed("[2001:db8::1]:8080"),
            Some(("[2001:db8::1]", Some(8080)))
        );
        assert_eq!(parsed("a_b!$&'()~-"), Some(("a_b!$&'()~-", None)));
        for text in [
            "", ":", ":80", "a:", "a:b", "a:80:80", "a:65536", "a:+1", "[", "[]", "[:]", "[::1",
            "[::1]x", "[::1]:", "[::g]", "::1", "a b", "a/b", "a@b", "a,b", "a\"b", "é", "a#",
            "a?", "%61", "<a>",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
