use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;
use transom::Features;
use transom::features::{Scheme, ServerAddress, ServerAddresses, TlsInfo};

use super::{Identity, tls};
use crate::{Failure, Outcome, within};

/// Returns whether the server has an address of `https`.
pub(crate) fn is_secure(server: &Features) -> bool {
    let bound = server.get().map_or_else(Vec::new, ServerAddresses::bound);
    bound
        .iter()
        .any(|address| address.scheme() == Scheme::Https)
}

/// A socket to the server, of whichever kind it listens on.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<Self>>),
}

impl Stream {
    /// Connects to the first of the addresses that a socket reaches, over TLS if it is `https`. There the
    /// protocol is offered by ALPN.
    pub(crate) async fn connect(
        addresses: Option<&ServerAddresses>,
        protocol: &str,
        identity: Option<&Identity>,
    ) -> Outcome<Self> {
        let (stream, scheme) = Self::reach(addresses).await?;
        match scheme {
            Scheme::Https => {
                let stream = tls::secure(stream, protocol, identity).await?;
                Ok(Self::Tls(Box::new(stream)))
            }
            _ => Ok(stream),
        }
    }

    /// As [`connect`](Self::connect), but never over TLS.
    pub(crate) async fn connect_unsecured(addresses: Option<&ServerAddresses>) -> Outcome<Self> {
        Ok(Self::reach(addresses).await?.0)
    }

    async fn reach(addresses: Option<&ServerAddresses>) -> Outcome<(Self, Scheme)> {
        let bound = addresses.map(ServerAddresses::bound);
        for address in bound.iter().flatten() {
            if let Some(connecting) = Self::to(address) {
                let stream = within(&format!("a connection to {address}"), connecting).await??;
                return Ok((stream, address.scheme()));
            }
        }
        Err(Failure::new("the server lists no address of a socket"))
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
                (None, Some(path)) => UnixStream::connect(path).await.map(Self::Unix),
                (None, None) => Err(io::ErrorKind::AddrNotAvailable.into()),
            }
        })
    }

    /// Returns both ends, the client's first, if the socket is of IP.
    pub(crate) fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        match self {
            Self::Tcp(stream) => Some((stream.local_addr().ok()?, stream.peer_addr().ok()?)),
            Self::Unix(_) => None,
            Self::Tls(stream) => stream.get_ref().0.ends(),
        }
    }

    /// Returns what TLS agreed on, as the client knows it.
    pub(crate) fn tls(&self) -> Option<TlsInfo> {
        match self {
            Self::Tls(stream) => Some(tls::info(stream.get_ref().1)),
            Self::Tcp(_) | Self::Unix(_) => None,
        }
    }

    /// Makes the drop of the socket a reset.
    pub(crate) fn reset_on_drop(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            // There is no reset: the peer's next write fails.
            Self::Unix(_) => Ok(()),
            Self::Tls(stream) => stream.get_ref().0.reset_on_drop(),
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
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
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
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
