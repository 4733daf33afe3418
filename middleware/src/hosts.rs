//! What a `Host` field may hold, and lists of hosts that are allowed.

use std::error::Error;
use std::fmt;

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

/// Hosts that are allowed.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostPatterns {
    any: bool,
    exact: Vec<String>,
    /// With the dot before: `.example.com`.
    suffixes: Vec<String>,
}

impl HostPatterns {
    pub(crate) fn new<P: AsRef<str>>(
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidHostPattern> {
        let mut hosts = Self::default();
        for pattern in patterns {
            hosts.add(pattern.as_ref())?;
        }
        Ok(hosts)
    }

    /// As [`new`](Self::new), and an empty list is an error too.
    #[cfg(feature = "host-filtering")]
    pub(crate) fn at_least_one<P: AsRef<str>>(
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidHostPattern> {
        let hosts = Self::new(patterns)?;
        match hosts.is_empty() {
            true => Err(InvalidHostPattern {
                pattern: None,
                problem: "at least one is needed",
            }),
            false => Ok(hosts),
        }
    }

    /// Returns whether one of the patterns is for every host.
    #[cfg(feature = "host-filtering")]
    pub(crate) fn allow_any(&self) -> bool {
        self.any
    }

    #[cfg(any(feature = "forwarded-headers", feature = "host-filtering"))]
    pub(crate) fn is_empty(&self) -> bool {
        !self.any && self.exact.is_empty() && self.suffixes.is_empty()
    }

    /// Returns whether a host is allowed; its port does not count.
    pub(crate) fn allow(&self, host: Host<'_>) -> bool {
        let name = host.name;
        let below = |suffix: &String| {
            let before = name.len().checked_sub(suffix.len());
            before.is_some_and(|before| {
                before > 0 && name.as_bytes()[before..].eq_ignore_ascii_case(suffix.as_bytes())
            })
        };
        self.any
            || self.exact.iter().any(|own| own.eq_ignore_ascii_case(name))
            || self.suffixes.iter().any(below)
    }

    fn add(&mut self, pattern: &str) -> Result<(), InvalidHostPattern> {
        let wrong = |problem| Err(InvalidHostPattern::new(pattern, problem));
        if matches!(pattern, "*" | "[::]" | "0.0.0.0") {
            self.any = true;
            return Ok(());
        }
        if pattern.is_empty() {
            return wrong("it is empty");
        }
        if !pattern.is_ascii() {
            return wrong(
                "it is not ASCII; write the form that DNS has, like `xn--bcher-kva.example`",
            );
        }
        let (list, name) = match pattern.strip_prefix('*') {
            Some(suffix) if suffix.len() > 1 && suffix.starts_with('.') => {
                (&mut self.suffixes, suffix)
            }
            Some(_) => return wrong("a `*` stands alone, or for everything before the first dot"),
            None => (&mut self.exact, pattern),
        };
        match Host::parse(name) {
            Some(host) if host.port.is_none() => {
                list.push(name.to_ascii_lowercase());
                Ok(())
            }
            Some(_) => wrong("it has a port, and ports do not count here"),
            None => wrong("no host is spelled so"),
        }
    }
}

/// A pattern of hosts is malformed, or a list of them is empty where it must not be. The text names the
/// pattern, what is wrong with it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHostPattern {
    pattern: Option<String>,
    problem: &'static str,
}

impl InvalidHostPattern {
    fn new(pattern: &str, problem: &'static str) -> Self {
        Self {
            pattern: Some(pattern.into()),
            problem,
        }
    }
}

impl fmt::Display for InvalidHostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Some(pattern) => write!(f, "`{pattern}` is not a pattern of hosts: ")?,
            None => f.write_str("there is no pattern of hosts: ")?,
        }
        write!(
            f,
            "{}; `example.com`, `*.example.com`, `[2001:db8::1]` and `*` are some",
            self.problem
        )
    }
}

impl Error for InvalidHostPattern {}

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

    #[test]
    fn patterns_match_without_regard_to_case_and_port_and_a_star_not_the_apex() {
        let patterns =
            HostPatterns::new(["Example.com", "*.Example.org", "[2001:DB8::1]"]).unwrap();
        let allows = |text| Host::parse(text).is_some_and(|host| patterns.allow(host));
        for text in [
            "example.com",
            "EXAMPLE.com:81",
            "a.example.org",
            "a.b.EXAMPLE.org:1",
            "[2001:db8::1]:443",
        ] {
            assert!(allows(text), "{text}");
        }
        for text in [
            "a.example.com",
            "example.org",
            ".example.org",
            "badexample.org",
            "[2001:db8::2]",
            "x",
        ] {
            assert!(!allows(text), "{text}");
        }
    }

    #[test]
    fn three_patterns_mean_every_host() {
        for all in ["*", "[::]", "0.0.0.0"] {
            let patterns = HostPatterns::new(["a", all]).unwrap();
            assert!(
                Host::parse("b:1").is_some_and(|host| patterns.allow(host)),
                "{all}"
            );
        }
    }

    #[test]
    fn a_malformed_pattern_says_what_is_wrong_with_it() {
        for (pattern, expected) in [
            ("", "it is empty"),
            (
                "example.com:80",
                "`example.com:80` is not a pattern of hosts: it has a port",
            ),
            ("bücher.example", "it is not ASCII"),
            ("*example.com", "a `*` stands alone"),
            ("*.", "a `*` stands alone"),
            ("a.*.com", "no host is spelled so"),
            ("http://a", "no host is spelled so"),
        ] {
            let error = HostPatterns::new([pattern]).unwrap_err().to_string();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
    }
}
