//! A connection before its first request: TLS, and which protocol it speaks.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::Protocol;
use bytes::BytesMut;
use futures_util::future::{Either, select};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use transom::features::Scheme;
use transom::{Application, Shutdown};

use crate::link::Link;
use crate::multiplexed::{Multiplexed, Timeouts};
use crate::socket::Socket;
use crate::streams::Streams;
use crate::tls;
use crate::transport::Transport;
use crate::wire::Wire;
use crate::worker::{Presence, Worker};

/// How a client of HTTP/2 begins (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much is read at a time until the protocol is known.
const CHUNK: usize = 4 * 1024;

/// What the engine would answer, were it asked.
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// How a server opens its connections.
pub(crate) struct Opening {
    pub(crate) shutdown: Shutdown,
    pub(crate) tls: Option<TlsAcceptor>,
    /// Zero for no limit.
    pub(crate) handshake_timeout: Duration,
    pub(crate) keep_alive_timeout: Duration,
}

impl Opening {
    /// Returns the connection for the engine.
    pub(crate) async fn open<A: Application>(
        &self,
        worker: Rc<Worker<A>>,
        socket: Socket,
        scheme: Scheme,
    ) -> io::Result<(Wire, Protocol)> {
        let presence = Presence::new(&worker);
        let head_timeout = worker.hub.request_head_timeout;
        let mut socket = match (&self.tls, scheme) {
            (Some(acceptor), Scheme::Https) => {
                let handshake = limited(self.handshake_timeout, tls::accept(acceptor, socket));
                self.unless_stopped(handshake).await?
            }
            _ => socket,
        };
        let mut connection = worker.dispatcher.connection(socket.info(), scheme);
        let mut agreed = None;
        if let Some(session) = socket.session() {
            agreed = session.alpn_protocol().map(|protocol| protocol == b"h2");
            connection = connection.with_feature(transom_rustls::tls_info(session));
        }
        let mut held = BytesMut::new();
        let is_http2 = match agreed {
            Some(is_http2) => is_http2,
            None => {
                let looking = limited(head_timeout, begins_as_http2(&mut socket, &mut held));
                match self.unless_stopped(looking).await {
                    Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                        let _ = timeout(LINGER, socket.write_all(TOO_SLOW)).await;
                        return Err(error);
                    }
                    looked => looked?,
                }
            }
        };
        let hub = worker.hub.clone();
        if !is_http2 {
            let link = Link::new(connection);
            let transport = Transport::new(socket, held, link, hub, presence);
            return Ok((Wire::Http1(transport), Protocol::Http1));
        }
        let timeouts = Timeouts {
            first: head_timeout,
            between: self.keep_alive_timeout,
        };
        let streams = Streams::new(connection);
        let shutdown = self.shutdown.clone();
        let wire = Multiplexed::new(socket, held, streams, shutdown, timeouts, presence);
        Ok((Wire::Http2(wire), Protocol::Http2))
    }

    async fn unless_stopped<T>(&self, what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        match select(pin!(what), pin!(self.shutdown.requested())).await {
            Either::Left((done, _)) => done,
            Either::Right(_) => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

/// How long the last words may take.
const LINGER: Duration = Duration::from_secs(1);

/// A configuration that says nothing of ALPN offers what the engine speaks.
pub(crate) fn acceptor(config: Arc<ServerConfig>) -> TlsAcceptor {
    if !config.alpn_protocols.is_empty() {
        return TlsAcceptor::from(config);
    }
    let mut config = Arc::unwrap_or_clone(config);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// Reads until it is seen. What a client sends before it closes its side is for the engine to judge.
async fn begins_as_http2(socket: &mut Socket, held: &mut BytesMut) -> io::Result<bool> {
    loop {
        let begun = held.len().min(PREFACE.len());
        if held[..begun] != PREFACE[..begun] {
            return Ok(false);
        }
        if begun == PREFACE.len() {
            return Ok(true);
        }
        held.reserve(CHUNK);
        if socket.read_buf(held).await? == 0 {
            return Ok(false);
        }
    }
}

async fn limited<T>(limit: Duration, what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    if limit.is_zero() {
        return what.await;
    }
    timeout(limit, what).await?
}
