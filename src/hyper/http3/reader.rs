//! The receiving side of a stream, read no faster than it is asked for.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use quinn::{ReadError, RecvStream};

use super::code::Code;
use super::varint;

/// The most that is taken from the transport at once. What it holds beyond that is bounded by the window of
/// the stream, and a peer that fills it has to wait.
const PIECE: usize = 16 * 1024;

/// Where the bytes of a stream come from.
pub(super) trait Source {
    /// Returns what there is, and no more than that; `None` at the end of the stream.
    fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<Result<Option<Bytes>, Broken>>;

    /// Asks the peer to send no more.
    fn stop(&mut self, why: Code);
}

/// The receiving side of a stream.
pub(super) struct Reader<S: Source = RecvStream> {
    stream: S,
    /// Taken from the transport, but not from here.
    ahead: Bytes,
    ended: bool,
    /// The begin of an integer whose rest has not arrived.
    partial: [u8; 8],
    partial_length: usize,
}

/// An integer, or why there is none.
pub(super) enum Integer {
    Value(u64),
    /// The stream ended before it.
    End,
    /// The stream ended within it.
    CutOff,
}

/// The stream broke.
#[derive(Debug)]
pub(super) enum Broken {
    /// The peer reset it.
    Reset,
    /// The connection is gone.
    Lost,
}

impl<S: Source> Reader<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            ahead: Bytes::new(),
            ended: false,
            partial: [0; 8],
            partial_length: 0,
        }
    }

    /// Reads an integer.
    pub(super) fn poll_integer(&mut self, cx: &mut Context<'_>) -> Poll<Result<Integer, Broken>> {
        loop {
            if !ready!(self.poll_ahead(cx))? {
                return Poll::Ready(Ok(match self.partial_length {
                    0 => Integer::End,
                    _ => Integer::CutOff,
                }));
            }
            let whole = match self.partial_length {
                0 => varint::length(self.ahead[0]),
                _ => varint::length(self.partial[0]),
            };
            let more = self.ahead.len().min(whole - self.partial_length);
            let end = self.partial_length + more;
            self.partial[self.partial_length..end].copy_from_slice(&self.ahead.split_to(more));
            self.partial_length = end;
            if end == whole
                && let Some((value, _)) = varint::read(&self.partial[..end])
            {
                self.partial_length = 0;
                return Poll::Ready(Ok(Integer::Value(value)));
            }
        }
    }

    /// Reads up to `most` bytes; `None` at the end of the stream.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        most: u64,
    ) -> Poll<Result<Option<Bytes>, Broken>> {
        if !ready!(self.poll_ahead(cx))? {
            return Poll::Ready(Ok(None));
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let piece = self.ahead.split_to(self.ahead.len().min(most));
        Poll::Ready(Ok(Some(piece)))
    }

    /// Returns whether there is something to read; `false` at the end of the stream.
    pub(super) fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Broken>> {
        while self.ahead.is_empty() && !self.ended {
            match ready!(self.stream.poll_chunk(cx, PIECE)) {
                Ok(Some(chunk)) => self.ahead = chunk,
                Ok(None) => self.ended = true,
                Err(broken) => {
                    self.ended = true;
                    return Poll::Ready(Err(broken));
                }
            }
        }
        Poll::Ready(Ok(!self.ahead.is_empty()))
    }

    /// Asks the peer to send no more, unless all has arrived.
    pub(super) fn stop(&mut self, why: Code) {
        if !self.ended {
            self.stream.stop(why);
            self.ended = true;
        }
        self.ahead = Bytes::new();
    }
}

impl<S: Source> Drop for Reader<S> {
    fn drop(&mut self) {
        // Else quinn would stop it with a code that is none of HTTP/3's.
        self.stop(Code::NO_ERROR);
    }
}

impl Source for RecvStream {
    fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<Result<Option<Bytes>, Broken>> {
        // The future holds nothing between two polls.
        let read = ready!(pin!(self.read_chunk(most, true)).poll(cx));
        Poll::Ready(match read {
            Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes)),
            Err(ReadError::Reset(_)) => Err(Broken::Reset),
            Err(_) => Err(Broken::Lost),
        })
    }

    fn stop(&mut self, why: Code) {
        // It fails on a stream that is over.
        let _ = Self::stop(self, why.into());
    }
}
