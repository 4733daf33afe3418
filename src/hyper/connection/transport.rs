//! One connection's bytes, shared by hyper, which reads and writes them, and the task that watches over it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Place;
use super::stream::Stream;

/// Output is gathered up to this many bytes, and larger pieces are not copied.
const GATHERED: usize = 16 * 1024;
/// How much is read ahead of hyper in order to see the end of the input behind it.
const READ_AHEAD: usize = 16 * 1024;

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
    /// Read, but not by hyper yet.
    ahead: BytesMut,
    /// The client has sent something.
    touched: bool,
    /// The client closed its sending side.
    ended: bool,
    aborted: bool,
    output: Output,
    /// Whether hyper has more to write than was taken from it.
    blocked: bool,
    place: Option<Place>,
}

/// What became of the input while a request was in flight.
pub(in crate::hyper) enum Watched {
    /// The client closed its sending side; it may still read.
    Ended,
    /// The connection is broken.
    Broken,
}

#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    sent: usize,
    /// Where the last write begins in `bytes`.
    last: usize,
}

impl Transport {
    /// Wraps a stream from which `ahead` was read. It has its place until it is closed.
    pub(in crate::hyper) fn new(
        stream: Stream,
        ahead: BytesMut,
        gathers: bool,
        place: Place,
    ) -> Self {
        Self(Arc::new(Shared {
            gathers: AtomicBool::new(gathers),
            state: Mutex::new(State {
                stream: Some(stream),
                touched: !ahead.is_empty(),
                ahead,
                ended: false,
                aborted: false,
                output: Output::default(),
                blocked: false,
                place: Some(place),
            }),
        }))
    }

    #[inline]
    pub(in crate::hyper) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the bytes are not HTTP/1: written as they come, and counted as what they are.
    pub(in crate::hyper) fn upgrade(&self, place: Place) {
        let mut state = self.lock();
        state.place = Some(place);
        if let Some(stream) = &mut state.stream {
            stream.upgrade();
        }
        self.0.gathers.store(false, Ordering::Release);
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
        let output = &mut self.output;
        while output.sent < output.bytes.len() {
            let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            match ready!(Pin::new(stream).poll_write(cx, &output.bytes[output.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => output.sent += sent,
            }
        }
        output.bytes.clear();
        (output.sent, output.last) = (0, 0);
        match &mut self.stream {
            // TLS takes more than the socket does.
            Some(stream) if !stream.is_flushed() => Pin::new(stream).poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Returns whether everything that hyper has written was sent.
    pub(in crate::hyper) fn is_sent(&self) -> bool {
        let flushed = self.stream.as_ref().is_none_or(Stream::is_flushed);
        !self.blocked && self.output.bytes.is_empty() && flushed
    }

    /// Returns whether the client has sent anything.
    pub(in crate::hyper) fn was_read(&self) -> bool {
        self.touched
    }

    /// Sends this behind everything that was gathered.
    pub(in crate::hyper) fn append(&mut self, bytes: &[u8]) {
        self.output.bytes.extend_from_slice(bytes);
    }

    /// Sends nothing of the last write that was gathered, but `instead`.
    pub(in crate::hyper) fn replace_last_write(&mut self, instead: &[u8]) {
        let output = &mut self.output;
        if output.sent <= output.last && output.last < output.bytes.len() {
            output.bytes.truncate(output.last);
            output.bytes.extend_from_slice(instead);
        }
    }

    /// Looks for the end of the input, which hyper does not while a request is in flight. What comes before
    /// it is kept for hyper; an end further ahead than that is not seen.
    pub(in crate::hyper) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Watched> {
        loop {
            if self.ended || self.ahead.len() >= READ_AHEAD {
                return Poll::Pending;
            }
            let Some(stream) = self.stream.as_mut() else {
                return Poll::Ready(Watched::Broken);
            };
            // Asks the runtime, not the system, and needs no buffer.
            if ready!(stream.poll_read_ready(cx)).is_err() {
                return Poll::Ready(Watched::Broken);
            }
            let before = self.ahead.len();
            self.ahead.resize(before + READ_AHEAD / 2, 0);
            let mut buffer = ReadBuf::new(&mut self.ahead[before..]);
            let read = Pin::new(stream).poll_read(cx, &mut buffer);
            let length = buffer.filled().len();
            self.ahead.truncate(before + length);
            match ready!(read) {
                Err(_) => return Poll::Ready(Watched::Broken),
                Ok(()) if length == 0 => {
                    self.ended = true;
                    return Poll::Ready(Watched::Ended);
                }
                Ok(()) => {}
            }
        }
    }

    /// Reads and drops what the client still sends: `Ready(true)` for some, `Ready(false)` at the end.
    pub(in crate::hyper) fn poll_discard(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
    ) -> Poll<bool> {
        self.ahead.clear();
        let Some(stream) = self.stream.as_mut().filter(|_| !self.ended) else {
            return Poll::Ready(false);
        };
        let mut buffer = ReadBuf::new(scratch);
        let read = ready!(Pin::new(stream).poll_read(cx, &mut buffer));
        self.ended = read.is_err() || buffer.filled().is_empty();
        Poll::Ready(!self.ended)
    }

    pub(in crate::hyper) fn poll_close_write(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        match self.stream.as_mut() {
            Some(stream) => Pin::new(stream).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
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
        self.ended = true;
    }

    /// Ends the connection. The socket stays for whoever waits on it, so that he is woken to see it end.
    fn abort(&mut self) {
        self.aborted = true;
        if let Some(stream) = &self.stream {
            stream.abort();
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(into.remaining());
            into.put_slice(&self.ahead[..length]);
            self.ahead.advance(length);
            if self.ahead.is_empty() {
                // Most connections never read ahead again.
                self.ahead = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        let Some(stream) = self.stream.as_mut().filter(|_| !self.aborted) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        };
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        ready!(Pin::new(stream).poll_read(cx, into))?;
        self.ended = into.filled().len() == before;
        self.touched |= !self.ended;
        Poll::Ready(Ok(()))
    }

    /// Takes the bytes of a write: gathered if they are few, or else sent behind what was gathered.
    #[inline]
    fn poll_gather(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.len() >= GATHERED {
            return self.poll_write(cx, &[IoSlice::new(bytes)]);
        }
        if self.output.bytes.len() + bytes.len() > GATHERED {
            self.blocked = true;
            ready!(self.poll_send(cx))?;
        }
        self.blocked = false;
        self.output.last = self.output.bytes.len();
        self.output.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    /// Writes behind what was gathered.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.blocked = true;
        ready!(self.poll_send(cx))?;
        let stream = self
            .stream
            .as_mut()
            .ok_or(io::ErrorKind::ConnectionAborted)?;
        let written = ready!(Pin::new(stream).poll_write_vectored(cx, slices))?;
        self.blocked = false;
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.lock().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.gathers() {
            true => self.lock().poll_gather(cx, bytes),
            false => self.lock().poll_write(cx, &[IoSlice::new(bytes)]),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.gathers() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self
                .lock()
                .poll_gather(cx, first.map_or(&[], |slice| slice));
        }
        self.lock().poll_write(cx, slices)
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
