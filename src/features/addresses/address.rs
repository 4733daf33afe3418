use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::features::Scheme;

/// An address that a server binds, or has bound: `scheme://host[:port][/path-base]`.
///
/// | host | binds |
/// |---|---|
/// | `127.0.0.1`, `[::1]` | that address |
/// | `localhost` | both loopbacks; needs a port |
/// | `*`, `+` | every address, IPv4 and IPv6 |
/// | any other name | every address as well; the name is not looked up |
/// | `unix:/run/app.sock` | a unix socket; the path ends at a `:`, and a path base may follow it |
/// | `unix:@app` | a unix socket of the abstract namespace, which has no file; Linux only |
/// | `memory:app` | nothing: clients are in this process; the name begins with a letter |
///
/// The port is that of the scheme if absent; 0 asks the system for a free one.
///
/// ```
/// use transom::features::ServerAddress;
///
/// let address: ServerAddress = "http://127.0.0.1:0".parse()?;
/// assert_eq!(address.port(), Some(0));
/// assert_eq!("HTTPS://[::]/app/".parse::<ServerAddress>()?.to_string(), "https://[::]:443/app");
///
/// let error = "127.0.0.1:80".parse::<ServerAddress>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`127.0.0.1:80` is not an address: it lacks a scheme; write it like `http://127.0.0.1:80`",
/// );
/// # Ok::<_, transom::features::AddressError>(())
/// ```
#[doc(alias = "BindingAddress")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerAddress {
    pub(super) scheme: Scheme,
    pub(super) host: AddressHost,
    pub(super) port: u16,
    pub(super) path_base: String,
}

/// The host of a [`ServerAddress`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressHost {
    /// `localhost`: both loopbacks.
    Localhost,
    /// One IP address.
    Ip(IpAddr),
    /// `*` or `+`: every address.
    Any,
    /// A name, in lower case; binds every address.
    Name(String),
    /// The path of a unix socket; that of the abstract namespace begins with `@`.
    Unix(PathBuf),
    /// No socket: clients are in this process, and find the server by this name.
    Memory(String),
}

impl ServerAddress {
    /// Returns the address of a TCP socket.
    pub fn tcp(scheme: Scheme, address: SocketAddr) -> Self {
        Self::of(scheme, AddressHost::Ip(address.ip()), address.port())
    }

    /// Returns the address of a unix socket.
    pub fn unix(scheme: Scheme, path: impl Into<PathBuf>) -> Self {
        Self::of(scheme, AddressHost::Unix(path.into()), 0)
    }

    /// Returns the address of a server without a socket, or of an endpoint of
    /// [`HyperServer`](crate::HyperServer) in memory.
    pub fn memory(name: impl Into<String>) -> Self {
        Self::of(Scheme::Http, AddressHost::Memory(name.into()), 0)
    }

    /// Returns the scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host.
    pub fn host(&self) -> &AddressHost {
        &self.host
    }

    /// Returns the port, unless the address is one that has none.
    pub fn port(&self) -> Option<u16> {
        match self.host {
            AddressHost::Unix(_) | AddressHost::Memory(_) => None,
            _ => Some(self.port),
        }
    }

    /// Returns the path base: empty, or a path without a slash at its end.
    pub fn path_base(&self) -> &str {
        &self.path_base
    }

    /// Returns the path of a unix socket.
    pub fn unix_path(&self) -> Option<&Path> {
        match &self.host {
            AddressHost::Unix(path) => Some(path),
            _ => None,
        }
    }

    /// Returns the name of what has no socket.
    pub fn memory_name(&self) -> Option<&str> {
        match &self.host {
            AddressHost::Memory(name) => Some(name),
            _ => None,
        }
    }

    /// Returns the same address with another port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Returns the socket addresses to bind: one, or two loopbacks for `localhost`; none for an address
    /// that is not of IP.
    pub fn socket_addrs(&self) -> Vec<SocketAddr> {
        let ips: &[IpAddr] = match &self.host {
            AddressHost::Localhost => &[
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ],
            AddressHost::Ip(ip) => &[*ip],
            AddressHost::Any | AddressHost::Name(_) => &[IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
            AddressHost::Unix(_) | AddressHost::Memory(_) => &[],
        };
        ips.iter()
            .map(|ip| SocketAddr::new(*ip, self.port))
            .collect()
    }

    /// Returns a socket address that a client on this machine can connect to; a server that listens on
    /// every address is reached by the loopback. `None` for an address that is not of IP.
    pub fn connect_addr(&self) -> Option<SocketAddr> {
        let mut address = *self.socket_addrs().first()?;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Some(address)
    }

    fn of(scheme: Scheme, host: AddressHost, port: u16) -> Self {
        Self {
            scheme,
            host,
            port,
            path_base: String::new(),
        }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (port, base) = (self.port, &self.path_base);
        match &self.host {
            AddressHost::Memory(name) => write!(f, "{}://memory:{name}", self.scheme)?,
            AddressHost::Unix(path) => {
                write!(f, "{}://unix:{}", self.scheme, path.display())?;
                return if base.is_empty() {
                    Ok(())
                } else {
                    write!(f, ":{base}")
                };
            }
            AddressHost::Ip(ip) => write!(f, "{}://{}", self.scheme, SocketAddr::new(*ip, port))?,
            AddressHost::Localhost => write!(f, "{}://localhost:{port}", self.scheme)?,
            AddressHost::Any => write!(f, "{}://*:{port}", self.scheme)?,
            AddressHost::Name(name) => write!(f, "{}://{name}:{port}", self.scheme)?,
        }
        f.write_str(base)
    }
}
