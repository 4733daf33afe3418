//! One connection's bytes, shared by hyper, which reads and writes them, and the task that watches over it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::input::{Input, Watched};
use super::output::Output;
use super::{Place, Stream};
use crate::hyper::http1::{Bounds, Refusal};
use crate::hyper::options::MinDataRate;

/// A handle of the connection's bytes. tokio's I/O traits on it are for hyper and, after an upgrade, for
/// the application.
#[derive(Clone)]
pub(in crate::hyper) struct Transport(Arc<Shared>);

struct Shared {
    /// Whether what hyper writes is gathered until [`State::poll_send`]; `false` once the bytes are no longer
    /// HTTP/1. Beside the state, so that hyper's many questions take no lock.
    gathers: AtomicBool,
    state: Mutex<State>,
}

pub(in crate::hyper) struct State {
    /// Gone once the connection is closed, so that a handle that somebody kept holds no socket.
    stream: Option<Stream>,
    aborted: bool,
    input: Input,
    output: Output,
    place: Option<Place>,
}

impl Transport {
    /// Wraps a stream from which `ahead` was read. With `bounds` it is HTTP/1: guarded, and what is written is
    /// gathered. It has its place until it is closed.
    pub(in crate::hyper) fn new(
        stream: Stream,
        ahead: BytesMut,
        bounds: Option<Bounds>,
        min_rate: Option<MinDataRate>,
        place: Place,
    ) -> Self {
        Self(Arc::new(Shared {
            gathers: AtomicBool::new(bounds.is_some()),
            state: Mutex::new(State {
                stream: Some(stream),
                aborted: false,
                input: Input::new(ahead, bounds),
                output: Output::new(min_rate),
                place: Some(place),
            }),
        }))
    }

    #[inline]
    pub(in crate::hyper) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the bytes are not HTTP/1: written as they come, read as slowly as the client likes, and
    /// counted as what they are.
    pub(in crate::hyper) fn upgrade(&self, place: Place) {
        let mut state = self.lock();
        let mut before = state.place.take();
        state.place = Some(match &mut before {
            Some(before) => place.after(before),
            None => place,
        });
        state.output.take_any_time();
        state.input.decide(true);
        if let Some(stream) = &mut state.stream {
            stream.upgrade();
        }
        drop(state);
        self.0.gathers.store(false, Ordering::Release);
    }

    /// The bytes stay HTTP/1, although the client asked for something else.
    pub(in crate::hyper) fn decline_upgrade(&self) {
        self.lock().input.decide(false);
    }

    pub(in crate::hyper) fn is_upgraded(&self) -> bool {
        !self.gathers()
    }

    fn gathers(&self) -> bool {
        self.0.gathers.load(Ordering::Acquire)
    }

    pub(in crate::hyper) fn downgrade(&self) -> WeakTransport {
        WeakTransport(Arc::downgrade(&self.0))
    }
}

/// A [`Transport`] that does not keep the connection open.
pub(in crate::hyper) struct WeakTransport(std::sync::Weak<Shared>);

impl WeakTransport {
    /// Aborts the connection if it is still there.
    pub(in crate::hyper) fn abort(&self) {
        if let Some(transport) = self.0.upgrade() {
            Transport(transport).lock().abort();
        }
    }

    pub(in crate::hyper) fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl State {
    /// Sends what was gathered.
    #[inline]
    pub(in crate::hyper) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.output.poll_send(&mut self.stream, cx)
    }

    /// Returns whether everything that hyper has written was sent.
    pub(in crate::hyper) fn is_sent(&self) -> bool {
        let flushed = self.stream.as_ref().is_none_or(Stream::is_flushed);
        self.output.is_sent() && flushed
    }

    /// Returns when a client that is waited for has read too slowly.
    #[inline]
    pub(in crate::hyper) fn write_deadline(&self) -> Option<Instant> {
        self.output.deadline()
    }

    /// Returns why the request behind those that hyper has read is refused.
    pub(in crate::hyper) fn refusal(&self) -> Option<Refusal> {
        self.input.refusal()
    }

    /// Sends this behind everything that was gathered.
    pub(in crate::hyper) fn append(&mut self, bytes: &[u8]) {
        self.output.append(bytes);
    }

    /// Reads until there is something for hyper; see [`Input::poll_wake`].
    pub(in crate::hyper) fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        match &mut self.stream {
            Some(stream) => self.input.poll_wake(stream, cx),
            None => Poll::Ready(false),
        }
    }

    /// Takes back what hyper has read and not used.
    pub(in crate::hyper) fn put_back(&mut self, bytes: &[u8]) {
        self.input.put_back(bytes);
    }

    /// Returns whether there is a head that is not whole.
    #[inline]
    pub(in crate::hyper) fn has_begun_head(&self) -> bool {
        self.input.has_begun_head()
    }

    /// Looks for the end of the input, which hyper does not while a request is in flight. What comes before
    /// it is kept for hyper; an end further ahead than that is not seen.
    pub(in crate::hyper) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Watched> {
        match &mut self.stream {
            Some(stream) => self.input.poll_end(stream, cx),
            None => Poll::Ready(Watched::Broken),
        }
    }

    /// Reads and drops what the client still sends: `Ready(true)` for some, `Ready(false)` at the end.
    pub(in crate::hyper) fn poll_discard(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
    ) -> Poll<bool> {
        match &mut self.stream {
            Some(stream) => self.input.poll_discard(stream, cx, scratch),
            None => Poll::Ready(false),
        }
    }

    pub(in crate::hyper) fn poll_close_write(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.output.poll_close(&mut self.stream, cx)
    }

    /// Makes the close of the socket one that the client takes for a failure.
    pub(in crate::hyper) fn reset_on_close(&self) {
        if let Some(stream) = &self.stream {
            stream.reset_on_drop();
        }
    }

    /// Closes the socket, whoever still has a handle.
    pub(in crate::hyper) fn close(&mut self) {
        self.stream = None;
        self.place = None;
        self.input.end();
    }

    /// Ends the connection. The socket stays for whoever waits on it, so that he is woken to see it end.
    fn abort(&mut self) {
        self.aborted = true;
        if let Some(stream) = &self.stream {
            stream.abort();
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let state = &mut *self.lock();
        match &mut state.stream {
            Some(stream) if !state.aborted => state.input.poll_read(stream, cx, buffer),
            _ => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.lock();
        let (output, stream) = (&mut state.output, &mut state.stream);
        match self.gathers() {
            true => output.poll_gather(stream, cx, bytes),
            false => output.poll_write(stream, cx, &[IoSlice::new(bytes)]),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.lock();
        let (output, stream) = (&mut state.output, &mut state.stream);
        if self.gathers() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return output.poll_gather(stream, cx, first.map_or(&[], |slice| slice));
        }
        output.poll_write(stream, cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        // What is gathered is copied anyway, and hyper's queue of pieces costs more than one more copy.
        !self.gathers()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gathers() {
            // The connection's task sends it when hyper has done what it can.
            return Poll::Ready(Ok(()));
        }
        self.lock().poll_send(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gathers() {
            // So that the connection's task closes it: it may have something to add.
            return Poll::Ready(Ok(()));
        }
        self.lock().poll_close_write(cx)
    }
}
