//! TCP and unix sockets as one type.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use crate::adapter::Socket;
use crate::features::{ConnectionInfo, Endpoint, Transport as Kind};

pub(super) enum AnyListener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl AnyListener {
    pub(super) fn new(socket: Socket) -> io::Result<Self> {
        Ok(match socket {
            Socket::Tcp(socket) => Self::Tcp(TcpListener::from_std(socket)?),
            #[cfg(unix)]
            Socket::Unix(socket) => Self::Unix(UnixListener::from_std(socket)?),
        })
    }

    pub(super) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Stream, ConnectionInfo)>> {
        Poll::Ready(Ok(match self {
            Self::Tcp(listener) => {
                let (stream, remote) = ready!(listener.poll_accept(cx))?;
                // A response must not wait for the acknowledgement of the last one. If it fails, the
                // connection is broken and says so when it is read.
                let _ = stream.set_nodelay(true);
                let mut info = ConnectionInfo::new(Kind::Tcp).with_remote(Endpoint::Tcp(remote));
                if let Ok(local) = stream.local_addr() {
                    info = info.with_local(Endpoint::Tcp(local));
                }
                (Stream::Tcp(stream), info)
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, remote) = ready!(listener.poll_accept(cx))?;
                let path = |address: &tokio::net::unix::SocketAddr| {
                    Endpoint::Unix(address.as_pathname().map(Into::into))
                };
                let mut info = ConnectionInfo::new(Kind::Unix).with_remote(path(&remote));
                if let Ok(local) = stream.local_addr() {
                    info = info.with_local(path(&local));
                }
                (Stream::Unix(stream), info)
            }
        }))
    }
}

pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    pub(super) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(cx),
            #[cfg(unix)]
            Self::Unix(stream) => stream.poll_read_ready(cx),
        }
    }

    /// Makes the drop of the socket a reset. A unix socket has none.
    pub(super) fn reset_on_drop(&self) {
        if let Self::Tcp(stream) = self {
            // It fails on a connection that is gone already.
            let _ = socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO));
        }
    }

    /// Ends the connection in both directions, whoever still holds the socket.
    pub(super) fn abort(&self) {
        let socket = match self {
            Self::Tcp(stream) => socket2::SockRef::from(stream),
            #[cfg(unix)]
            Self::Unix(stream) => socket2::SockRef::from(stream),
        };
        // It fails on a connection that is gone already.
        let _ = socket.shutdown(std::net::Shutdown::Both);
    }
}

macro_rules! delegate {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp($stream) => $call,
            #[cfg(unix)]
            Self::Unix($stream) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        delegate!(self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
