//! TCP and unix sockets as one type.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

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

    /// Has the close of the stream reset the connection.
    pub(crate) fn reset_on_close(&self) {
        either!(self, stream => {
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        });
    }

    /// Returns another handle of the same socket.
    pub(crate) fn try_clone(&self) -> io::Result<socket2::Socket> {
        either!(self, stream => SockRef::from(stream).try_clone())
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
