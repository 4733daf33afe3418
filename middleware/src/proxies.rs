//! Whose word is taken for what is told of a client.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::Request;
use transom::RequestExt;
use transom::features::{ConnectionInfo, Endpoint, IpNetwork, Transport};

/// Whom to trust: nobody known is everybody.
#[derive(Clone, Debug)]
pub(crate) struct KnownProxies {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) networks: Vec<IpNetwork>,
}

/// Those of this machine.
impl Default for KnownProxies {
    fn default() -> Self {
        Self {
            addresses: vec![Ipv6Addr::LOCALHOST.into()],
            networks: vec![IpNetwork::LOOPBACK],
        }
    }
}

impl KnownProxies {
    pub(crate) fn trust(&self, peer: Peer) -> bool {
        if self.addresses.is_empty() && self.networks.is_empty() {
            return true;
        }
        match peer {
            Peer::Ip(ip) => {
                let known = |proxy: &IpAddr| *proxy == ip || *proxy == ip.to_canonical();
                self.addresses.iter().any(known)
                    || self.networks.iter().any(|network| network.contains(ip))
            }
            Peer::Local => true,
            Peer::Unknown => false,
        }
    }
}

/// Who speaks to the server.
#[derive(Clone, Copy)]
pub(crate) enum Peer {
    Ip(IpAddr),
    /// It has no address that could be checked, and is on this machine.
    Local,
    /// Nobody said.
    Unknown,
}

/// Whose connection a request came on, where [`ConnectionInfo`] says by now who the client is.
#[cfg(feature = "forwarded-headers")]
#[derive(Clone)]
pub(crate) struct DirectPeer(pub(crate) Peer);

impl Peer {
    /// Returns whose connection a request came on, whatever became of [`ConnectionInfo`].
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        #[cfg(feature = "forwarded-headers")]
        if let Some(DirectPeer(peer)) = request.extensions().get() {
            return *peer;
        }
        let Some(info) = request.feature::<ConnectionInfo>() else {
            return Self::Unknown;
        };
        match info.remote().and_then(Endpoint::socket_addr) {
            Some(address) => Self::Ip(address.ip()),
            None => match info.transport() {
                Transport::Unix | Transport::Memory => Self::Local,
                _ => Self::Unknown,
            },
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Local => f.write_str("local"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
