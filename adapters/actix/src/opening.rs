//! A connection before its first request: TLS, and which protocol it speaks.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::future::{Either, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use transom::features::Scheme;
use transom::{Application, Shutdown};
use transom_adapter_tokio::{Socket, Stream, Tls, begins_as_http2, in_time};

use crate::link::Link;
use crate::multiplexed::{Multiplexed, Timeouts};
use crate::patience::Patience;
use crate::streams::Streams;
use crate::transport::Transport;
use crate::worker::{LEAST_KEEP_ALIVE, Presence, Worker};

/// How much is read at a time until the protocol is known.
const CHUNK: usize = 4 * 1024;

/// What the engine would answer, were it asked.
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The stream of a connection, of whichever protocol it is.
pub(crate) enum Opened {
    Http1(Transport),
    Http2(Multiplexed),
}

/// How a server opens its connections.
pub(crate) struct Opening {
    pub(crate) shutdown: Shutdown,
    pub(crate) tls: Option<Tls>,
    pub(crate) keep_alive_timeout: Duration,
}

impl Opening {
    /// Returns the connection for the engine.
    pub(crate) async fn open<A: Application>(
        &self,
        worker: Rc<Worker<A>>,
        socket: Socket,
        scheme: Scheme,
    ) -> io::Result<Opened> {
        let presence = Presence::new(&worker);
        let head_timeout = worker.hub.request_head_timeout;
        let mut connection = worker.dispatcher.connection(socket.info(), scheme);
        let mut agreed = None;
        let mut stream = match (&self.tls, scheme) {
            (Some(tls), Scheme::Https) => {
                let (stream, tls) = self.unless_stopped(tls.accept(socket)).await?;
                agreed = tls.protocol().map(|protocol| protocol == b"h2");
                connection = connection.with_feature(tls);
                stream
            }
            _ => Stream::Plain(socket),
        };
        let mut held = BytesMut::new();
        let is_http2 = match agreed {
            Some(is_http2) => is_http2,
            None => {
                let looking = in_time(head_timeout, speaks_http2(&mut stream, &mut held));
                match self.unless_stopped(looking).await {
                    Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                        let _ = timeout(LINGER, stream.write_all(TOO_SLOW)).await;
                        return Err(error);
                    }
                    looked => looked?,
                }
            }
        };
        let hub = worker.hub.clone();
        if !is_http2 {
            let link = Link::new(connection);
            let keep_alive = match self.keep_alive_timeout {
                Duration::ZERO => Duration::ZERO,
                timeout => timeout.max(LEAST_KEEP_ALIVE),
            };
            let patience = Patience::new(head_timeout, keep_alive);
            let transport = Transport::new(stream, held, link, hub, patience, presence);
            return Ok(Opened::Http1(transport));
        }
        let timeouts = Timeouts {
            first: head_timeout,
            between: self.keep_alive_timeout,
        };
        let streams = Streams::new(connection);
        let shutdown = self.shutdown.clone();
        let wire = Multiplexed::new(stream, held, streams, shutdown, timeouts, presence);
        Ok(Opened::Http2(wire))
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

/// Reads until it is seen. What a client sends before it closes its side is for the engine to judge.
async fn speaks_http2(stream: &mut Stream, held: &mut BytesMut) -> io::Result<bool> {
    loop {
        if let Some(is_http2) = begins_as_http2(held) {
            return Ok(is_http2);
        }
        held.reserve(CHUNK);
        if stream.read_buf(held).await? == 0 {
            return Ok(false);
        }
    }
}
