use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, SockAddr, Socket as RawSocket, Type};

use crate::contract::Error;
use crate::features::{AddressHost, ServerAddress};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 512;

/// A socket that listens, and the address that it has.
///
/// Dropping it closes it, and removes the file of a unix socket that it made.
#[derive(Debug)]
pub struct Listener {
    address: ServerAddress,
    socket: Option<Socket>,
    /// The file to remove, once.
    _file: SocketFile,
}

/// A listening socket of the system; non-blocking.
#[derive(Debug)]
#[non_exhaustive]
pub enum Socket {
    /// TCP.
    Tcp(TcpListener),
    /// A unix socket.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listener {
    /// Wraps a listener of the caller's. Its address is asked of the system.
    ///
    /// # Errors
    ///
    /// The socket has no address, or cannot be made non-blocking.
    pub fn from_tcp(scheme: crate::features::Scheme, socket: TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let address = ServerAddress::tcp(scheme, socket.local_addr()?);
        Ok(Self {
            address,
            socket: Some(Socket::Tcp(socket)),
            _file: SocketFile(None),
        })
    }

    /// As [`from_tcp`](Self::from_tcp), for a unix socket, whose file stays the caller's.
    #[cfg(unix)]
    pub fn from_unix(scheme: crate::features::Scheme, socket: UnixListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let path = address.as_pathname().unwrap_or(Path::new(""));
        let address = ServerAddress::unix(scheme, path);
        Ok(Self {
            address,
            socket: Some(Socket::Unix(socket)),
            _file: SocketFile(None),
        })
    }

    /// Returns the address as it really is. Both loopbacks of `localhost` have the one that was written.
    pub fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// Takes the socket, for an engine that listens itself. What is left removes the file of a unix
    /// socket when it is dropped.
    pub fn take_socket(&mut self) -> Option<Socket> {
        self.socket.take()
    }
}

/// Removes the file of a unix socket when it is dropped.
#[derive(Debug)]
struct SocketFile(Option<PathBuf>);

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

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
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        if !address.path_base().is_empty() {
            return Err(Error::configuration(format!(
                "`{address}` has a path base, which this server cannot bind; take `{}` off it and put \
                 `use_path_base(\"{}\")` into the pipeline",
                address.path_base(),
                address.path_base(),
            )));
        }
        match address.host() {
            AddressHost::Localhost => listeners.extend(localhost(address)?),
            AddressHost::Ip(_) | AddressHost::Any | AddressHost::Name(_) => {
                listeners.push(tcp(address)?);
            }
            AddressHost::Unix(path) => listeners.push(unix(address, path)?),
            AddressHost::Memory(_) => {
                return Err(Error::configuration(format!(
                    "`{address}` has no socket to bind"
                )));
            }
        }
    }
    Ok(listeners)
}

fn tcp(address: &ServerAddress) -> Result<Listener, Error> {
    let socket = match (address.host(), address.port()) {
        (AddressHost::Any | AddressHost::Name(_), Some(port)) => {
            listen((Ipv6Addr::UNSPECIFIED, port).into()).or_else(|error| match error.kind() {
                io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(error),
                // No IPv6 on this machine.
                _ => listen((Ipv4Addr::UNSPECIFIED, port).into()),
            })
        }
        _ => match address.socket_addrs().first() {
            Some(at) => listen(*at),
            None => Err(io::ErrorKind::AddrNotAvailable.into()),
        },
    };
    socket
        .and_then(|socket| Listener::from_tcp(address.scheme(), socket))
        .map_err(|error| Error::bind(address, error))
}

/// Both loopbacks. One that is taken is an error; one that does not exist is not, if the other does.
fn localhost(address: &ServerAddress) -> Result<Vec<Listener>, Error> {
    let mut listeners = Vec::new();
    let mut failed = None;
    for at in address.socket_addrs() {
        match listen(at) {
            Ok(socket) => listeners.push(Listener {
                address: address.clone(),
                socket: Some(Socket::Tcp(socket)),
                _file: SocketFile(None),
            }),
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

fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = RawSocket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    if at.is_ipv6() {
        socket.set_only_v6(!at.ip().is_unspecified())?;
    }
    // A restarted server must get its port back although old connections linger. On Windows the option
    // means something else: another process could take the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&SockAddr::from(at))?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(unix)]
fn unix(address: &ServerAddress, path: &Path) -> Result<Listener, Error> {
    use std::os::unix::net::UnixStream;

    let bound = UnixListener::bind(path).or_else(|error| {
        // Left behind by a process that ended without removing it, if nobody answers there.
        let refused = || {
            UnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
        };
        if error.kind() == io::ErrorKind::AddrInUse && refused() {
            std::fs::remove_file(path)?;
            return UnixListener::bind(path);
        }
        Err(error)
    });
    let socket = bound.map_err(|error| Error::bind(address, error))?;
    let file = SocketFile(Some(path.to_owned()));
    socket
        .set_nonblocking(true)
        .map_err(|error| Error::bind(address, error))?;
    Ok(Listener {
        address: address.clone(),
        socket: Some(Socket::Unix(socket)),
        _file: file,
    })
}

#[cfg(not(unix))]
fn unix(address: &ServerAddress, _: &Path) -> Result<Listener, Error> {
    Err(Error::configuration(format!(
        "`{address}`: this system has no unix sockets"
    )))
}
