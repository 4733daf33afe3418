use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{AddressHost, ServerAddress};
use crate::features::Scheme;

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).map_err(|problem| AddressError {
            address: text.into(),
            problem,
        })
    }
}

fn parse(text: &str) -> Result<ServerAddress, Problem> {
    let (scheme, rest) = text
        .split_once("://")
        .ok_or_else(|| Problem::NoScheme(text.into()))?;
    let scheme = if scheme.eq_ignore_ascii_case("http") {
        Scheme::Http
    } else if scheme.eq_ignore_ascii_case("https") {
        Scheme::Https
    } else {
        return Err(Problem::UnknownScheme(scheme.into()));
    };
    if let Some(path) = rest.strip_prefix("unix:") {
        return unix(scheme, path);
    }
    if let Some(unexpected) = rest
        .chars()
        .find(|char| matches!(char, '?' | '#' | '@') || char.is_whitespace())
    {
        return Err(Problem::Unexpected(unexpected));
    }
    let (authority, path_base) = match rest.find('/') {
        Some(slash) => (&rest[..slash], path_base(&rest[slash..])?),
        None => (rest, String::new()),
    };
    if let Some(name) = memory_name(authority) {
        return Ok(ServerAddress {
            scheme,
            path_base,
            ..ServerAddress::memory(name)
        });
    }
    let (host, port) = split_port(authority)?;
    let port = match port {
        Some(port) => port.parse().map_err(|_| Problem::Port(port.into()))?,
        None => scheme.default_port(),
    };
    let host = self::host(host)?;
    if host == AddressHost::Localhost && port == 0 {
        return Err(Problem::DynamicLocalhost);
    }
    Ok(ServerAddress {
        scheme,
        host,
        port,
        path_base,
    })
}

/// A port would begin with a digit: a host may be called `memory`.
fn memory_name(authority: &str) -> Option<&str> {
    let name = authority.strip_prefix("memory:")?;
    let names = name.starts_with(|char: char| char.is_ascii_alphabetic()) && is_name(name);
    names.then_some(name)
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), Problem> {
    if let Some(end) = authority.strip_prefix('[').and_then(|rest| rest.find(']')) {
        let (host, after) = authority.split_at(end + 2);
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(Problem::Host(authority.into())),
        };
    }
    match authority.rsplit_once(':') {
        Some((host, _)) if host.contains(':') => Err(Problem::BareIpv6(authority.into())),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

fn host(host: &str) -> Result<AddressHost, Problem> {
    if let Some(ip) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        let ip = ip.parse().map_err(|_| Problem::Host(host.into()))?;
        return Ok(AddressHost::Ip(IpAddr::V6(ip)));
    }
    if let Ok(ip) = host.parse() {
        return Ok(AddressHost::Ip(IpAddr::V4(ip)));
    }
    match host {
        "" => Err(Problem::NoHost),
        "*" | "+" => Ok(AddressHost::Any),
        _ if host.eq_ignore_ascii_case("localhost") => Ok(AddressHost::Localhost),
        _ if is_name(host) => Ok(AddressHost::Name(host.to_ascii_lowercase())),
        _ => Err(Problem::Host(host.into())),
    }
}

/// A registered name as DNS has them; a last label of digits alone would be a mistyped IPv4 address.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn unix(scheme: Scheme, rest: &str) -> Result<ServerAddress, Problem> {
    let (path, base) = match rest.split_once(':') {
        Some((path, base)) => (path, path_base(base)?),
        None => (rest, String::new()),
    };
    if !path.starts_with(['/', '@']) || path.len() == 1 {
        return Err(Problem::UnixPath(path.into()));
    }
    Ok(ServerAddress {
        path_base: base,
        ..ServerAddress::unix(scheme, path)
    })
}

fn path_base(path: &str) -> Result<String, Problem> {
    match crate::features::PathBase::new(path) {
        Ok(base) => Ok(base.as_str().into()),
        Err(_) => Err(Problem::PathBase(path.into())),
    }
}

/// An address is malformed. The text names it, what is wrong with it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    address: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    NoScheme(String),
    UnknownScheme(String),
    NoHost,
    Host(String),
    BareIpv6(String),
    Port(String),
    DynamicLocalhost,
    UnixPath(String),
    PathBase(String),
    Unexpected(char),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an address: ", self.address)?;
        match &self.problem {
            Problem::NoScheme(text) if text.is_empty() => {
                f.write_str("it is empty; write it like `http://127.0.0.1:5000`")
            }
            Problem::NoScheme(text) => {
                write!(f, "it lacks a scheme; write it like `http://{text}`")
            }
            Problem::UnknownScheme(scheme) => {
                write!(
                    f,
                    "the scheme `{scheme}` is not known; `http` and `https` are"
                )
            }
            Problem::NoHost => {
                f.write_str("it lacks a host; `*` means every address of this machine")
            }
            Problem::Host(host) => {
                write!(
                    f,
                    "`{host}` is not a host; an IP address, a name, `localhost` and `*` are"
                )
            }
            Problem::BareIpv6(authority) => {
                write!(
                    f,
                    "`{authority}` has several colons; an IPv6 address stands in brackets, like `[::1]:5000`"
                )
            }
            Problem::Port(port) => write!(f, "`{port}` is not a port; a number from 0 to 65535 is"),
            Problem::DynamicLocalhost => f.write_str(
                "port 0 would give `localhost` a different port on each of its two addresses; \
                 write `127.0.0.1:0`, `[::1]:0`, or both",
            ),
            Problem::UnixPath(path) => {
                write!(
                    f,
                    "`{path}` is not the absolute path of a socket; write it like `http://unix:/run/app.sock`"
                )
            }
            Problem::PathBase(path) => {
                write!(f, "`{path}` is not a path base; write it like `/app`")
            }
            Problem::Unexpected(unexpected) => {
                write!(f, "it holds `{unexpected}`, which no address to bind has")
            }
        }
    }
}

impl Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match text.parse::<ServerAddress>() {
            Ok(address) => address.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn every_form_is_read_and_printed_in_one_way() {
        for (text, expected) in [
            ("http://127.0.0.1:0", "http://127.0.0.1:0"),
            ("http://127.0.0.1", "http://127.0.0.1:80"),
            ("https://[::]:443", "https://[::]:443"),
            ("HTTPS://[::1]", "https://[::1]:443"),
            ("http://LocalHost:5000", "http://localhost:5000"),
            ("http://*:80", "http://*:80"),
            ("http://+:80/", "http://*:80"),
            ("http://Contoso.com/app/", "http://contoso.com:80/app"),
            ("http://unix:/run/app.sock", "http://unix:/run/app.sock"),
            ("http://unix:@app", "http://unix:@app"),
            ("http://memory:app", "http://memory:app"),
            ("https://memory:test-1/Base/", "https://memory:test-1/Base"),
            ("http://memory:80", "http://memory:80"),
            ("http://memory", "http://memory:80"),
            (
                "http://unix:/run/app.sock:/base/",
                "http://unix:/run/app.sock:/base",
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
            assert_eq!(shown(expected), expected, "what is printed reads back");
        }
    }

    #[test]
    fn each_malformed_form_has_its_own_message() {
        for (text, expected) in [
            ("", "it is empty"),
            (
                "127.0.0.1:80",
                "lacks a scheme; write it like `http://127.0.0.1:80`",
            ),
            ("ftp://x", "the scheme `ftp` is not known"),
            ("://x", "the scheme `` is not known"),
            ("http://", "lacks a host"),
            ("http://:80", "lacks a host"),
            ("http://127.0.0.1:", "`` is not a port"),
            ("http://127.0.0.1:65536", "`65536` is not a port"),
            ("http://127.0.0.1:-1", "`-1` is not a port"),
            ("http://127.0.0.1:http", "`http` is not a port"),
            ("http://::1:80", "brackets"),
            ("http://[::1", "brackets"),
            ("http://[::1]x", "`[::1]x` is not a host"),
            ("http://[1.2.3.4]", "`[1.2.3.4]` is not a host"),
            ("http://999.1.1.1:80", "`999.1.1.1` is not a host"),
            ("http://a..b", "`a..b` is not a host"),
            ("http://localhost:0", "127.0.0.1:0"),
            (
                "http://unix:run/app.sock",
                "`run/app.sock` is not the absolute path",
            ),
            ("http://unix:/", "`/` is not the absolute path"),
            ("http://unix:@", "`@` is not the absolute path"),
            ("http://unix:/x.sock:base", "`base` is not a path base"),
            ("http://memory:8a", "`8a` is not a port"),
            ("http://memory:a..b", "`a..b` is not a port"),
            ("http://user@host", "it holds `@`"),
            ("http://host/a?b", "it holds `?`"),
            ("http://host :80", "it holds ` `"),
        ] {
            let message = shown(text);
            assert!(
                message.starts_with("error: ") && message.contains(expected),
                "{text:?} -> {message}"
            );
        }
    }
}
