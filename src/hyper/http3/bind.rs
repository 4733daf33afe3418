//! The UDP sockets of an address, beside those of TCP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, SockAddr, Socket as RawSocket, Type};

use crate::adapter::{Listener, Socket, SocketOptions, bind_with};
use crate::contract::Error;
use crate::features::{AddressHost, Scheme, ServerAddress};
use crate::hyper::options::Protocols;

/// How often the system is asked for a port that is free for TCP and for UDP.
const ATTEMPTS: usize = 10;

/// Binds an address for HTTP/3, and for TCP too unless HTTP/3 is all that is spoken: the same port.
/// `shared` says that several sockets have it.
///
/// # Errors
///
/// As [`bind_with`]; and the address is not one of IP, or has no TLS.
pub(in crate::hyper) fn bind(
    address: &ServerAddress,
    options: &SocketOptions,
    protocols: Protocols,
    shared: bool,
) -> Result<Vec<Listener>, Error> {
    if address.scheme() != Scheme::Https {
        return Err(Error::configuration(format!(
            "`{address}` cannot speak HTTP/3, which needs TLS; write it with `https`, or leave HTTP/3 out of \
             its protocols"
        )));
    }
    if address.port().is_none() {
        return Err(Error::configuration(format!(
            "`{address}` cannot speak HTTP/3, which needs an IP address and a port"
        )));
    }
    let mut attempt = 1;
    loop {
        let bound = match protocols == Protocols::HTTP3 {
            true => alone(address, shared),
            false => beside_tcp(address, options, shared),
        };
        match bound {
            Err(Failed { error, taken })
                if taken && address.port() == Some(0) && attempt < ATTEMPTS =>
            {
                tracing::debug!(target: "transom", %error, "another port is tried");
                attempt += 1;
            }
            Err(Failed { error, .. }) => return Err(error),
            Ok(bound) => return Ok(bound),
        }
    }
}

/// An error, and whether it is that somebody else has the port.
struct Failed {
    error: Error,
    taken: bool,
}

impl Failed {
    fn new(address: &ServerAddress, error: io::Error) -> Self {
        Self {
            taken: error.kind() == io::ErrorKind::AddrInUse,
            error: Error::bind(format!("{address} over UDP"), error),
        }
    }
}

fn beside_tcp(
    address: &ServerAddress,
    options: &SocketOptions,
    shared: bool,
) -> Result<Vec<Listener>, Failed> {
    let tcp = bind_with(std::slice::from_ref(address), options);
    let mut listeners = tcp.map_err(|error| Failed {
        error,
        taken: false,
    })?;
    for at in 0..listeners.len() {
        let named = listeners[at].address().clone();
        if let Some(at) = listeners[at].tcp_addr() {
            let socket = udp(at, shared).map_err(|error| Failed::new(&named, error))?;
            listeners.push(Listener::new(named, Socket::Udp(socket)));
        }
    }
    Ok(listeners)
}

fn alone(address: &ServerAddress, shared: bool) -> Result<Vec<Listener>, Failed> {
    let wildcard = matches!(address.host(), AddressHost::Any | AddressHost::Name(_));
    let mut listeners = Vec::new();
    let mut missing = None;
    for at in address.socket_addrs() {
        let bound = udp(at, shared).or_else(|error| match wildcard && !is_taken(&error) {
            // No IPv6 on this machine.
            true => udp((Ipv4Addr::UNSPECIFIED, at.port()).into(), shared),
            false => Err(error),
        });
        match bound.and_then(|socket| Ok((socket.local_addr()?, socket))) {
            Ok((at, socket)) => {
                let named = match address.host() {
                    AddressHost::Localhost => address.clone(),
                    _ => ServerAddress::tcp(address.scheme(), at),
                };
                listeners.push(Listener::new(named, Socket::Udp(socket)));
            }
            Err(error) if is_taken(&error) => return Err(Failed::new(address, error)),
            // Of both loopbacks one may not exist.
            Err(error) => missing = Some(error),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(Failed::new(address, error)),
        _ => Ok(listeners),
    }
}

fn udp(at: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = RawSocket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    if at.is_ipv6() {
        socket.set_only_v6(!at.ip().is_unspecified())?;
    }
    if shared {
        #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
        socket.set_reuse_port(true)?;
    }
    socket.bind(&SockAddr::from(at))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
    )
}
