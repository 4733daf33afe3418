use std::io;
use std::net::TcpListener;
#[cfg(feature = "http3")]
use std::net::{SocketAddr, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::sync::Arc;

#[cfg(unix)]
use super::unix::SocketFile;
use crate::features::{Scheme, ServerAddress};

/// A socket that listens, and the address that it has.
///
/// Dropping it closes it, and removes the file of a unix socket that it made.
#[derive(Debug)]
pub struct Listener {
    address: ServerAddress,
    socket: Option<Socket>,
    /// The file to remove, once.
    #[cfg(unix)]
    _file: Option<SocketFile>,
    /// A socket of the process is in use as long as this is there.
    #[cfg(unix)]
    _lease: Option<Arc<()>>,
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
    /// UDP, for QUIC.
    #[cfg(feature = "http3")]
    Udp(UdpSocket),
}

impl Socket {
    /// Returns another handle of the same socket: what arrives is accepted by either.
    ///
    /// # Errors
    ///
    /// The system has no descriptors left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(socket) => Self::Tcp(socket.try_clone()?),
            #[cfg(unix)]
            Self::Unix(socket) => Self::Unix(socket.try_clone()?),
            #[cfg(feature = "http3")]
            Self::Udp(socket) => Self::Udp(socket.try_clone()?),
        })
    }
}

impl Listener {
    /// Wraps a listener of the caller's. Its address is asked of the system.
    ///
    /// # Errors
    ///
    /// The socket has no address, or cannot be made non-blocking.
    pub fn from_tcp(scheme: Scheme, socket: TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let address = ServerAddress::tcp(scheme, socket.local_addr()?);
        Ok(Self::new(address, Socket::Tcp(socket)))
    }

    /// As [`from_tcp`](Self::from_tcp), for a unix socket, whose file stays the caller's.
    ///
    /// # Errors
    ///
    /// As [`from_tcp`](Self::from_tcp).
    #[cfg(unix)]
    pub fn from_unix(scheme: Scheme, socket: UnixListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let path = super::unix::path(&socket.local_addr()?).unwrap_or_default();
        let address = ServerAddress::unix(scheme, path);
        Ok(Self::new(address, Socket::Unix(socket)))
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

    /// Returns where a socket of TCP really is, until it is taken.
    #[cfg(feature = "http3")]
    pub(crate) fn tcp_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            Some(Socket::Tcp(socket)) => socket.local_addr().ok(),
            _ => None,
        }
    }

    /// Wraps a socket that does not block.
    pub(crate) fn new(address: ServerAddress, socket: Socket) -> Self {
        Self {
            socket: Some(socket),
            ..Self::without_socket(address)
        }
    }

    /// Returns what is left when the socket is taken, or was never there.
    pub(crate) fn without_socket(address: ServerAddress) -> Self {
        Self {
            address,
            socket: None,
            #[cfg(unix)]
            _file: None,
            #[cfg(unix)]
            _lease: None,
        }
    }

    #[cfg(unix)]
    pub(super) fn with_lease(self, lease: Arc<()>) -> Self {
        Self {
            _lease: Some(lease),
            ..self
        }
    }

    #[cfg(unix)]
    pub(super) fn with_file(self, file: Option<SocketFile>) -> Self {
        Self {
            _file: file,
            ..self
        }
    }
}
