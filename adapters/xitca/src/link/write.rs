//! What the client is sent, up to the last of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite as _;

use super::read::CHUNK;
use super::state::{Accepted, Last, Link};

/// How much of the responses on a connection of HTTP/2 waits for the socket. The engine has no limit but the
/// windows, which are the client's to open.
const UNSENT: usize = 256 * 1024;

/// How long what a client still sends is discarded after its last answer. Closing at once would reset the
/// connection, and could take the answer with it.
const LINGER: Duration = Duration::from_secs(1);

impl Link {
    /// Returns whether there is room for more of a response.
    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> bool {
        let room = !self.is_http2() || self.unsent.get() < UNSENT;
        if !room {
            self.blocked.borrow_mut().push(cx.waker().clone());
        }
        room
    }

    /// Notes that the engine was given some of a response.
    pub(crate) fn gave(&self, bytes: usize) {
        self.unsent.set(self.unsent.get().saturating_add(bytes));
    }

    /// Writes for the engine.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wanted = match self.last.get() {
            Last::No => bytes.len(),
            Last::Over => 0,
            Last::Ends => match bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                Some(at) => at + 4,
                None => bytes.len(),
            },
        };
        if wanted == 0 {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = ready!(self.poll_send(cx, &bytes[..wanted]))?;
        if written == wanted && wanted < bytes.len() {
            self.last.set(Last::Over);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut socket = self.socket.borrow_mut();
        let Some(socket) = &mut *socket else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let written = ready!(Pin::new(&mut *socket).poll_write(cx, bytes));
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                self.end_all();
                return Poll::Ready(Err(error));
            }
        };
        if let Some(frames) = &mut *self.frames.borrow_mut()
            && frames.go_on(&bytes[..written], &mut self.held.borrow_mut(), |stream| {
                self.end_stream(stream);
            })?
        {
            self.wake_reader();
        }
        self.unsent.set(self.unsent.get().saturating_sub(written));
        if self.unsent.get() < UNSENT {
            self.blocked.borrow_mut().drain(..).for_each(Waker::wake);
        }
        Poll::Ready(Ok(written))
    }

    /// Called when the engine has written all that it had: behind a 101 the stream becomes the application's.
    pub(crate) fn poll_written(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(socket) = &mut *self.socket.borrow_mut() {
            ready!(Pin::new(socket).poll_flush(cx))?;
        }
        if let Some(Accepted {
            completion,
            mut ahead,
        }) = self.accepted.take()
        {
            ahead.extend_from_slice(&self.held.take());
            if let Some(socket) = self.socket.take() {
                self.hub.upgrade(socket, Bytes::from(ahead), completion);
            }
            self.hold(false);
        }
        Poll::Ready(Ok(()))
    }

    /// Closes the connection: after the client, if it may still be sending.
    pub(crate) async fn close(&self) -> io::Result<()> {
        if self.socket.borrow().is_none() {
            return Ok(());
        }
        let shut = std::future::poll_fn(|cx| match &mut *self.socket.borrow_mut() {
            Some(socket) => Pin::new(socket).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        });
        shut.await?;
        // A client of HTTP/2 may always have something to say, and something to read.
        if self.lingers.get() || self.is_http2() {
            let discard = std::future::poll_fn(|cx| {
                while !self.client_closed.get() {
                    if ready!(self.poll_socket(cx, CHUNK, |_| {})).is_err() {
                        break;
                    }
                }
                Poll::Ready(())
            });
            let _ = tokio::time::timeout(LINGER, discard).await;
        }
        Ok(())
    }
}
