use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::{Instant, timeout, timeout_at};
use transom::Shutdown;
use transom::adapter::Dispatcher;
use transom_adapter_tokio::Socket;

use super::{Options, Wire};
use crate::environment::Refusal;

/// What the connections of a server share.
#[derive(Debug)]
pub(crate) struct Serving<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) options: Options,
    pub(crate) shutdown: Shutdown,
}

/// A connection of a gateway, and what was read of it and not yet understood.
#[derive(Debug)]
pub(crate) struct Link<W = Socket> {
    pub(crate) stream: W,
    pub(crate) buffer: BytesMut,
}

/// How the wait for a request ended.
#[derive(Debug)]
pub(crate) enum Opening<T> {
    /// It is here.
    Request(T),
    /// It is one that cannot be answered but with a refusal.
    Refused(Refusal),
    /// There is none: the connection was closed, broke, or is not to be waited for.
    Nothing,
}

impl<W: Wire> Link<W> {
    pub(crate) fn new(stream: W) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// Reads until `parse` has a request: within the time that a head may take, and, before the first byte of it, no
    /// longer than until the server stops.
    pub(crate) async fn open<A, T>(
        &mut self,
        serving: &Serving<A>,
        mut parse: impl FnMut(&mut BytesMut) -> Result<Option<T>, Refusal>,
    ) -> Opening<T> {
        let deadline = Instant::now() + serving.options.head_timeout;
        loop {
            if !self.buffer.is_empty() {
                match parse(&mut self.buffer) {
                    Ok(Some(request)) => return Opening::Request(request),
                    Ok(None) => {}
                    Err(refusal) => return Opening::Refused(refusal),
                }
            }
            let begun = !self.buffer.is_empty();
            let read = tokio::select! {
                biased;
                read = timeout_at(deadline, self.stream.read(&mut self.buffer)) => read,
                () = serving.shutdown.requested(), if !begun => return Opening::Nothing,
            };
            match read {
                Ok(Ok(0)) if begun => {
                    return Opening::Refused(Refusal::malformed("the request is cut off"));
                }
                Ok(Ok(0) | Err(_)) => return Opening::Nothing,
                Ok(Ok(_)) => {}
                Err(_) if begun => return Opening::Refused(Refusal::too_slow()),
                Err(_) => return Opening::Nothing,
            }
        }
    }

    /// As [`open`](Self::open), on a connection that is kept: for the first byte there is the time of an idle one.
    pub(crate) async fn open_kept<A, T>(
        &mut self,
        serving: &Serving<A>,
        idle: Option<Duration>,
        parse: impl FnMut(&mut BytesMut) -> Result<Option<T>, Refusal>,
    ) -> Opening<T> {
        if self.buffer.is_empty() {
            let read = tokio::select! {
                biased;
                read = unstalled(idle, self.stream.read(&mut self.buffer)) => read,
                () = serving.shutdown.requested() => return Opening::Nothing,
            };
            if !matches!(read, Ok(1..)) {
                return Opening::Nothing;
            }
        }
        self.open(serving, parse).await
    }

    /// Reads and drops what still comes, for a while: a socket that is closed with something unread resets the
    /// connection, which may destroy the response on its way.
    pub(crate) async fn linger(&mut self) {
        let end = Instant::now() + LINGER;
        while Instant::now() < end {
            self.buffer.clear();
            match timeout(SILENCE, self.stream.read(&mut self.buffer)).await {
                Ok(Ok(read)) if read > 0 => {}
                _ => return,
            }
        }
    }
}

/// Runs a step that makes no progress when the gateway does nothing.
pub(crate) async fn unstalled<T>(
    limit: Option<Duration>,
    step: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match limit {
        None => step.await,
        Some(limit) => match timeout(limit, step).await {
            Ok(done) => done,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        },
    }
}

/// How long a gateway may go on sending what nobody reads.
const LINGER: Duration = Duration::from_secs(5);
/// How long it may be silent in that time.
const SILENCE: Duration = Duration::from_secs(1);
