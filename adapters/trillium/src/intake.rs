//! The body of a request, from the engine to the application.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_io::AsyncRead;

/// How much is read at a time, at most.
const PIECE: usize = 32 * 1024;

/// Room for less than this is not worth a read.
const LEAST: usize = 4 * 1024;

/// Where the engine puts what it read. The pieces are handed over as they lie there.
#[derive(Default)]
pub(crate) struct Buffer {
    /// Initialised, and free.
    space: BytesMut,
    /// How much there is still to come, if that is less than what is read at a time.
    expected: Option<usize>,
}

impl Buffer {
    /// `length` is what the request announced.
    pub(crate) fn new(length: Option<u64>) -> Self {
        let expected = length.and_then(|length| usize::try_from(length).ok());
        Self {
            space: BytesMut::new(),
            expected: expected.filter(|length| *length < PIECE),
        }
    }

    /// Reads a piece; an empty one is the end.
    pub(crate) fn poll_read(
        &mut self,
        body: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Bytes>> {
        if self.space.len() < LEAST {
            // The engine wants room to see the end, too.
            let room = self.expected.take().map_or(PIECE, |length| length + 16);
            if self.space.len() < room {
                self.space = BytesMut::zeroed(room);
            }
        }
        let read = ready!(Pin::new(body).poll_read(cx, &mut self.space))?;
        Poll::Ready(Ok(self.space.split_to(read).freeze()))
    }
}
