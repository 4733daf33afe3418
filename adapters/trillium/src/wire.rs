//! A connection of HTTP/1 as the engine reads it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_io::{AsyncRead, AsyncWrite};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::time::Instant;
use transom::Shutdown;
use transom_adapter_tokio::{Stream, Timer, begins_as_http2};

/// How much is read ahead of the engine to see whether the client is still there.
const AHEAD: usize = 16 * 1024;

/// What a client gets that began a head and did not end it in time.
const TIMEOUT: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How long a connection may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// From its start to the end of its first head, TLS included; and of each head after it from its first byte.
    pub(crate) head: Option<Duration>,
    /// From a response to the next head.
    pub(crate) keep_alive: Option<Duration>,
}

/// A socket, and what the engine does not know of it: bytes that were read ahead, times, the request to stop.
pub(crate) struct Wire {
    stream: Stream,
    /// Bytes that the engine has not read yet.
    ahead: BytesMut,
    end: Option<End>,
    phase: Phase,
    timer: Timer,
    timeouts: Timeouts,
    shutdown: Shutdown,
}

/// How the client's side ended.
#[derive(Clone, Copy)]
enum End {
    Orderly,
    Broken(io::ErrorKind),
}

/// What the connection waits for.
#[derive(Clone, Copy)]
enum Phase {
    /// The rest of a head.
    Head(Option<Instant>),
    /// An answer; the body of a request belongs to that.
    Answer,
    /// The engine has the answer. When it reads again, it has been sent.
    Answered,
    /// The next head.
    Idle(Option<Instant>),
    /// Nothing of HTTP/1 any more.
    Foreign,
}

impl Wire {
    /// `since` is when the connection was accepted.
    pub(crate) fn new(
        stream: Stream,
        since: Instant,
        timeouts: Timeouts,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            stream,
            ahead: BytesMut::new(),
            end: None,
            phase: Phase::Head(timeouts.head.map(|timeout| since + timeout)),
            timer: Timer::default(),
            timeouts,
            shutdown,
        }
    }

    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }

    /// The head of a request is complete.
    pub(crate) fn answering(&mut self) {
        self.phase = Phase::Answer;
    }

    /// The answer is the engine's to send.
    pub(crate) fn answered(&mut self) {
        self.phase = Phase::Answered;
    }

    /// Another protocol is spoken from now on: no time limit is left. `read` is what the engine has read of it.
    pub(crate) fn switched(&mut self, read: &[u8]) {
        self.phase = Phase::Foreign;
        if !read.is_empty() {
            let mut all = BytesMut::with_capacity(read.len() + self.ahead.len());
            all.extend_from_slice(read);
            all.extend_from_slice(&self.ahead);
            self.ahead = all;
        }
    }

    /// Returns whether the client's side has ended, as far as it was read.
    pub(crate) fn is_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Returns whether the engine answered without asking the application: what is behind the head was not read.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.phase, Phase::Head(_)) && self.end.is_none()
    }

    /// Waits for the end of the client's side, and reads ahead for that as much as there may be. An error says that
    /// nobody can be answered any more.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.end.is_none() {
            if self.ahead.len() >= AHEAD {
                return Poll::Pending;
            }
            ready!(self.poll_ahead(cx));
        }
        match self.end {
            Some(End::Broken(kind)) => Poll::Ready(Err(kind.into())),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Waits until what was read is the beginning of HTTP/2, or cannot become it, and returns which. Takes no byte
    /// away.
    pub(crate) fn poll_is_http2(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            if let Some(is_http2) = begins_as_http2(&self.ahead) {
                return Poll::Ready(Ok(is_http2));
            }
            match self.end {
                Some(End::Broken(kind)) => return Poll::Ready(Err(kind.into())),
                Some(End::Orderly) => return Poll::Ready(Ok(false)),
                None => {}
            }
            if self.poll_ahead(cx).is_pending() {
                return match ready!(self.poll_patience(cx)) {
                    Ok(_) => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
                    Err(error) => Poll::Ready(Err(error)),
                };
            }
        }
    }

    /// Takes what was read ahead.
    pub(crate) fn take_ahead(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ahead).into()
    }

    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 2048];
        let mut buffer = ReadBuf::new(&mut space);
        let read = ready!(self.poll_socket(cx, &mut buffer));
        if read.is_ok() {
            self.ahead.extend_from_slice(buffer.filled());
        }
        Poll::Ready(())
    }

    /// Reads from the socket, and notices the end.
    fn poll_socket(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        match &read {
            Ok(()) if buffer.filled().len() == before => self.end = Some(End::Orderly),
            // TLS that ends without a word; whether something is missing, HTTP tells.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.end = Some(End::Orderly);
                return Poll::Ready(Ok(()));
            }
            Err(error) => self.end = Some(End::Broken(error.kind())),
            Ok(()) => {}
        }
        Poll::Ready(read)
    }

    /// What to do while nothing comes: `Ok` ends the connection in order.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let (deadline, begun) = match self.phase {
            Phase::Head(deadline) => (deadline, true),
            Phase::Idle(deadline) => (deadline, false),
            Phase::Answer | Phase::Answered | Phase::Foreign => return Poll::Pending,
        };
        if self.shutdown.is_requested() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.timer.poll(deadline, cx));
        if begun {
            // Whether there is room for it or not.
            let _ = Pin::new(&mut self.stream).poll_write(cx, TIMEOUT);
            let _ = Pin::new(&mut self.stream).poll_flush(cx);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Ready(Ok(0))
    }

    /// A client that sends and sends is never waited for: neither may it be in the middle of a head for ever, nor of
    /// a body that the engine skips in search of one.
    fn check_patience(&self) -> io::Result<()> {
        match self.phase {
            Phase::Head(Some(deadline)) if Instant::now() >= deadline => {
                Err(io::ErrorKind::TimedOut.into())
            }
            _ => Ok(()),
        }
    }

    /// Bytes came.
    fn begin(&mut self) {
        if let Phase::Idle(_) = self.phase {
            self.phase = Phase::Head(self.timeouts.head.map(|timeout| Instant::now() + timeout));
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Phase::Answered = this.phase {
            let timeout = this.timeouts.keep_alive;
            this.phase = Phase::Idle(timeout.map(|timeout| Instant::now() + timeout));
        }
        if !this.ahead.is_empty() {
            let read = this.ahead.len().min(buffer.len());
            this.ahead.copy_to_slice(&mut buffer[..read]);
            this.begin();
            return Poll::Ready(Ok(read));
        }
        match this.end {
            Some(End::Orderly) => return Poll::Ready(Ok(0)),
            Some(End::Broken(kind)) => return Poll::Ready(Err(kind.into())),
            None => {}
        }
        let mut buffer = ReadBuf::new(buffer);
        match this.poll_socket(cx, &mut buffer) {
            Poll::Ready(read) => {
                read?;
                if !buffer.filled().is_empty() {
                    this.check_patience()?;
                    this.begin();
                }
                Poll::Ready(Ok(buffer.filled().len()))
            }
            Poll::Pending => this.poll_patience(cx),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)) {
            // Closed already, by the client or before.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            closed => Poll::Ready(closed),
        }
    }
}
