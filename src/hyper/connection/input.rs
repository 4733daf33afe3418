//! What a connection receives.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead as _, ReadBuf};

use super::Stream;

/// How much is read ahead of hyper in order to see the end of the input behind it.
const READ_AHEAD: usize = 16 * 1024;

/// What a connection receives.
pub(super) struct Input {
    /// Read, but not by hyper yet.
    ahead: BytesMut,
    /// The client closed its sending side.
    ended: bool,
    /// How much hyper has read.
    read: u64,
}

/// What became of the input while a request was in flight.
pub(in crate::hyper) enum Watched {
    /// The client closed its sending side; it may still read.
    Ended,
    /// The connection is broken.
    Broken,
}

impl Input {
    pub(super) fn new(ahead: BytesMut) -> Self {
        Self {
            ahead,
            ended: false,
            read: 0,
        }
    }

    /// Returns how many bytes hyper has read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// From now on there is nothing to read.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn poll_read(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(into.remaining());
            into.put_slice(&self.ahead[..length]);
            self.ahead.advance(length);
            if self.ahead.is_empty() {
                // Most connections never read ahead again.
                self.ahead = BytesMut::new();
            }
        } else if !self.ended {
            ready!(Pin::new(stream).poll_read(cx, into))?;
            self.ended = into.filled().len() == before;
        }
        self.read += (into.filled().len() - before) as u64;
        Poll::Ready(Ok(()))
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
            let before = self.ahead.len();
            self.ahead.resize(before + READ_AHEAD / 2, 0);
            let mut buffer = ReadBuf::new(&mut self.ahead[before..]);
            let read = Pin::new(&mut *stream).poll_read(cx, &mut buffer);
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
    pub(super) fn poll_discard(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
    ) -> Poll<bool> {
        self.ahead.clear();
        if self.ended {
            return Poll::Ready(false);
        }
        let mut buffer = ReadBuf::new(scratch);
        let read = ready!(Pin::new(stream).poll_read(cx, &mut buffer));
        self.ended = read.is_err() || buffer.filled().is_empty();
        Poll::Ready(!self.ended)
    }
}
