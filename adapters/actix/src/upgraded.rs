//! A connection once it is the application's.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_io::{AsyncRead, AsyncWrite};

use crate::socket::Socket;

/// The raw stream, after the bytes that were read ahead of it.
pub(crate) struct UpgradedSocket {
    ahead: Bytes,
    socket: Arc<Socket>,
}

/// Every upgraded connection of a server, so that it can end them: they no longer belong to the engine.
#[derive(Clone, Default)]
pub(crate) struct Upgrades(Arc<Mutex<Vec<Weak<Socket>>>>);

impl Upgrades {
    /// Registers a connection.
    pub(crate) fn add(&self, socket: Socket, ahead: Bytes) -> UpgradedSocket {
        let socket = Arc::new(socket);
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
            let _ = socket.shutdown(Shutdown::Both);
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
        loop {
            ready!(self.socket.poll_read_ready(cx))?;
            match self.socket.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
        }
    }
}

impl AsyncWrite for UpgradedSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_write_ready(cx))?;
            match self.socket.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.socket.shutdown(Shutdown::Write) {
            // Closed already, by the client or before.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}
