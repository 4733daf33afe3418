//! A connection once it is the application's.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::socket::Socket;
use transom_rustls::Stream;

/// The raw stream, after the bytes that were read ahead of it.
pub(crate) struct UpgradedStream {
    ahead: Bytes,
    stream: Stream<Socket>,
    /// Known as long as the stream is there.
    _handle: Arc<socket2::Socket>,
}

/// Every upgraded connection of a server, so that it can end them: they no longer belong to the engine.
#[derive(Clone, Default)]
pub(crate) struct Upgrades(Arc<Mutex<Vec<Weak<socket2::Socket>>>>);

impl Upgrades {
    /// Registers a connection.
    pub(crate) fn add(&self, stream: Stream<Socket>, ahead: Bytes) -> io::Result<UpgradedStream> {
        let handle = Arc::new(stream.socket().try_clone()?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == all.capacity() {
            // Amortised: those that are gone make room before the list grows.
            all.retain(|known| known.strong_count() > 0);
        }
        all.push(Arc::downgrade(&handle));
        Ok(UpgradedStream {
            ahead,
            stream,
            _handle: handle,
        })
    }

    /// Ends every connection: the client sees it closed, the application reads its end.
    pub(crate) fn shutdown(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in all.drain(..).filter_map(|socket| socket.upgrade()) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl AsyncRead for UpgradedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        let read = this.ahead.len().min(buffer.remaining());
        buffer.put_slice(&this.ahead[..read]);
        this.ahead.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UpgradedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(cx) {
            // Closed already, by the client or before.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::NotConnected => {
                Poll::Ready(Ok(()))
            }
            polled => polled,
        }
    }
}
