//! What connections are accepted from, as one type.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use crate::adapter::Socket;
use crate::features::{ConnectionInfo, Endpoint, Transport as Kind};
use crate::hyper::connection::Stream;
use crate::hyper::memory::MemoryListener;

/// What connections will be accepted from, not tied to a runtime yet.
#[derive(Debug)]
pub(in crate::hyper) enum AnySocket {
    System(Socket),
    Memory(MemoryListener),
}

pub(in crate::hyper) enum AnyListener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
    Memory(MemoryListener),
}

impl AnyListener {
    pub(in crate::hyper) fn new(socket: AnySocket) -> io::Result<Self> {
        Ok(match socket {
            AnySocket::Memory(listener) => Self::Memory(listener),
            AnySocket::System(Socket::Tcp(socket)) => Self::Tcp(TcpListener::from_std(socket)?),
            #[cfg(unix)]
            AnySocket::System(Socket::Unix(socket)) => Self::Unix(UnixListener::from_std(socket)?),
            // It listens for what is no stream of bytes.
            #[cfg(feature = "http3")]
            AnySocket::System(Socket::Udp(_)) => return Err(io::ErrorKind::InvalidInput.into()),
        })
    }

    pub(in crate::hyper) fn poll_accept(
        &mut self,
        no_delay: bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Stream, ConnectionInfo)>> {
        Poll::Ready(Ok(match self {
            Self::Tcp(listener) => {
                let (stream, remote) = ready!(listener.poll_accept(cx))?;
                // A response must not wait for the acknowledgement of the last one. If it fails, the
                // connection is broken and says so when it is read.
                if no_delay {
                    let _ = stream.set_nodelay(true);
                }
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
            Self::Memory(listener) => {
                let stream = ready!(listener.poll_accept(cx));
                let info = ConnectionInfo::new(Kind::Memory)
                    .with_local(Endpoint::Memory)
                    .with_remote(Endpoint::Memory);
                (Stream::Memory(stream), info)
            }
        }))
    }
}
