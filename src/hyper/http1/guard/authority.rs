//! A host and its port, as `Host` and targets have it.

use std::net::Ipv6Addr;

use super::bytes::{NAME, end_of, is};

/// A host, which may be empty, and a port, which may be missing or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    pub(super) host: &'a [u8],
    pub(super) port: Option<&'a [u8]>,
}

impl<'a> Authority<'a> {
    /// Parses `uri-host [ ":" port ]`; RFC 9110, section 7.2, and RFC 3986, section 3.2.
    #[inline]
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let end = match bytes {
            [b'[', ..] => end_of_literal(bytes)?,
            _ => end_of_name(bytes)?,
        };
        let (host, rest) = bytes.split_at(end);
        let port = match rest {
            [] => None,
            [b':', digits @ ..] if is_port(digits) => Some(digits),
            _ => return None,
        };
        Some(Self { host, port })
    }
}

/// Returns where a registered name or an IPv4 address ends.
#[inline]
fn end_of_name(bytes: &[u8]) -> Option<usize> {
    let mut at = end_of(NAME, bytes, 0);
    while bytes.get(at) == Some(&b'%') {
        let escaped = bytes.get(at + 1..at + 3)?;
        if !escaped.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        at = end_of(NAME, bytes, at + 3);
    }
    Some(at)
}

/// Returns where an address in brackets ends.
fn end_of_literal(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| *byte == b']')?;
    let address = &bytes[1..end];
    let is_address = match address {
        [b'v' | b'V', future @ ..] => is_future(future),
        _ => {
            (std::str::from_utf8(address).ok()).is_some_and(|text| text.parse::<Ipv6Addr>().is_ok())
        }
    };
    is_address.then_some(end + 1)
}

/// Returns whether it is what follows the `v` of an address of a later version.
fn is_future(bytes: &[u8]) -> bool {
    let Some(dot) = bytes.iter().position(|byte| *byte == b'.') else {
        return false;
    };
    let (version, address) = (&bytes[..dot], &bytes[dot + 1..]);
    let of_address = |byte: &u8| *byte == b':' || is(*byte, NAME);
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && address.iter().all(of_address)
}

fn is_port(digits: &[u8]) -> bool {
    let number = digits.iter().try_fold(0_u32, |number, digit| {
        let number = number * 10 + u32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        (number <= u32::from(u16::MAX)).then_some(number)
    });
    number.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for host in [
            "",
            "a",
            "example.com",
            "example.com:",
            "a:8080",
            ":80",
            "127.0.0.1",
            "[::1]",
            "[::1]:80",
            "[::ffff:1.2.3.4]:0",
            "[v1.a:b]",
            "under_score",
            "a%20b",
            "1.2.3.4:65535",
            "a:00080",
        ] {
            assert!(Authority::parse(host.as_bytes()).is_some(), "{host}");
        }
        for host in [
            "a b",
            "a/b",
            "user@a",
            "a:b",
            "a:1:2",
            "::1",
            "[::1",
            "[]",
            "[::1]x",
            "[::g]",
            "a?b",
            "a#b",
            "a\\b",
            "a\u{e9}",
            "a:65536",
            "\"a\"",
            "<a>",
            "a%2",
            "a%zz",
            "[1.2.3.4]",
            "[v.a]",
            "[v1.]",
            "[fe80::1%25eth0]",
            "a:+1",
            "a:1 ",
            "[::1]]",
            "a:99999999999999999999",
        ] {
            assert_eq!(Authority::parse(host.as_bytes()), None, "{host}");
        }
        let parsed = Authority::parse(b"[::1]:80").unwrap();
        assert_eq!(
            (parsed.host, parsed.port),
            (&b"[::1]"[..], Some(&b"80"[..]))
        );
    }
}
