//! TCP, unix sockets, connections in memory, and what may stand over them as one type.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::hyper::memory::MemoryStream;
use crate::hyper::middleware::Layered;
#[cfg(feature = "tls")]
use crate::hyper::tls::TlsStream;

pub(in crate::hyper) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Memory(MemoryStream),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream>),
    Layered(Box<Layered>),
}

impl Stream {
    pub(in crate::hyper) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(cx),
            #[cfg(unix)]
            Self::Unix(stream) => stream.poll_read_ready(cx),
            Self::Memory(stream) => stream.poll_read_ready(cx),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.poll_read_ready(cx),
            Self::Layered(stream) => stream.below().poll_read_ready(cx),
        }
    }

    /// Returns whether a client whose input has ended cannot be sent anything either. Over TCP that is known only
    /// when something was sent: until then, who has closed looks like who has stopped to send.
    pub(in crate::hyper) fn is_gone(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            // To write nothing is to ask: it fails if nobody is there.
            #[cfg(unix)]
            Self::Unix(stream) => stream
                .try_write(&[])
                .is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe),
            Self::Memory(stream) => stream.is_gone(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.below().is_gone(),
            Self::Layered(stream) => stream.below().is_gone(),
        }
    }

    /// Makes the drop of the socket a reset. A unix socket has none.
    pub(in crate::hyper) fn reset_on_drop(&self) {
        match self {
            Self::Tcp(stream) => {
                // It fails on a connection that is gone already.
                let _ = socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO));
            }
            #[cfg(unix)]
            Self::Unix(_) => {}
            Self::Memory(stream) => stream.reset_on_drop(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.below().reset_on_drop(),
            Self::Layered(stream) => stream.below().reset_on_drop(),
        }
    }

    /// Ends the connection in both directions, whoever still holds the socket.
    pub(in crate::hyper) fn abort(&self) {
        let socket = match self {
            Self::Tcp(stream) => socket2::SockRef::from(stream),
            #[cfg(unix)]
            Self::Unix(stream) => socket2::SockRef::from(stream),
            Self::Memory(stream) => return stream.abort(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => return stream.below().abort(),
            Self::Layered(stream) => return stream.below().abort(),
        };
        // It fails on a connection that is gone already.
        let _ = socket.shutdown(std::net::Shutdown::Both);
    }

    /// Returns whether nothing that was written waits for a flush. A socket keeps nothing back.
    pub(in crate::hyper) fn is_flushed(&self) -> bool {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.is_flushed(),
            Self::Layered(stream) => stream.is_flushed(),
            _ => true,
        }
    }

    /// From now on the bytes are not HTTP, and where they end matters: see
    /// [`TlsStream::tell_truncation`].
    pub(in crate::hyper) fn upgrade(&mut self) {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.tell_truncation(),
            Self::Layered(stream) => stream.below().upgrade(),
            _ => {}
        }
    }
}

macro_rules! delegate {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp($stream) => $call,
            #[cfg(unix)]
            Self::Unix($stream) => $call,
            Self::Memory($stream) => $call,
            #[cfg(feature = "tls")]
            Self::Tls($stream) => $call,
            Self::Layered($stream) => $call,
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
