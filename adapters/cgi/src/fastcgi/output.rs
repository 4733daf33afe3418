//! Records on their way out.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use super::record::{Header, Kind};

/// What waits to be written. Large content is not copied.
#[derive(Debug, Default)]
pub(super) struct Output {
    queue: VecDeque<Bytes>,
    /// What comes behind the queue: headers, and content that is too small to be worth a slice of its own.
    gathered: BytesMut,
    length: usize,
}

impl Output {
    /// Content of less than this is copied.
    const SMALL: usize = 2048;
    /// How much may wait before nothing more is asked for.
    const FULL: usize = 64 * 1024;
    /// How many slices one write may have.
    const SLICES: usize = 32;

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn has_room(&self) -> bool {
        self.length < Self::FULL
    }

    /// Adds a whole record.
    pub(super) fn record(&mut self, record: &[u8]) {
        self.gathered.extend_from_slice(record);
        self.length += record.len();
    }

    /// Adds a piece of a stream, in as many records as it needs; none for nothing, which would be its end.
    pub(super) fn stream(&mut self, kind: Kind, id: u16, mut content: Bytes) {
        while !content.is_empty() {
            let piece = content.split_to(content.len().min(Header::LONGEST.into()));
            let length = u16::try_from(piece.len()).unwrap_or(Header::LONGEST);
            self.record(&Header::of(kind, id, length));
            if piece.len() < Self::SMALL {
                self.record(&piece);
                continue;
            }
            self.queue.push_back(self.gathered.split().freeze());
            self.length += piece.len();
            self.queue.push_back(piece);
        }
    }

    /// Ends a stream.
    pub(super) fn end_of_stream(&mut self, kind: Kind, id: u16) {
        self.record(&Header::of(kind, id, 0));
    }

    /// Writes all that waits.
    pub(super) fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut W,
    ) -> Poll<io::Result<()>> {
        if !self.gathered.is_empty() {
            self.queue.push_back(self.gathered.split().freeze());
        }
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); Self::SLICES];
            let count = self.queue.len().min(Self::SLICES);
            for (slice, piece) in slices.iter_mut().zip(&self.queue) {
                *slice = IoSlice::new(piece);
            }
            let into = Pin::new(&mut *into);
            match ready!(into.poll_write_vectored(cx, &slices[..count]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        self.length -= written;
        while let Some(first) = self.queue.front_mut() {
            if first.len() > written {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.queue.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_piece_is_several_records_and_nothing_is_no_record() {
        let mut output = Output::default();
        output.stream(Kind::Stdout, 1, Bytes::new());
        assert!(output.is_empty());
        output.stream(Kind::Stdout, 1, Bytes::from(vec![b'x'; 65_535 + 10]));
        output.end_of_stream(Kind::Stdout, 1);
        assert!(!output.has_room());

        let mut written = Vec::new();
        let whole = std::future::poll_fn(|cx| output.poll_write(cx, &mut written));
        whole.await.unwrap();
        assert!(output.is_empty() && output.has_room());
        assert_eq!(written[..8], [1, 6, 0, 1, 0xFF, 0xFF, 0, 0]);
        assert_eq!(written[8 + 65_535..][..8], [1, 6, 0, 1, 0, 10, 0, 0]);
        assert_eq!(written[8 + 65_535 + 18..], [1, 6, 0, 1, 0, 0, 0, 0]);
    }
}
