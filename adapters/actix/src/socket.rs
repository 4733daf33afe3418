//! TCP and unix sockets as one type.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use transom::features::{ConnectionInfo, Endpoint, Transport};

/// The stream of one connection.
pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Runs one expression on whichever stream it is.
macro_rules! either {
    ($socket:expr, $stream:ident => $do:expr) => {
        match $socket {
            Socket::Tcp($stream) => $do,
            #[cfg(unix)]
            Socket::Unix($stream) => $do,
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

    /// Takes the stream off the runtime that it was registered with and onto the current one.
    pub(crate) fn moved_here(self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(TcpStream::from_std(stream.into_std()?)?),
            #[cfg(unix)]
            Self::Unix(stream) => Self::Unix(UnixStream::from_std(stream.into_std()?)?),
        })
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        either!(self, stream => SockRef::from(stream).shutdown(how))
    }

    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_read_ready(cx))
    }

    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_write_ready(cx))
    }

    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(self, stream => stream.try_read(buffer))
    }

    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        either!(self, stream => stream.try_write(bytes))
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
