//! A stream with layers over it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{ByteStream, Layers};
use crate::features::ConnectionInfo;
use crate::hyper::connection::Stream;

/// A stream with layers over it. The stream below stays at hand: to be watched, reset and aborted.
pub(in crate::hyper) struct Layered {
    top: ByteStream,
    below: Below,
    flushed: bool,
}

impl Layered {
    /// Puts layers over a stream, unless there are none.
    ///
    /// # Errors
    ///
    /// A layer's.
    pub(in crate::hyper) async fn over(
        stream: Stream,
        layers: &Layers,
        info: &ConnectionInfo,
    ) -> io::Result<Stream> {
        if layers.is_empty() {
            return Ok(stream);
        }
        let below = Below(Arc::new(Mutex::new(stream)));
        let top = layers.wrap(ByteStream::new(below.clone()), info).await?;
        Ok(Self::assembled(top, below))
    }

    /// Puts one stream, made of what is below, over another.
    pub(in crate::hyper) fn with(
        stream: Stream,
        layer: impl FnOnce(ByteStream) -> ByteStream,
    ) -> Stream {
        let below = Below(Arc::new(Mutex::new(stream)));
        Self::assembled(layer(ByteStream::new(below.clone())), below)
    }

    fn assembled(top: ByteStream, below: Below) -> Stream {
        Stream::Layered(Box::new(Self {
            top,
            below,
            flushed: true,
        }))
    }

    /// Returns the stream below all layers.
    pub(in crate::hyper) fn below(&self) -> MutexGuard<'_, Stream> {
        self.below.lock()
    }

    /// Returns whether nothing that was written waits for a flush, in a layer or below.
    pub(in crate::hyper) fn is_flushed(&self) -> bool {
        self.flushed && self.below().is_flushed()
    }
}

impl AsyncRead for Layered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        use futures_io::AsyncRead as _;
        let room = buffer.initialize_unfilled();
        let length = room.len();
        let read = ready!(Pin::new(&mut self.top).poll_read(cx, room))?;
        // A layer of somebody else's may say what cannot be.
        buffer.advance(read.min(length));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Layered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        use futures_io::AsyncWrite as _;
        self.flushed = false;
        let written = ready!(Pin::new(&mut self.top).poll_write(cx, bytes))?;
        Poll::Ready(Ok(written.min(bytes.len())))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        use futures_io::AsyncWrite as _;
        ready!(Pin::new(&mut self.top).poll_flush(cx))?;
        self.flushed = true;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        use futures_io::AsyncWrite as _;
        Pin::new(&mut self.top).poll_close(cx)
    }
}

/// The stream below the layers, which the lowest of them reads and writes.
#[derive(Clone)]
struct Below(Arc<Mutex<Stream>>);

impl Below {
    fn lock(&self) -> MutexGuard<'_, Stream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl futures_io::AsyncRead for Below {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut *self.lock()).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl futures_io::AsyncWrite for Below {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.lock()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.lock()).poll_write_vectored(cx, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_shutdown(cx)
    }
}
