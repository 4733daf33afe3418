use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;

use socket2::{Domain, Protocol, SockAddr, Socket as RawSocket, TcpKeepalive, Type};

use super::{Listener, Socket, SocketOptions};
use crate::contract::Error;
use crate::features::{AddressHost, ServerAddress};

/// Binds addresses, all or none.
///
/// - `localhost` yields two listeners, or one where the other loopback does not exist;
/// - a wildcard takes IPv4 and IPv6, or IPv4 alone where there is no IPv6;
/// - a unix socket replaces a file that nobody listens on any more.
///
/// # Errors
///
/// [`Error::is_bind`] naming the address; [`Error::is_configuration`] for an address with a path base, or
/// of a kind that has no socket.
pub fn bind(addresses: &[ServerAddress]) -> Result<Vec<Listener>, Error> {
    bind_with(addresses, &SocketOptions::default())
}

/// As [`bind`], with options for each of the sockets.
///
/// # Errors
///
/// As [`bind`]; and [`Error::is_configuration`] for an option that the kind of socket does not have.
pub fn bind_with(
    addresses: &[ServerAddress],
    options: &SocketOptions,
) -> Result<Vec<Listener>, Error> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let of_others = match address.unix_path() {
            Some(_) => options.of_tcp(),
            None => options.of_a_file(),
        };
        if let Some(option) = of_others {
            return Err(Error::configuration(format!(
                "`{address}` is a socket that cannot have the option `{option}`"
            )));
        }
        if !address.path_base().is_empty() {
            return Err(Error::configuration(format!(
                "`{address}` has a path base, which this server cannot bind; take `{}` off it and put \
                 `use_path_base(\"{}\")` into the pipeline",
                address.path_base(),
                address.path_base(),
            )));
        }
        match address.host() {
            AddressHost::Localhost => listeners.extend(localhost(address, options)?),
            AddressHost::Ip(_) | AddressHost::Any | AddressHost::Name(_) => {
                listeners.push(tcp(address, options)?);
            }
            AddressHost::Unix(path) => listeners.push(unix(address, path, options)?),
            AddressHost::Memory(_) => {
                return Err(Error::configuration(format!(
                    "`{address}` has no socket to bind"
                )));
            }
        }
    }
    Ok(listeners)
}

fn tcp(address: &ServerAddress, options: &SocketOptions) -> Result<Listener, Error> {
    let socket = match (address.host(), address.port()) {
        (AddressHost::Any | AddressHost::Name(_), Some(port)) => {
            at((Ipv6Addr::UNSPECIFIED, port).into(), options).or_else(|error| match error.kind() {
                io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(error),
                // No IPv6 on this machine.
                _ => at((Ipv4Addr::UNSPECIFIED, port).into(), options),
            })
        }
        _ => match address.socket_addrs().first() {
            Some(address) => at(*address, options),
            None => Err(io::ErrorKind::AddrNotAvailable.into()),
        },
    };
    socket
        .and_then(|socket| Listener::from_tcp(address.scheme(), socket))
        .map_err(|error| Error::bind(address, error))
}

/// Both loopbacks. One that is taken is an error; one that does not exist is not, if the other does.
fn localhost(address: &ServerAddress, options: &SocketOptions) -> Result<Vec<Listener>, Error> {
    let mut listeners = Vec::new();
    let mut failed = None;
    for loopback in address.socket_addrs() {
        match at(loopback, options) {
            Ok(socket) => listeners.push(Listener::new(address.clone(), Socket::Tcp(socket))),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
                ) =>
            {
                return Err(Error::bind(address, error));
            }
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if listeners.is_empty() => Err(Error::bind(address, error)),
        _ => Ok(listeners),
    }
}

fn at(at: SocketAddr, options: &SocketOptions) -> io::Result<TcpListener> {
    let socket = RawSocket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    if at.is_ipv6() {
        socket.set_only_v6(options.ipv6_only.unwrap_or(!at.ip().is_unspecified()))?;
    }
    // A restarted server must get its port back although old connections linger. On Windows the option
    // means something else: another process could take the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if options.reuse_port {
        reuse_port(&socket)?;
    }
    // What is accepted inherits these two.
    size_buffers(&socket, options)?;
    if let Some(idle) = options.keep_alive {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle))?;
    }
    socket.bind(&SockAddr::from(at))?;
    listen(&socket, options)?;
    Ok(socket.into())
}

pub(super) fn size_buffers(socket: &RawSocket, options: &SocketOptions) -> io::Result<()> {
    if let Some(bytes) = options.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    Ok(())
}

pub(super) fn listen(socket: &RawSocket, options: &SocketOptions) -> io::Result<()> {
    socket.listen(options.backlog.try_into().unwrap_or(i32::MAX))?;
    socket.set_nonblocking(true)
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
fn reuse_port(socket: &RawSocket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos")))))]
fn reuse_port(_: &RawSocket) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system cannot share an address among sockets",
    ))
}

#[cfg(unix)]
fn unix(address: &ServerAddress, path: &Path, options: &SocketOptions) -> Result<Listener, Error> {
    super::unix::bind(address, path, options)
}

#[cfg(not(unix))]
fn unix(address: &ServerAddress, _: &Path, _: &SocketOptions) -> Result<Listener, Error> {
    Err(Error::configuration(format!(
        "`{address}`: this system has no unix sockets"
    )))
}
