//! The body of a request of HTTP/2, before its answer has begun and after.
//!
//! The engine says only that nothing follows, not whether the stream ended or was reset. But on a stream that was
//! reset, unlike on one that ended, nothing can be written.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_io::{AsyncRead as _, AsyncWrite as _};
use tokio::time::Instant;
use transom::features::RequestLifetime;
use transom_adapter_tokio::Timer;
use trillium_http::h2::H2Transport;
use trillium_http::{Conn, Headers};

use crate::feed::Source;
use crate::intake::Buffer;
use crate::shared::Shared;

/// How often it is looked whether a stream was reset while what came of it is not wanted: nothing tells then.
const LOOK: Duration = Duration::from_millis(100);

/// A request that is not answered yet.
pub(crate) struct InHead<'a> {
    conn: &'a mut Conn<Shared<H2Transport>>,
    received: u64,
    /// Its body was read to its end.
    ended: bool,
    /// What follows belongs to a tunnel.
    tunnel: bool,
    look: Look,
}

impl<'a> InHead<'a> {
    pub(crate) fn new(conn: &'a mut Conn<Shared<H2Transport>>, tunnel: bool) -> Self {
        Self {
            conn,
            received: 0,
            ended: false,
            tunnel,
            look: Look::default(),
        }
    }

    /// Returns how many bytes of the body there were.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn has_trailers(&self) -> bool {
        self.conn.request_trailers().is_some()
    }
}

impl Source for InHead<'_> {
    const EAGER: bool = true;

    async fn piece(&mut self, buffer: &mut Buffer) -> io::Result<Bytes> {
        let mut body = self.conn.request_body();
        let piece = poll_fn(|cx| buffer.poll_read(&mut body, cx)).await?;
        if piece.is_empty() {
            if poll_fn(|cx| Poll::Ready(is_reset(self.conn.transport(), cx))).await {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            self.ended = true;
        }
        self.received += piece.len() as u64;
        Ok(piece)
    }

    fn trailers(&mut self) -> Option<Headers> {
        self.conn.request_trailers_mut().map(std::mem::take)
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>, _: &RequestLifetime) -> Poll<io::Error> {
        let transport = self.conn.transport();
        if self.ended && !self.tunnel {
            // There is nothing to read: it is to be woken.
            let _ = transport.with(|transport| Pin::new(transport).poll_read(cx, &mut [0]));
            return match is_reset(transport, cx) {
                true => Poll::Ready(io::ErrorKind::ConnectionReset.into()),
                false => Poll::Pending,
            };
        }
        self.look.poll(transport, cx)
    }

    fn is_cut(&self) -> bool {
        is_reset(
            self.conn.transport(),
            &mut Context::from_waker(std::task::Waker::noop()),
        )
    }
}

/// What is left of a request whose answer has begun. Its trailers are out of reach.
pub(crate) struct Stream {
    transport: Shared<H2Transport>,
    received: u64,
    expected: Option<u64>,
    cut: bool,
}

impl Stream {
    pub(crate) fn new(
        transport: Shared<H2Transport>,
        received: u64,
        expected: Option<u64>,
    ) -> Self {
        Self {
            transport,
            received,
            expected,
            cut: false,
        }
    }
}

impl Source for Stream {
    const EAGER: bool = true;

    async fn piece(&mut self, buffer: &mut Buffer) -> io::Result<Bytes> {
        let piece = poll_fn(|cx| buffer.poll_read(&mut self.transport, cx)).await?;
        self.received += piece.len() as u64;
        if piece.is_empty() && self.expected != Some(self.received) {
            // Once the answer is complete nothing can be written either way; then it counts as reset.
            self.cut = poll_fn(|cx| Poll::Ready(is_reset(&self.transport, cx))).await;
            match (self.cut, self.expected) {
                (true, _) => return Err(io::ErrorKind::ConnectionReset.into()),
                (false, Some(_)) => return Err(io::ErrorKind::InvalidData.into()),
                (false, None) => {}
            }
        }
        Ok(piece)
    }

    fn trailers(&mut self) -> Option<Headers> {
        None
    }

    fn poll_gone(&mut self, _: &mut Context<'_>, _: &RequestLifetime) -> Poll<io::Error> {
        // The engine drops the body of the answer, which tells.
        Poll::Pending
    }

    fn is_cut(&self) -> bool {
        self.cut
    }
}

fn is_reset(transport: &Shared<H2Transport>, cx: &mut Context<'_>) -> bool {
    let written = transport.with(|transport| Pin::new(transport).poll_write(cx, &[]));
    !matches!(written, Some(Poll::Ready(Ok(_)) | Poll::Pending))
}

/// Looks again and again.
#[derive(Default)]
struct Look {
    timer: Timer,
    next: Option<Instant>,
}

impl Look {
    fn poll(&mut self, transport: &Shared<H2Transport>, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            if is_reset(transport, cx) {
                return Poll::Ready(io::ErrorKind::ConnectionReset.into());
            }
            let next = *self.next.get_or_insert_with(|| Instant::now() + LOOK);
            ready!(self.timer.poll(Some(next), cx));
            self.next = None;
        }
    }
}
