//! What a connection receives.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead as _, ReadBuf};

use super::Stream;
use crate::hyper::http1::{Bounds, Guard, Phase, Refusal};

/// How much is read ahead of hyper in order to see the end of the input behind it.
const READ_AHEAD: usize = 16 * 1024;
/// How much is read at once of a head that did not come in one piece.
const HEAD_PIECE: usize = 4 * 1024;

/// What a connection receives.
pub(super) struct Input {
    guard: Guard,
    /// Read, but not by hyper yet: what came before hyper asked, or what the guard does not pass yet.
    ahead: BytesMut,
    /// How many of them hyper may read.
    passed: usize,
    /// hyper was told that the input ended, for the guard refuses the rest of it.
    refused: bool,
    /// The client closed its sending side.
    ended: bool,
}

/// What became of the input while a request was in flight.
pub(in crate::hyper) enum Watched {
    /// The client closed its sending side; it may still read.
    Ended,
    /// The connection is broken.
    Broken,
}

impl Input {
    /// `ahead` was read already. With `bounds` it is HTTP/1, and guarded.
    pub(super) fn new(ahead: BytesMut, bounds: Option<Bounds>) -> Self {
        Self {
            guard: bounds.map_or_else(Guard::open, Guard::new),
            ahead,
            passed: 0,
            refused: false,
            ended: false,
        }
    }

    /// From now on there is nothing to read.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Says whether the response turned the connection into something else.
    pub(super) fn decide(&mut self, switches: bool) {
        self.guard.decide(switches);
    }

    /// Returns why the request behind those that hyper has read is refused.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refused.then(|| self.guard.refusal()).flatten()
    }

    /// Returns whether there is a head that is not whole.
    #[inline]
    pub(super) fn has_begun_head(&self) -> bool {
        self.guard.phase() == Phase::Head
    }

    /// Reads what the guard passes. For hyper the input ends where the guard refuses it.
    pub(super) fn poll_read(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.ahead.is_empty() {
                if self.ended {
                    return Poll::Ready(Ok(()));
                }
                // Most reads: right into hyper's buffer.
                let before = into.filled().len();
                ready!(Pin::new(&mut *stream).poll_read(cx, into))?;
                let read = &into.filled()[before..];
                self.ended = read.is_empty() && into.remaining() > 0;
                let passed = self.guard.admit(read);
                if passed == read.len() {
                    return Poll::Ready(Ok(()));
                }
                self.ahead.extend_from_slice(&read[passed..]);
                into.set_filled(before + passed);
                if passed > 0 {
                    return Poll::Ready(Ok(()));
                }
            }
            if self.passed == 0 {
                self.passed = self.guard.admit(&self.ahead);
            }
            if self.passed > 0 {
                let length = self.passed.min(into.remaining());
                into.put_slice(&self.ahead[..length]);
                self.ahead.advance(length);
                self.passed -= length;
                if self.ahead.is_empty() {
                    // Most connections never read ahead again.
                    self.ahead = BytesMut::new();
                }
                return Poll::Ready(Ok(()));
            }
            if self.guard.phase() == Phase::Undecided {
                // The response decides, which is made by this very task; then it reads on.
                return Poll::Pending;
            }
            if self.ended {
                self.guard.end();
            }
            if let Some(malformed) = self.guard.malformed() {
                return Poll::Ready(Err(malformed));
            }
            self.refused = self.guard.refusal().is_some();
            if self.refused || self.ended {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_ahead(stream, cx, HEAD_PIECE))?;
        }
    }

    /// Reads until there is something for hyper: a head that is whole, or one that is refused. `false`: there
    /// will be nothing.
    pub(super) fn poll_wake(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            if self.passed == 0 && !self.ahead.is_empty() {
                self.passed = self.guard.admit(&self.ahead);
            }
            if self.passed > 0 || self.guard.phase() == Phase::Refused {
                return Poll::Ready(true);
            }
            if self.ended {
                return Poll::Ready(!self.ahead.is_empty());
            }
            // Asks the runtime, not the system, and needs no buffer.
            let mut read = ready!(stream.poll_read_ready(cx));
            if read.is_ok() {
                let reading = self.poll_ahead(stream, cx, HEAD_PIECE);
                if self.ahead.is_empty() {
                    self.ahead = BytesMut::new();
                }
                read = ready!(reading);
            }
            if read.is_err() {
                return Poll::Ready(false);
            }
        }
    }

    /// Takes back what was passed and not used.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let behind = self.ahead.split();
            self.ahead.extend_from_slice(bytes);
            self.ahead.unsplit(behind);
            self.passed += bytes.len();
        }
    }

    /// Looks for the end of the input, which hyper does not while a request is in flight. What comes before
    /// it is kept for hyper; an end further ahead than that is not seen.
    pub(super) fn poll_end(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<Watched> {
        loop {
            if self.ended || self.ahead.len() >= READ_AHEAD {
                return Poll::Pending;
            }
            // Asks the runtime, not the system, and needs no buffer.
            if ready!(stream.poll_read_ready(cx)).is_err() {
                return Poll::Ready(Watched::Broken);
            }
            match ready!(self.poll_ahead(stream, cx, READ_AHEAD / 2)) {
                Err(_) => return Poll::Ready(Watched::Broken),
                Ok(()) if self.ended && stream.is_gone() => return Poll::Ready(Watched::Broken),
                Ok(()) if self.ended => return Poll::Ready(Watched::Ended),
                Ok(()) => {}
            }
        }
    }

    /// Reads and drops what the client still sends: `Ready(true)` for some, `Ready(false)` at the end.
    pub(super) fn poll_discard(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
    ) -> Poll<bool> {
        self.ahead.clear();
        self.passed = 0;
        if self.ended {
            return Poll::Ready(false);
        }
        let mut buffer = ReadBuf::new(scratch);
        let read = ready!(Pin::new(stream).poll_read(cx, &mut buffer));
        self.ended = read.is_err() || buffer.filled().is_empty();
        Poll::Ready(!self.ended)
    }

    /// Reads up to so many bytes that are not for hyper yet.
    fn poll_ahead(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<io::Result<()>> {
        let before = self.ahead.len();
        self.ahead.resize(before + most, 0);
        let mut buffer = ReadBuf::new(&mut self.ahead[before..]);
        let read = Pin::new(stream).poll_read(cx, &mut buffer);
        let length = buffer.filled().len();
        self.ahead.truncate(before + length);
        ready!(read)?;
        self.ended = length == 0;
        Poll::Ready(Ok(()))
    }
}
