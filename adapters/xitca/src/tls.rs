//! TLS, by rustls: the engine's own leaves no way to the bytes beneath it.

use std::borrow::Cow;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{
    HandshakeKind, NamedGroup, ProtocolVersion, ServerConfig, ServerConnection,
};
use tokio_rustls::server::TlsStream;
use transom::features::{TlsInfo, TlsVersion};

use crate::socket::Socket;

/// The name of HTTP/2 in ALPN.
const H2: &[u8] = b"h2";

/// The stream of one connection, in the clear or not.
pub(crate) enum Stream {
    Plain(Socket),
    /// Boxed: most of its size is keys.
    Tls(Box<TlsStream<Socket>>),
}

/// What is agreed on with the clients of an `https` address.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    /// How long a client may take for the handshake.
    timeout: Duration,
}

impl Tls {
    /// Takes the settings of rustls, which name the protocols unless they do so already.
    pub(crate) fn new(mut config: Arc<ServerConfig>, timeout: Duration) -> Self {
        if config.alpn_protocols.is_empty() {
            let config = Arc::make_mut(&mut config);
            config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        }
        Self { config, timeout }
    }

    /// Does the handshake.
    pub(crate) async fn accept(&self, socket: Socket) -> io::Result<(Stream, TlsInfo)> {
        let accept = TlsAcceptor::from(Arc::clone(&self.config)).accept(socket);
        let stream = tokio::time::timeout(self.timeout, accept).await??;
        let info = info(stream.get_ref().1);
        Ok((Stream::Tls(Box::new(stream)), info))
    }
}

/// Returns whether the client asked for HTTP/2 in the handshake.
pub(crate) fn agreed_on_http2(info: &TlsInfo) -> bool {
    info.protocol() == Some(H2)
}

impl Stream {
    pub(crate) fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    /// Moves the stream to the current runtime. TLS stays where it is: its socket is part of it.
    pub(crate) fn moved_here(self) -> io::Result<Self> {
        Ok(match self {
            Self::Plain(socket) => Self::Plain(socket.moved_here()?),
            Self::Tls(stream) => Self::Tls(stream),
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
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
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

fn info(session: &ServerConnection) -> TlsInfo {
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        _ => TlsVersion::Tls13,
    };
    let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
    let mut info = TlsInfo::new(version).with_resumed(resumed);
    if let Some(name) = session
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str())
    {
        // rustls writes `TLS13_` where IANA writes `TLS_`.
        info = info.with_cipher_suite(name.replacen("TLS13_", "TLS_", 1));
    }
    if let Some(group) = session.negotiated_key_exchange_group() {
        info = info.with_key_exchange(match group.name() {
            NamedGroup::X25519 => Cow::Borrowed("x25519"),
            NamedGroup::X448 => Cow::Borrowed("x448"),
            group => Cow::Owned(format!("{group:?}")),
        });
    }
    if let Some(name) = session.server_name() {
        info = info.with_server_name(name);
    }
    if let Some(protocol) = session.alpn_protocol() {
        info = info.with_protocol(protocol);
    }
    if let Some(chain) = session.peer_certificates() {
        let chain = chain.iter().map(|one| Bytes::copy_from_slice(one));
        info = info.with_client_certificates(chain.collect());
    }
    info
}
