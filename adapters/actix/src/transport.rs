//! The stream that the engine reads and writes: it sees what the engine does not tell, and leaves the
//! engine when the application upgrades.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use futures_core::Stream as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use transom_adapter_tokio::Stream;

use crate::link::{Accepted, Link};
use crate::patience::{Expired, Patience};
use crate::worker::{Hub, Presence};

/// How much a client may send while the application decides on an upgrade; the rest stays in the socket.
const HELD: usize = 64 * 1024;

/// How long the end of a connection may take that the client does not use.
const FAREWELL: Duration = Duration::from_secs(1);

/// How much one read takes while it is held.
const CHUNK: usize = 4 * 1024;

pub(crate) struct Transport {
    /// `None` once it is the application's.
    socket: Option<Stream>,
    link: Rc<Link>,
    hub: Hub,
    held: BytesMut,
    /// The bytes of the 101 were looked at.
    checked: bool,
    patience: Patience,
    /// How long the farewell to a client that was idle for too long may take.
    farewell: Option<Pin<Box<Sleep>>>,
    presence: Presence,
}

impl Transport {
    /// `held` is what was read of it before.
    pub(crate) fn new(
        socket: Stream,
        held: BytesMut,
        link: Rc<Link>,
        hub: Hub,
        patience: Patience,
        presence: Presence,
    ) -> Self {
        Self {
            socket: Some(socket),
            link,
            hub,
            held,
            checked: false,
            patience,
            farewell: None,
            presence,
        }
    }

    pub(crate) fn link(&self) -> &Rc<Link> {
        &self.link
    }

    /// Returns whether the client was idle for too long. Fails when a head is longer under way than it may be.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        match self.patience.poll(&self.link, cx) {
            Poll::Ready(Expired::Head) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Ready(Expired::Idle) => Ok(true),
            Poll::Pending => Ok(false),
        }
    }

    /// Reads on while an upgrade is on offer, to see whether the client stays. The engine gets nothing.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.park(cx);
        let Some(socket) = &mut self.socket else {
            return Poll::Pending;
        };
        let mut chunk = [0; CHUNK];
        while self.held.len() < HELD && !self.link.is_closed_by_client() {
            let mut buffer = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut *socket).poll_read(cx, &mut buffer))?;
            match buffer.filled() {
                [] => self.link.close_by_client(),
                bytes => self.held.extend_from_slice(bytes),
            }
        }
        Poll::Pending
    }

    /// The 101 is sent: the stream becomes the application's.
    fn hand_over(&mut self, accepted: Accepted, cx: &mut Context<'_>) {
        let Accepted {
            completion,
            mut payload,
        } = accepted;
        let mut ahead = BytesMut::new();
        while let Poll::Ready(Some(Ok(bytes))) = Pin::new(&mut payload).poll_next(cx) {
            ahead.extend_from_slice(&bytes);
        }
        ahead.extend_from_slice(&self.held.split());
        if let Some(socket) = self.socket.take() {
            self.hub.upgrade(socket, ahead.freeze(), completion);
        }
        self.presence.leave();
        self.link.hold(false);
        // The engine is to notice that there is nothing left to do.
        cx.waker().wake_by_ref();
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.link.is_holding() {
            return this.poll_hold(cx);
        }
        if this.farewell.is_some() || this.poll_patience(cx)? {
            // The end of what the client says: the engine closes the connection.
            (this.farewell).get_or_insert_with(|| Box::pin(sleep(FAREWELL)));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        if !this.held.is_empty() {
            let bytes = this.held.split_to(this.held.len().min(buffer.remaining()));
            buffer.put_slice(&bytes);
        } else if let Some(socket) = &mut this.socket {
            if !this.link.is_closed_by_client() {
                ready!(Pin::new(socket).poll_read(cx, buffer))?;
                if buffer.filled().len() == before {
                    this.link.close_by_client();
                }
            }
            if this.link.is_closed_by_client() && this.link.body_waits() {
                this.link.park(cx);
                return Poll::Pending;
            }
        }
        if buffer.filled().len() > before {
            this.link.passed(&buffer.filled()[before..]);
            this.patience.begin_head(&this.link);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.link.is_accepted() && !std::mem::replace(&mut this.checked, true) {
            check_switching(bytes)?;
        }
        match &mut this.socket {
            Some(socket) => Pin::new(socket).poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The engine flushes once the stream has taken all that it had to write.
        if let Some(accepted) = this.link.take_accepted() {
            this.hand_over(accepted, cx);
        }
        match &mut this.socket {
            Some(socket) => Pin::new(socket).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = match &mut this.socket {
            Some(socket) => Pin::new(socket).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        };
        match &mut this.farewell {
            Some(farewell) if shut.is_pending() => {
                ready!(farewell.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            _ => shut,
        }
    }
}

/// Makes sure that the engine writes nothing behind a 101. It would, if it had taken bytes of the new
/// protocol for a malformed request: then the connection is beyond repair.
fn check_switching(bytes: &[u8]) -> io::Result<()> {
    const END: &[u8] = b"\r\n\r\n";
    let last = bytes.strip_suffix(END).map(|heads| {
        let before = heads.windows(END.len()).rposition(|end| end == END);
        &heads[before.map_or(0, |at| at + END.len())..]
    });
    match last {
        Some(head) if head.starts_with(b"HTTP/1.1 101 ") => Ok(()),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "bytes of the new protocol came before the switch to it",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::check_switching;

    #[test]
    fn only_a_101_may_be_the_last_head_before_the_switch() {
        let switching = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n";
        let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let bad = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        assert!(check_switching(switching).is_ok());
        assert!(check_switching(&[&ok[..], switching].concat()).is_ok());
        assert!(check_switching(&[&switching[..], bad].concat()).is_err());
        assert!(check_switching(b"half a head").is_err());
    }
}
