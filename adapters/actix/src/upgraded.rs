//! A connection once it is the application's.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_io::{AsyncRead, AsyncWrite};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use crate::socket::Socket;

/// The raw stream, after the bytes that were read ahead of it.
pub(crate) struct UpgradedSocket {
    ahead: Bytes,
    socket: Arc<Mutex<Socket>>,
}

/// Every upgraded connection of a server, so that it can end them: they no longer belong to the engine.
#[derive(Clone, Default)]
pub(crate) struct Upgrades(Arc<Mutex<Vec<Weak<Mutex<Socket>>>>>);

impl Upgrades {
    /// Registers a connection.
    pub(crate) fn add(&self, socket: Socket, ahead: Bytes) -> UpgradedSocket {
        let socket = Arc::new(Mutex::new(socket));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == all.capacity() {
            // Amortised: those that are gone make room before the list grows.
            all.retain(|known| known.strong_count() > 0);
        }
        all.push(Arc::downgrade(&socket));
        UpgradedSocket { ahead, socket }
    }

    /// Ends every connection: the client sees it closed, the application reads its end.
    pub(crate) fn shutdown(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in all.drain(..).filter_map(|socket| socket.upgrade()) {
            let _ = lock(&socket).shutdown(Shutdown::Both);
        }
    }
}

impl AsyncRead for UpgradedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if !self.ahead.is_empty() {
            let read = self.ahead.len().min(buffer.len());
            self.ahead.copy_to_slice(&mut buffer[..read]);
            return Poll::Ready(Ok(read));
        }
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut *lock(&self.socket)).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl AsyncWrite for UpgradedSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *lock(&self.socket)).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.socket)).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut *lock(&self.socket)).poll_shutdown(cx)) {
            // Closed already, by the client or before.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

/// Whoever panicked with the lock left the stream as it was.
fn lock(socket: &Mutex<Socket>) -> MutexGuard<'_, Socket> {
    socket.lock().unwrap_or_else(PoisonError::into_inner)
}
