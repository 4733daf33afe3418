//! TCP, unix sockets and TLS over them, as one type.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::ServerConnection;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::server::TlsStream;
use transom::features::{ConnectionInfo, Endpoint, Transport};

/// The stream of one connection.
pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Tls(Box<TlsStream<Socket>>),
}

/// Runs one expression on whichever stream it is.
macro_rules! either {
    ($socket:expr, $stream:ident => $do:expr) => {
        match $socket {
            Socket::Tcp($stream) => $do,
            #[cfg(unix)]
            Socket::Unix($stream) => $do,
            Socket::Tls($stream) => $do,
        }
    };
}

impl Socket {
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        // Small writes are whole chunks here: held back, each would wait for the client's delayed ACK.
        let _ = stream.set_nodelay(true);
        Self::Tcp(stream)
    }

    #[cfg(unix)]
    pub(crate) fn unix(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }

    /// Returns what there is to know of the connection; an end that is not known is left out.
    pub(crate) fn info(&self) -> ConnectionInfo {
        let (transport, local, remote) = match self {
            Self::Tcp(stream) => (
                Transport::Tcp,
                stream.local_addr().ok().map(Endpoint::Tcp),
                stream.peer_addr().ok().map(Endpoint::Tcp),
            ),
            #[cfg(unix)]
            Self::Unix(stream) => {
                let path = |address: tokio::net::unix::SocketAddr| {
                    Endpoint::Unix(address.as_pathname().map(Into::into))
                };
                (
                    Transport::Unix,
                    stream.local_addr().ok().map(path),
                    stream.peer_addr().ok().map(path),
                )
            }
            Self::Tls(stream) => return stream.get_ref().0.info(),
        };
        let mut info = ConnectionInfo::new(transport);
        if let Some(local) = local {
            info = info.with_local(local);
        }
        if let Some(remote) = remote {
            info = info.with_remote(remote);
        }
        info
    }

    /// Returns what TLS agreed on.
    pub(crate) fn session(&self) -> Option<&ServerConnection> {
        match self {
            Self::Tls(stream) => Some(stream.get_ref().1),
            _ => None,
        }
    }

    /// Takes the stream off the runtime that it is registered with and onto the current one.
    pub(crate) fn move_here(&mut self) -> io::Result<()> {
        // A second handle, because TLS does not let go of the first before it has another.
        match self {
            Self::Tcp(stream) => {
                let handle = SockRef::from(&*stream).try_clone()?;
                *stream = TcpStream::from_std(handle.into())?;
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                let handle = SockRef::from(&*stream).try_clone()?;
                let handle = std::os::fd::OwnedFd::from(handle);
                *stream = UnixStream::from_std(handle.into())?;
            }
            Self::Tls(stream) => stream.get_mut().0.move_here()?,
        }
        Ok(())
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream).shutdown(how),
            #[cfg(unix)]
            Self::Unix(stream) => SockRef::from(stream).shutdown(how),
            Self::Tls(stream) => stream.get_ref().0.shutdown(how),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(&mut *self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(&mut *self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(&mut *self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(&mut *self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
