use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::Body as _;
use tokio::io::{AsyncRead, ReadBuf};
use transom::adapter::MountBody;

use crate::pump::Pump;

/// How much Rocket reads at a time.
pub(crate) const MAX_CHUNK: usize = 16 * 1024;

/// The body of a response, for Rocket to read. It drives the rest of the request's body too.
pub(crate) struct Outgoing<'r> {
    body: MountBody,
    /// What is left of a frame.
    rest: Bytes,
    pump: Option<Pump<'r>>,
}

impl<'r> Outgoing<'r> {
    pub(crate) fn new(body: MountBody, pump: Option<Pump<'r>>) -> Self {
        let rest = Bytes::new();
        Self { body, rest, pump }
    }
}

impl AsyncRead for Outgoing<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(pump) = &mut this.pump {
            pump.poll(cx);
        }
        while this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                // Trailers have no place here.
                Some(Ok(frame)) => this.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = this.rest.len().min(buffer.remaining());
        buffer.put_slice(&this.rest[..length]);
        this.rest.advance(length);
        Poll::Ready(Ok(()))
    }
}
