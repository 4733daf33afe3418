use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use transom::features::{ConnectionInfo, Endpoint, Transport};

/// A connection of TCP or of a unix socket.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "an adapter looks at each kind")]
pub enum Socket {
    /// TCP.
    Tcp(TcpStream),
    /// A unix socket.
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
    pub fn info(&self) -> ConnectionInfo {
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

    /// Takes the stream off the runtime that it is registered with and onto the current one: an upgraded connection
    /// outlives the worker thread of an engine.
    ///
    /// # Errors
    ///
    /// The system has no descriptors left, or the runtime cannot have it.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn move_here(&mut self) -> io::Result<()> {
        // By a second handle: whoever has the socket inside of TLS cannot let go of the first before.
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
        }
        Ok(())
    }

    /// Ends one direction or both at once, without a look at what is still to be sent.
    ///
    /// # Errors
    ///
    /// The connection is gone already.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        either!(self, stream => SockRef::from(stream).shutdown(how))
    }

    /// Has the close of a connection of TCP reset it, so that nobody takes what was sent for all of it. The close of a
    /// unix socket cannot be told from its end.
    pub fn reset_on_close(&self) {
        if let Self::Tcp(stream) = self {
            // It fails on a connection that is gone already.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }
}

/// What is written is sent at once: small writes are whole chunks here, and held back each would wait for the client's
/// delayed acknowledgement.
impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        let _ = stream.set_nodelay(true);
        Self::Tcp(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl AsyncRead for Socket {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Socket {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        either!(self, stream => stream.is_write_vectored())
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
