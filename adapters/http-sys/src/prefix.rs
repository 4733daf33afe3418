use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use transom::features::{AddressHost, PathBase, Scheme, ServerAddress};

/// What HTTP.sys routes requests by: `scheme://host[:port][/path]`.
///
/// | host | takes requests |
/// |---|---|
/// | `+` | for every host, before anybody else: the strong wildcard |
/// | a name | whose `Host` is that name |
/// | `127.0.0.1`, `[::1]` | that came to that address |
/// | `*` | for every host that nobody else wants: the weak wildcard |
///
/// Where several match, the longest path wins. The port is that of the scheme if absent; 0 takes a free one, and is not
/// to be had for `https`, whose certificates are bound to ports. The path matches whole segments, and what it matches
/// is the [`PathBase`] of the request. It is written in full, the port and a slash at the end included.
///
/// ```
/// use transom_http_sys::UrlPrefix;
///
/// let prefix: UrlPrefix = "http://+/shop".parse()?;
/// assert_eq!(prefix.to_string(), "http://+:80/shop/");
/// assert_eq!(prefix, "HTTP://+:80/Shop/".parse()?);
///
/// let error = "http://:80/".parse::<UrlPrefix>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`http://:80/` is no URL prefix: it lacks a host; `+` means every host",
/// );
/// # Ok::<_, transom_http_sys::UrlPrefixError>(())
/// ```
#[derive(Clone, Debug)]
pub struct UrlPrefix {
    scheme: Scheme,
    /// In lower case.
    host: String,
    port: u16,
    /// Begins and ends with a slash.
    path: String,
}

impl UrlPrefix {
    /// Returns the scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host in lower case, or a wildcard.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the path, with a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the same prefix with another port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Returns the path as the [`PathBase`] of the requests that it matches; `None` if it is the root.
    pub fn path_base(&self) -> Option<PathBase> {
        let base = PathBase::new(&self.path).ok()?;
        (!base.as_str().is_empty()).then_some(base)
    }

    /// Returns the prefix as an address of the server.
    pub fn address(&self) -> Option<ServerAddress> {
        // Both wildcards are one host there.
        self.to_string().trim_end_matches('/').parse().ok()
    }
}

/// What an address means to HTTP.sys: every address of the machine is the strong wildcard.
impl TryFrom<&ServerAddress> for UrlPrefix {
    type Error = UrlPrefixError;

    fn try_from(address: &ServerAddress) -> Result<Self, UrlPrefixError> {
        let host = match address.host() {
            AddressHost::Any => "+".to_owned(),
            AddressHost::Localhost => "localhost".to_owned(),
            AddressHost::Ip(ip) if ip.is_unspecified() => "+".to_owned(),
            AddressHost::Ip(std::net::IpAddr::V6(ip)) => format!("[{ip}]"),
            AddressHost::Ip(ip) => ip.to_string(),
            AddressHost::Name(name) => name.clone(),
            _ => {
                return Err(UrlPrefixError {
                    prefix: address.to_string(),
                    problem: Problem::NoTcp,
                });
            }
        };
        let port = address
            .port()
            .unwrap_or_else(|| address.scheme().default_port());
        Ok(Self {
            scheme: address.scheme(),
            host,
            port,
            path: format!("{}/", address.path_base()),
        })
    }
}

impl FromStr for UrlPrefix {
    type Err = UrlPrefixError;

    fn from_str(text: &str) -> Result<Self, UrlPrefixError> {
        parse(text).map_err(|problem| UrlPrefixError {
            prefix: text.into(),
            problem,
        })
    }
}

/// In full, as HTTP.sys and `netsh` want it.
impl fmt::Display for UrlPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            host,
            port,
            path,
        } = self;
        write!(f, "{scheme}://{host}:{port}{path}")
    }
}

/// Two are equal that HTTP.sys takes for one: case does not matter.
impl PartialEq for UrlPrefix {
    fn eq(&self, other: &Self) -> bool {
        (self.scheme, self.port, &self.host) == (other.scheme, other.port, &other.host)
            && self.path.eq_ignore_ascii_case(&other.path)
    }
}

impl Eq for UrlPrefix {}

impl Hash for UrlPrefix {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.scheme, self.port, &self.host).hash(state);
        self.path.to_ascii_lowercase().hash(state);
    }
}

fn parse(text: &str) -> Result<UrlPrefix, Problem> {
    let (scheme, rest) = text.split_once("://").ok_or(Problem::NoScheme)?;
    let scheme = if scheme.eq_ignore_ascii_case("http") {
        Scheme::Http
    } else if scheme.eq_ignore_ascii_case("https") {
        Scheme::Https
    } else {
        return Err(Problem::UnknownScheme(scheme.into()));
    };
    let unexpected = |c: &char| matches!(c, '?' | '#' | '@' | '\\') || c.is_whitespace();
    if let Some(unexpected) = rest.chars().find(unexpected) {
        return Err(Problem::Unexpected(unexpected));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rfind(':') {
        // A colon within brackets is the address's own.
        Some(colon) if !authority[colon..].contains(']') => {
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        _ => (authority, None),
    };
    let digits = |port: &&str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = match port {
        Some(port) => Some(port)
            .filter(digits)
            .and_then(|port| port.parse().ok())
            .ok_or_else(|| Problem::Port(port.into()))?,
        None => scheme.default_port(),
    };
    if host.is_empty() {
        return Err(Problem::NoHost);
    }
    if !is_host(host) {
        return Err(Problem::Host(host.into()));
    }
    if scheme == Scheme::Https && port == 0 {
        return Err(Problem::DynamicHttps);
    }
    let mut path = path.to_owned();
    if !path.ends_with('/') {
        path.push('/');
    }
    if path.contains("//") || PathBase::new(&path).is_err() {
        return Err(Problem::Path(path));
    }
    Ok(UrlPrefix {
        scheme,
        host: host.to_ascii_lowercase(),
        port,
        path,
    })
}

fn is_host(host: &str) -> bool {
    if let Some(ip) = host.strip_prefix('[') {
        return ip
            .strip_suffix(']')
            .is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok());
    }
    let label = |label: &str| {
        let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.bytes().all(name)
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit());
    matches!(host, "+" | "*")
        || host.parse::<Ipv4Addr>().is_ok()
        || !number && host.split('.').all(label)
}

/// A URL prefix is malformed. The text names it, what is wrong with it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlPrefixError {
    prefix: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    NoScheme,
    UnknownScheme(String),
    NoHost,
    Host(String),
    Port(String),
    DynamicHttps,
    Path(String),
    Unexpected(char),
    NoTcp,
}

impl fmt::Display for UrlPrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no URL prefix: ", self.prefix)?;
        match &self.problem {
            Problem::NoScheme => f.write_str("it lacks a scheme; write it like `http://+:80/`"),
            Problem::UnknownScheme(scheme) => write!(
                f,
                "the scheme `{scheme}` is not known; `http` and `https` are"
            ),
            Problem::NoHost => f.write_str("it lacks a host; `+` means every host"),
            Problem::Host(host) => write!(
                f,
                "`{host}` is no host; a name, an IP address (IPv6 in brackets), `+` and `*` are"
            ),
            Problem::Port(port) => {
                write!(f, "`{port}` is no port; a number from 0 to 65535 is")
            }
            Problem::DynamicHttps => f.write_str(
                "a certificate is bound to a port, so that `https` needs one that is known; \
                 see `netsh http add sslcert`",
            ),
            Problem::Path(path) => write!(f, "`{path}` is no path"),
            Problem::Unexpected(c) => write!(f, "it holds {c:?}"),
            Problem::NoTcp => {
                f.write_str("HTTP.sys has TCP alone; write it like `http://localhost:5000`")
            }
        }
    }
}

impl std::error::Error for UrlPrefixError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_written_in_full() {
        for (text, full) in [
            ("http://+", "http://+:80/"),
            ("HTTPS://*", "https://*:443/"),
            (
                "http://Example.com:8080/A/b",
                "http://example.com:8080/A/b/",
            ),
            ("http://[::1]:5000", "http://[::1]:5000/"),
            ("http://[::1]", "http://[::1]:80/"),
            ("http://127.0.0.1:0/", "http://127.0.0.1:0/"),
            ("http://under_score", "http://under_score:80/"),
        ] {
            let prefix: UrlPrefix = text.parse().unwrap();
            assert_eq!(prefix.to_string(), full);
            assert_eq!(full.parse::<UrlPrefix>().unwrap(), prefix);
        }
    }

    #[test]
    fn a_malformed_one_says_what_is_wrong() {
        for (text, wrong) in [
            ("+:80", "lacks a scheme"),
            ("ftp://a", "`ftp` is not known"),
            ("http://", "lacks a host"),
            ("http://:80", "lacks a host"),
            ("http://a:", "`` is no port"),
            ("http://a:b", "`b` is no port"),
            ("http://a:+80", "`+80` is no port"),
            ("http://a:70000", "`70000` is no port"),
            ("http://::1/", "`:` is no host"),
            ("http://[::g]/", "`[::g]` is no host"),
            ("http://1.2.3/", "`1.2.3` is no host"),
            ("http://a..b/", "`a..b` is no host"),
            ("http://++/", "`++` is no host"),
            ("http://a/b?c", "it holds '?'"),
            ("http://u@a/", "it holds '@'"),
            ("http://a /", "it holds ' '"),
            ("http://a/b//c", "is no path"),
            ("https://a:0/", "netsh http add sslcert"),
        ] {
            let error = text.parse::<UrlPrefix>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }

    #[test]
    fn case_does_not_make_two_of_one() {
        use std::collections::HashSet;
        let set: HashSet<UrlPrefix> = ["http://A/B", "HTTP://a:80/b/", "http://a:81/b"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn addresses_and_prefixes_become_one_another() {
        for (address, prefix, back) in [
            ("http://*:80", "http://+:80/", "http://*:80"),
            ("http://0.0.0.0:81", "http://+:81/", "http://*:81"),
            (
                "http://localhost:5000",
                "http://localhost:5000/",
                "http://localhost:5000",
            ),
            (
                "http://[::1]:0/app",
                "http://[::1]:0/app/",
                "http://[::1]:0/app",
            ),
            (
                "https://a.test",
                "https://a.test:443/",
                "https://a.test:443",
            ),
        ] {
            let address: ServerAddress = address.parse().unwrap();
            let made = UrlPrefix::try_from(&address).unwrap();
            assert_eq!(made.to_string(), prefix);
            assert_eq!(made.address().unwrap().to_string(), back);
        }
        let unix = ServerAddress::unix(Scheme::Http, "/run/a");
        assert!(UrlPrefix::try_from(&unix).is_err());
    }

    #[test]
    fn the_path_is_the_path_base() {
        let base = |text: &str| text.parse::<UrlPrefix>().unwrap().path_base();
        assert_eq!(base("http://+/"), None);
        assert_eq!(base("http://+/a/b/").unwrap().as_str(), "/a/b");
    }
}
