use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;

use super::pipe::Pipe;

/// One end of a connection in memory; see [`MemoryConnector`](super::MemoryConnector).
///
/// It behaves as a socket does: what is written waits to be read, up to a bound; shutting it down ends one
/// direction; dropping it closes it, and what the other end then writes fails. Dropped while something is left
/// to be read, it resets the connection, as TCP does.
///
/// It implements the I/O traits of tokio and of `futures`.
#[doc(alias = "DuplexStream")]
pub struct MemoryStream {
    from_peer: Arc<Pipe>,
    to_peer: Arc<Pipe>,
    resets: AtomicBool,
}

impl MemoryStream {
    /// Returns both ends, the client's first. So many bytes may wait to be read in each direction.
    pub(super) fn pair(to_server: usize, to_client: usize) -> (Self, Self) {
        let to_server = Arc::new(Pipe::new(to_server));
        let to_client = Arc::new(Pipe::new(to_client));
        let end = |from_peer: &Arc<Pipe>, to_peer: &Arc<Pipe>| Self {
            from_peer: Arc::clone(from_peer),
            to_peer: Arc::clone(to_peer),
            resets: AtomicBool::new(false),
        };
        (end(&to_client, &to_server), end(&to_server, &to_client))
    }

    /// Breaks the connection: the other end fails to write, and to read what comes behind the bytes that it has.
    pub fn reset(self) {
        self.reset_on_drop();
    }

    /// Ready if there is something to read, be it the end.
    pub(in crate::hyper) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.from_peer.poll_readable(cx)
    }

    /// Returns whether nobody will read what is written.
    pub(in crate::hyper) fn is_gone(&self) -> bool {
        self.to_peer.is_deaf()
    }

    /// Makes the drop a reset.
    pub(in crate::hyper) fn reset_on_drop(&self) {
        self.resets.store(true, Ordering::Relaxed);
    }

    /// Ends the connection in both directions.
    pub(in crate::hyper) fn abort(&self) {
        self.to_peer.end();
        self.from_peer.stop_reading();
        self.from_peer.end();
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Two ends on one thread must not keep it to themselves.
        let progress = ready!(coop::poll_proceed(cx));
        let read = self.from_peer.poll_read(cx, buffer);
        if read.is_ready() {
            progress.made_progress();
        }
        read
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(self, cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = ready!(coop::poll_proceed(cx));
        let written = self.to_peer.poll_write(cx, slices);
        if written.is_ready() {
            progress.made_progress();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.to_peer.end();
        Poll::Ready(Ok(()))
    }
}

impl futures_io::AsyncRead for MemoryStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(AsyncRead::poll_read(self, cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl futures_io::AsyncWrite for MemoryStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self, cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(self, cx, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_shutdown(self, cx)
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        let unread = self.from_peer.stop_reading();
        if unread || self.resets.load(Ordering::Relaxed) {
            self.to_peer.reset();
            self.from_peer.reset();
        }
        self.to_peer.end();
    }
}

impl fmt::Debug for MemoryStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStream")
    }
}
