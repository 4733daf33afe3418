//! What a connection sends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite as _;
use tokio::time::Instant;

use super::{Pace, Stream};
use crate::hyper::options::MinDataRate;

/// Output is gathered up to this many bytes, and larger pieces are not copied.
const GATHERED: usize = 16 * 1024;

/// What a connection sends: gathered, so that what belongs together leaves in one write.
pub(super) struct Output {
    bytes: Vec<u8>,
    sent: usize,
    /// Whether there is more to write than was taken.
    blocked: bool,
    /// How fast the client reads.
    pace: Option<Pace>,
}

impl Output {
    pub(super) fn new(min_rate: Option<MinDataRate>) -> Self {
        Self {
            bytes: Vec::new(),
            sent: 0,
            blocked: false,
            pace: min_rate.map(Pace::new),
        }
    }

    /// Sends what was gathered.
    #[inline]
    pub(super) fn poll_send(
        &mut self,
        stream: &mut Option<Stream>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.sent < self.bytes.len() {
            let stream = stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            let written = Pin::new(stream).poll_write(cx, &self.bytes[self.sent..]);
            match ready!(self.count(written))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        self.bytes.clear();
        self.sent = 0;
        if let Some(stream) = stream.as_mut().filter(|stream| !stream.is_flushed()) {
            // TLS takes more than the socket does.
            ready!(self.poll_flush(stream, cx))?;
        }
        if let (Some(pace), false) = (&mut self.pace, self.blocked) {
            pace.rest();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(stream).poll_flush(cx);
        ready!(self.count(flushed.map_ok(|()| 0)))?;
        Poll::Ready(Ok(()))
    }

    /// Takes the bytes of a write: gathered if they are few, or else sent behind what was gathered.
    #[inline]
    pub(super) fn poll_gather(
        &mut self,
        stream: &mut Option<Stream>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.len() >= GATHERED {
            return self.poll_write(stream, cx, &[IoSlice::new(bytes)]);
        }
        if self.bytes.len() + bytes.len() > GATHERED {
            self.blocked = true;
            ready!(self.poll_send(stream, cx))?;
        }
        self.blocked = false;
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    /// Writes behind what was gathered.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut Option<Stream>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.blocked = true;
        ready!(self.poll_send(stream, cx))?;
        let stream = stream.as_mut().ok_or(io::ErrorKind::ConnectionAborted)?;
        let written = Pin::new(stream).poll_write_vectored(cx, slices);
        let written = ready!(self.count(written))?;
        self.blocked = false;
        Poll::Ready(Ok(written))
    }

    /// Sends what was gathered, and says that nothing follows.
    pub(super) fn poll_close(
        &mut self,
        stream: &mut Option<Stream>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(stream, cx))?;
        if let Some(stream) = stream {
            let closed = Pin::new(stream).poll_shutdown(cx);
            ready!(self.count(closed.map_ok(|()| 0)))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends this behind everything that was gathered.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns whether everything that was written was sent.
    pub(super) fn is_sent(&self) -> bool {
        !self.blocked && self.bytes.is_empty()
    }

    /// Returns when a client that is waited for has read too slowly.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pace.as_ref()?.deadline()
    }

    /// From now on a client may read as slowly as it likes.
    pub(super) fn take_any_time(&mut self) {
        self.pace = None;
    }

    /// Counts what a write to the socket came to.
    #[inline]
    fn count(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Some(pace) = &mut self.pace {
            match &written {
                Poll::Ready(Ok(written)) => pace.advance(*written),
                Poll::Ready(Err(_)) => {}
                Poll::Pending => pace.wait(),
            }
        }
        written
    }
}
