use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::client::TlsStream;
use transom::Features;
use transom::features::{Scheme, ServerAddress, ServerAddresses, TlsInfo};
use transom::hyper::{MemoryConnector, MemoryStream};

use super::{Identity, tls};
use crate::{Failure, Outcome, within};

/// Returns whether the server has an address of `https`.
pub(crate) fn is_secure(server: &Features) -> bool {
    let bound = server.get().map_or_else(Vec::new, ServerAddresses::bound);
    bound
        .iter()
        .any(|address| address.scheme() == Scheme::Https)
}

/// The name by which clients know a server that tells them no other.
pub(crate) const NAME: &str = "conformance.test";

/// Returns the authority of a server, as a client has it from the URI that it asks for: with the port, unless there is
/// none.
pub(crate) fn authority(server: &Features) -> String {
    let bound = server.get().map_or_else(Vec::new, ServerAddresses::bound);
    let found = bound.iter().find_map(|address| {
        let at = address.connect_addr()?;
        Some(match address.scheme() {
            Scheme::Http => at.to_string(),
            // TLS has a name of the server, which is to be the same one.
            _ => format!("{NAME}:{}", at.port()),
        })
    });
    found.unwrap_or_else(|| NAME.to_owned())
}

/// A connection to the server, of whichever kind it listens on.
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Memory(MemoryStream),
    Tls(Box<TlsStream<Self>>),
}

impl Stream {
    /// Connects to the first of the addresses that can be reached, over TLS if it is `https`. There the
    /// protocol is offered by ALPN.
    pub(crate) async fn connect(
        server: &Features,
        protocol: &str,
        identity: Option<&Identity>,
    ) -> Outcome<Self> {
        let (stream, scheme) = Self::reach(server).await?;
        match scheme {
            Scheme::Https => {
                let stream = tls::secure(stream, protocol, identity).await?;
                Ok(Self::Tls(Box::new(stream)))
            }
            _ => Ok(stream),
        }
    }

    /// As [`connect`](Self::connect), but never over TLS.
    pub(crate) async fn connect_unsecured(server: &Features) -> Outcome<Self> {
        Ok(Self::reach(server).await?.0)
    }

    async fn reach(server: &Features) -> Outcome<(Self, Scheme)> {
        let bound = server.get().map_or_else(Vec::new, ServerAddresses::bound);
        for address in &bound {
            if let (Some(name), Some(connector)) = (address.memory_name(), server.get()) {
                let connecting = MemoryConnector::connect(connector, name);
                let stream = within(&format!("a connection to {address}"), connecting).await??;
                return Ok((Self::Memory(stream), address.scheme()));
            }
            if let Some(connecting) = Self::to(address) {
                let stream = within(&format!("a connection to {address}"), connecting).await??;
                return Ok((stream, address.scheme()));
            }
        }
        Err(Failure::new(
            "the server lists no address that can be reached",
        ))
    }

    fn to(address: &ServerAddress) -> Option<impl Future<Output = io::Result<Self>> + use<>> {
        let (tcp, unix) = (address.connect_addr(), address.unix_path());
        if tcp.is_none() && unix.is_none() {
            return None;
        }
        let unix = unix.map(ToOwned::to_owned);
        Some(async move {
            match (tcp, unix) {
                (Some(address), _) => {
                    let stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    Ok(Self::Tcp(stream))
                }
                #[cfg(unix)]
                (None, Some(path)) => UnixStream::connect(path).await.map(Self::Unix),
                (None, _) => Err(io::ErrorKind::AddrNotAvailable.into()),
            }
        })
    }

    /// Returns both ends, the client's first, if the socket is of IP.
    pub(crate) fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        match self {
            Self::Tcp(stream) => Some((stream.local_addr().ok()?, stream.peer_addr().ok()?)),
            #[cfg(unix)]
            Self::Unix(_) => None,
            Self::Memory(_) => None,
            Self::Tls(stream) => stream.get_ref().0.ends(),
        }
    }

    /// Returns what TLS agreed on, as the client knows it.
    pub(crate) fn tls(&self) -> Option<TlsInfo> {
        match self {
            Self::Tls(stream) => Some(tls::info(stream.get_ref().1)),
            _ => None,
        }
    }

    /// Breaks the connection with a reset.
    pub(crate) fn reset(self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)),
            // There is no reset: the peer's next write fails.
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
            Self::Memory(stream) => {
                stream.reset();
                Ok(())
            }
            Self::Tls(stream) => stream.into_inner().0.reset(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Memory(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Memory(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Self::Memory(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Memory(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
