use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use transom::features::{ServerAddress, ServerAddresses};

use crate::{Failure, Outcome, within};

/// A socket to the server, of whichever kind it listens on.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Connects to the first of the addresses that a socket reaches.
    pub(crate) async fn connect(addresses: Option<&ServerAddresses>) -> Outcome<Self> {
        let bound = addresses.map(ServerAddresses::bound);
        for address in bound.iter().flatten() {
            if let Some(connecting) = Self::to(address) {
                return Ok(within(&format!("a connection to {address}"), connecting).await??);
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
        }
    }

    /// Makes the drop of the socket a reset.
    pub(crate) fn reset_on_drop(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            // There is no reset: the peer's next write fails.
            Self::Unix(_) => Ok(()),
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
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
