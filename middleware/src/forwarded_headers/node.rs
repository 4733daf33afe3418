use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Reads the address of a node: `ip`, `ip:port`, `[ipv6]`, `[ipv6]:port`, or a bare IPv6 address. The port
/// is 0 if there is none, or one that hides behind `_` as RFC 7239 allows. `None` for every other text,
/// `unknown` and identifiers that hide the address among them.
pub(super) fn parse(text: &str) -> Option<SocketAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, 0));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (ip, rest) = rest.split_once(']')?;
        let ip: Ipv6Addr = ip.parse().ok()?;
        return Some(SocketAddr::new(ip.into(), port(rest)?));
    }
    let colon = text.find(':')?;
    let ip: IpAddr = text[..colon].parse().ok()?;
    Some(SocketAddr::new(ip, port(&text[colon..])?))
}

fn port(text: &str) -> Option<u16> {
    if text.is_empty() {
        return Some(0);
    }
    let port = text.strip_prefix(':')?;
    match port.strip_prefix('_') {
        Some(hidden) if is_obfuscated(hidden) => Some(0),
        None if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok(),
        _ => None,
    }
}

fn is_obfuscated(name: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.bytes().all(valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_is_read() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1:0"),
            ("192.0.2.1:80", "192.0.2.1:80"),
            ("192.0.2.1:_hidden", "192.0.2.1:0"),
            ("2001:db8::1", "[2001:db8::1]:0"),
            ("[2001:db8::1]", "[2001:db8::1]:0"),
            ("[2001:db8::1]:65535", "[2001:db8::1]:65535"),
            ("::ffff:192.0.2.1", "[::ffff:192.0.2.1]:0"),
            ("[::1]:_x.y-z", "[::1]:0"),
        ] {
            let parsed = parse(text).map(|address| address.to_string());
            assert_eq!(parsed.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_no_address() {
        for text in [
            "",
            "unknown",
            "_hidden",
            "_",
            ":",
            ":80",
            "192.0.2.1:",
            "192.0.2.1:+1",
            "192.0.2.1:65536",
            "192.0.2.1:80:80",
            "192.0.2.256",
            "192.0.2",
            "0x7f.1",
            "[192.0.2.1]",
            "[",
            "[]",
            "[::1",
            "[::1]x",
            "[::1]:",
            "[::1]:-1",
            "[::1]:_",
            "[::1]:_é",
            "::1]",
            "fe80::1%eth0",
            "example.com",
            "\u{fffd}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
