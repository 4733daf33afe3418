use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Feature;

/// What is known of the connection that a request came on.
///
/// An end that the server cannot know is `None`, never a made-up address.
///
/// ```
/// use transom::features::{ConnectionInfo, Endpoint, Transport};
///
/// let info = ConnectionInfo::new(Transport::Tcp)
///     .with_remote(Endpoint::Tcp("192.0.2.7:51000".parse()?));
/// assert_eq!(info.remote().unwrap().to_string(), "192.0.2.7:51000");
/// assert!(info.local().is_none());
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[doc(alias = "IHttpConnectionFeature")]
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    id: ConnectionId,
    transport: Transport,
    local: Option<Endpoint>,
    remote: Option<Endpoint>,
}

impl ConnectionInfo {
    /// Returns the facts of a new connection, with an id of its own.
    pub fn new(transport: Transport) -> Self {
        Self {
            id: ConnectionId::next(),
            transport,
            local: None,
            remote: None,
        }
    }

    /// Sets the server's end.
    #[must_use]
    pub fn with_local(self, local: Endpoint) -> Self {
        Self {
            local: Some(local),
            ..self
        }
    }

    /// Sets the client's end; middleware that trusts a proxy replaces it so.
    #[must_use]
    pub fn with_remote(self, remote: Endpoint) -> Self {
        Self {
            remote: Some(remote),
            ..self
        }
    }

    /// Returns the id, the same for every request of the connection.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// Returns what carries the connection.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns the server's end.
    pub fn local(&self) -> Option<&Endpoint> {
        self.local.as_ref()
    }

    /// Returns the client's end.
    pub fn remote(&self) -> Option<&Endpoint> {
        self.remote.as_ref()
    }
}

impl Feature for ConnectionInfo {
    const NAME: &'static str = "connection.info";
}

/// Tells connections apart within a process, and mostly between processes too: ids start from the clock.
///
/// It prints as 13 digits and letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// Returns an id that no other connection of this process has.
    pub fn next() -> Self {
        static FIRST: OnceLock<u64> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let first = *FIRST.get_or_init(|| {
            let clock = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            u64::try_from(clock.as_nanos()).unwrap_or_default()
        });
        Self(first.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: [char; 32] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
            'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V',
        ];
        for digit in (0..13).rev() {
            write!(f, "{}", DIGITS[(self.0 >> (digit * 5)) as usize & 31])?;
        }
        Ok(())
    }
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// An IP address and a port of TCP.
    Tcp(SocketAddr),
    /// An IP address and a port of UDP, below QUIC.
    Udp(SocketAddr),
    /// An IP address alone: a gateway told of the client, and not of its port.
    Ip(IpAddr),
    /// A unix socket; a client's mostly has no path.
    Unix(Option<PathBuf>),
    /// An end within this process.
    Memory,
}

impl Endpoint {
    /// Returns the IP address and port, if the end has them.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) | Self::Udp(address) => Some(*address),
            _ => None,
        }
    }

    /// Returns the IP address, if the end has one.
    ///
    /// ```
    /// use transom::features::Endpoint;
    ///
    /// let address = "192.0.2.7".parse()?;
    /// assert_eq!(Endpoint::Ip(address).ip(), Some(address));
    /// assert_eq!(Endpoint::Tcp("192.0.2.7:51000".parse()?).ip(), Some(address));
    /// assert_eq!(Endpoint::Ip(address).socket_addr(), None);
    /// # Ok::<_, std::net::AddrParseError>(())
    /// ```
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            _ => self.socket_addr().map(|address| address.ip()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) | Self::Udp(address) => address.fmt(f),
            Self::Ip(address) => address.fmt(f),
            Self::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Self::Unix(None) => f.write_str("unix:"),
            Self::Memory => f.write_str("memory"),
        }
    }
}

/// What carries a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// TCP.
    Tcp,
    /// QUIC, over UDP.
    Quic,
    /// A unix socket.
    Unix,
    /// Nothing: both ends are in this process.
    Memory,
}

impl Transport {
    /// Returns the name that OpenTelemetry gives it in `network.transport`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Quic => "udp",
            Self::Unix => "unix",
            Self::Memory => "memory",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_print_at_one_width() {
        let (one, two) = (ConnectionId::next(), ConnectionId::next());
        assert_ne!(one, two);
        assert_eq!(one.to_string().len(), 13);
        assert_eq!(ConnectionId(31).to_string(), "000000000000V");
        assert_eq!(ConnectionId(u64::MAX).to_string(), "FVVVVVVVVVVVV");
    }
}
