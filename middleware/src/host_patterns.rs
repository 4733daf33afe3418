use std::error::Error;
use std::fmt;

use crate::host::Host;

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

    /// The names that a machine has for itself.
    #[cfg(feature = "hsts")]
    pub(crate) fn of_this_machine() -> Self {
        Self {
            exact: ["localhost", "127.0.0.1", "[::1]"].map(String::from).into(),
            ..Self::default()
        }
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
