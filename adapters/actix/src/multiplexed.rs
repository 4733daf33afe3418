//! The stream that the engine reads and writes on a connection of HTTP/2: it sees what the engine does not
//! tell, and ends the connection, which the engine does not.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use transom::Shutdown;
use transom_adapter_tokio::Stream;

use crate::frames::{Frames, HEADERS, MAX_STREAM, PING, RST_STREAM, SETTINGS, go_away};
use crate::streams::Streams;
use crate::worker::Presence;

pub(crate) struct Multiplexed {
    socket: Stream,
    streams: Rc<Streams>,
    /// What was read to tell the protocol.
    held: BytesMut,
    received: Frames,
    sent: Frames,
    /// The highest stream that the engine was given a request on.
    last: u32,
    questions: Questions,
    /// Frames of the adapter's own, and what is left of them.
    notice: BytesMut,
    /// The engine's frames are with the client's side of the socket.
    flushed: bool,
    stopping: Option<Pin<Box<dyn Future<Output = ()>>>>,
    timeouts: Timeouts,
    idle: Option<Pin<Box<Sleep>>>,
    closing: Closing,
    _presence: Presence,
}

/// How long a connection may be idle; zero is for ever before its first request, and not at all after it.
#[derive(Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) first: Duration,
    pub(crate) between: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    No,
    /// Nothing is open. The engine is called once more, for what it has read and not begun, or not written.
    Armed,
    /// It was told, and is to close before this side does.
    Ended,
}

/// How long a client may take to close a connection that was ended.
const LINGER: Duration = Duration::from_secs(1);

impl Multiplexed {
    pub(crate) fn new(
        socket: Stream,
        held: BytesMut,
        streams: Rc<Streams>,
        shutdown: Shutdown,
        timeouts: Timeouts,
        presence: Presence,
    ) -> Self {
        Self {
            socket,
            streams,
            held,
            received: Frames::of_client(),
            sent: Frames::of_server(),
            last: 0,
            questions: Questions::default(),
            notice: BytesMut::new(),
            flushed: true,
            stopping: Some(Box::pin(async move { shutdown.requested().await })),
            timeouts,
            idle: None,
            closing: Closing::No,
            _presence: presence,
        }
    }

    pub(crate) fn streams(&self) -> &Rc<Streams> {
        &self.streams
    }

    /// Hears of the request to stop: the client is to begin nothing more.
    fn poll_stopping(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Some(stopping) = &mut self.stopping
            && stopping.as_mut().poll(cx).is_ready()
        {
            self.stopping = None;
            self.notice.extend_from_slice(&go_away(MAX_STREAM));
        }
        match self.poll_notice(cx) {
            Poll::Ready(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes the adapter's own frames, between two of the engine's.
    fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.notice.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if !self.sent.is_between() {
            return Poll::Pending; // the engine has more to write
        }
        while !self.notice.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(cx, &self.notice))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.notice.advance(written);
        }
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// Ends a connection that is idle, when it is to stop or was idle for too long.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !(self.streams.is_idle() && (self.stopping.is_none() || self.poll_idle(cx).is_ready())) {
            if !self.streams.is_idle() {
                self.idle = None;
            }
            self.closing = Closing::No;
            return Poll::Pending;
        }
        if self.closing == Closing::No {
            self.closing = Closing::Armed;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if !self.flushed {
            return Poll::Pending;
        }
        if self.closing == Closing::Armed {
            self.closing = Closing::Ended;
            self.notice.extend_from_slice(&go_away(self.last));
            self.idle = None;
        }
        self.poll_last(cx)
    }

    /// Sends what is left to send, and reads on until the client closes: a socket that is closed with something unread
    /// resets the connection, and the client may not have read its answers yet.
    fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_notice(cx))?;
        ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
        let patience = self
            .idle
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + LINGER)));
        let mut space = [0; 4 * 1024];
        while patience.as_mut().poll(cx).is_pending() {
            let mut unwanted = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut unwanted));
            if read.is_err() || unwanted.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timeout = match self.streams.has_begun() {
            true => self.timeouts.between,
            false if self.timeouts.first.is_zero() => return Poll::Pending,
            false => self.timeouts.first,
        };
        self.idle
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + timeout)))
            .as_mut()
            .poll(cx)
    }

    /// Looks at what the engine is given. It answers each PING and each SETTINGS, however many there are.
    fn note(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut is_reset = false;
        let (last, questions) = (&mut self.last, &mut self.questions);
        self.received.pass(bytes, |kind, stream| match kind {
            HEADERS => *last = stream.max(*last),
            RST_STREAM => is_reset = true,
            PING | SETTINGS => questions.count(),
            _ => {}
        });
        if is_reset {
            self.streams.look();
        }
        if self.questions.are_too_many() {
            let reason = "PING or SETTINGS without end";
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(())
    }
}

/// Frames that want an answer, in the current second.
#[derive(Default)]
struct Questions {
    since: Option<Instant>,
    count: u32,
}

impl Questions {
    /// More than any client has use for.
    const MAX: u32 = 1_000;

    fn count(&mut self) {
        let now = Instant::now();
        if !matches!(self.since, Some(since) if now - since < Duration::from_secs(1)) {
            self.since = Some(now);
            self.count = 0;
        }
        self.count += 1;
    }

    fn are_too_many(&self) -> bool {
        self.count > Self::MAX
    }
}

impl AsyncRead for Multiplexed {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.streams.park(cx);
        this.poll_stopping(cx)?;
        if this.closing == Closing::Ended {
            return this.poll_last(cx);
        }
        let before = buffer.filled().len();
        if this.held.is_empty() {
            match Pin::new(&mut this.socket).poll_read(cx, buffer) {
                Poll::Pending => return this.poll_end(cx),
                Poll::Ready(read) => read?,
            }
        } else {
            let bytes = this.held.split_to(this.held.len().min(buffer.remaining()));
            buffer.put_slice(&bytes);
        }
        Poll::Ready(this.note(&buffer.filled()[before..]))
    }
}

impl AsyncWrite for Multiplexed {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.sent.is_between() {
            ready!(this.poll_notice(cx))?;
        }
        this.flushed = false;
        let written = ready!(Pin::new(&mut this.socket).poll_write(cx, bytes))?;
        this.sent.pass(&bytes[..written], |_, _| {});
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.socket).poll_flush(cx))?;
        if !std::mem::replace(&mut this.flushed, true) && this.closing != Closing::No {
            cx.waker().wake_by_ref(); // the end waited for it
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

impl Drop for Multiplexed {
    fn drop(&mut self) {
        // The streams of a connection that is gone are gone too.
        self.streams.look();
    }
}
