//! The stream of a connection, which the engine has and the adapter looks at.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use transom_adapter_tokio::{Stream, begins_as_http2};

/// How much a client may send while the application works on its request; the rest stays in the socket.
const HELD: usize = 64 * 1024;

/// How much is kept to be written at once: the engine writes a head and a short body one by one, and flushes
/// behind them.
const UNSENT: usize = 16 * 1024;

/// How much one read takes.
const CHUNK: usize = 4 * 1024;

/// One connection.
pub(crate) struct Link(Mutex<State>);

struct State {
    stream: Stream,
    /// What was read and the engine has not asked for.
    held: BytesMut,
    unsent: BytesMut,
    /// What is written is kept for a moment.
    collects: bool,
    client_closed: bool,
    broken: bool,
    /// Something was read since [`Link::begin_head`].
    heard: bool,
}

/// What there is to see of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// It is there.
    Listens,
    /// It closed its side, and may still be read the answer.
    Closed,
    /// Nobody can be answered any more.
    Gone,
}

impl Link {
    pub(crate) fn new(stream: Stream) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            stream,
            held: BytesMut::new(),
            unsent: BytesMut::new(),
            collects: false,
            client_closed: false,
            broken: false,
            heard: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads until it is clear whether the client speaks HTTP/2, and returns that.
    pub(crate) async fn speaks_http2(&self) -> io::Result<bool> {
        std::future::poll_fn(|cx| {
            let mut state = self.state();
            loop {
                if let Some(is_http2) = begins_as_http2(&state.held) {
                    return Poll::Ready(Ok(is_http2));
                }
                if state.client_closed {
                    return Poll::Ready(Ok(false));
                }
                ready!(state.poll_hold(cx))?;
            }
        })
        .await
    }

    /// Nothing of the next request has been heard of.
    pub(crate) fn begin_head(&self) {
        let mut state = self.state();
        state.heard = !state.held.is_empty();
    }

    /// Returns whether anything was read since it was asked last.
    pub(crate) fn take_heard(&self) -> bool {
        std::mem::take(&mut self.state().heard)
    }

    /// Waits for the first byte of a request, or the end.
    pub(crate) async fn heard(&self) {
        std::future::poll_fn(|cx| {
            let mut state = self.state();
            if state.heard || state.client_closed || state.broken {
                return Poll::Ready(());
            }
            match ready!(state.poll_hold(cx)) {
                Ok(()) | Err(_) => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Reads on while nobody asks for it, to see whether the client stays.
    pub(crate) fn watch(&self, cx: &mut Context<'_>) -> Client {
        let mut state = self.state();
        while !state.client_closed && !state.broken && state.held.len() < HELD {
            if state.poll_hold(cx).is_pending() {
                break;
            }
        }
        match (state.broken, state.client_closed) {
            (true, _) => Client::Gone,
            (false, true) => Client::Closed,
            (false, false) => Client::Listens,
        }
    }

    /// Sends on what is kept, while the application has no more of it.
    pub(crate) fn send_on(&self, cx: &mut Context<'_>) {
        // A failure is seen by whoever writes next.
        let _ = self.state().poll_send(cx);
    }

    /// Sends what is kept.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.state().poll_send(cx)).await
    }

    /// Keeps what is written until it is flushed, or the application has no more of it.
    pub(crate) fn collect(&self) {
        self.state().collects = true;
    }

    /// Returns the stream, and what was read of it and the engine has not asked for.
    pub(crate) fn into_parts(self) -> (Stream, BytesMut) {
        let state = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        (state.stream, state.held)
    }

    /// Discards what the client still sends, until it closes its side.
    pub(crate) async fn discard(&self) {
        std::future::poll_fn(|cx| {
            let mut state = self.state();
            while !state.client_closed && !state.broken {
                let _ = ready!(state.poll_hold(cx));
                state.held.clear();
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Has the close of the connection be a reset, so that nobody takes what was sent for all of it.
    pub(crate) fn break_off(&self) {
        self.state().stream.socket().reset_on_close();
    }
}

impl State {
    /// Writes what is kept.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unsent))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.advance(written);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.client_closed {
            return Poll::Ready(Ok(()));
        }
        self.held.reserve(CHUNK);
        let read = ready!(pin!(self.stream.read_buf(&mut self.held)).poll(cx));
        Poll::Ready(self.note(read))
    }

    /// Notes what a read says of the client.
    fn note(&mut self, read: io::Result<usize>) -> io::Result<()> {
        match read {
            Ok(0) => self.client_closed = true,
            Ok(_) => self.heard = true,
            Err(error) => {
                self.broken = true;
                return Err(error);
            }
        }
        Ok(())
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.client_closed {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        let read = read.map(|()| buffer.filled().len() - before);
        Poll::Ready(self.note(read))
    }
}

/// The engine's end of a connection.
pub(crate) struct End(pub(crate) Arc<Link>);

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.state();
        if state.held.is_empty() {
            return state.poll_read(cx, buffer);
        }
        let read = state.held.len().min(buffer.remaining());
        buffer.put_slice(&state.held[..read]);
        state.held.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.state();
        if state.collects && state.unsent.len() + bytes.len() <= UNSENT {
            state.unsent.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        if !state.unsent.is_empty() {
            ready!(state.poll_send(cx))?;
        }
        Pin::new(&mut state.stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.state().poll_send(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.state();
        ready!(state.poll_send(cx))?;
        match Pin::new(&mut state.stream).poll_shutdown(cx) {
            // Closed already, by the client or before.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::NotConnected => {
                Poll::Ready(Ok(()))
            }
            polled => polled,
        }
    }
}
