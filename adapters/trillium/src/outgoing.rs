//! The body of a response, as the engine reads it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_io::AsyncRead;
use http::HeaderMap;
use http_body::Body as _;
use transom::adapter::ResponseBody;
use transom::body::Error;
use trillium_http::h2::H2Transport;
use trillium_http::{Body, BodySource, Headers};

use crate::head;
use crate::shared::Shared;
use crate::wire::Wire;

/// Reads the frames of a body.
pub(crate) struct Outgoing {
    body: ResponseBody,
    data: Bytes,
    trailers: Option<HeaderMap>,
    takes_trailers: bool,
    peer: Peer,
}

/// Where a body goes.
pub(crate) enum Peer {
    /// A connection of HTTP/1: while the body is waited for, nobody else looks whether the client is still there.
    Wire(Shared<Wire>),
    /// A stream of HTTP/2: the engine forgets one whose body fails, and does not tell the client.
    Stream(Shared<H2Transport>),
}

impl Outgoing {
    /// Returns the body that the engine sends; `None` for one that has nothing to send.
    pub(crate) fn of(body: ResponseBody, takes_trailers: bool, peer: Peer) -> Option<Body> {
        let length = body.size_hint().exact();
        if length == Some(0) && body.is_end_stream() {
            return None;
        }
        let outgoing = Self {
            body,
            data: Bytes::new(),
            trailers: None,
            takes_trailers,
            peer,
        };
        Some(Body::new_with_trailers(outgoing, length))
    }

    /// Breaks the response off.
    fn fail(&self, error: Error) -> Poll<io::Result<usize>> {
        match &self.peer {
            Peer::Wire(_) => Poll::Ready(Err(io::Error::other(error))),
            Peer::Stream(stream) => {
                // The engine resets a stream that is dropped before its answer is complete, unless it hears of the
                // error first.
                drop(stream.take());
                Poll::Pending
            }
        }
    }
}

impl AsyncRead for Outgoing {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.data.is_empty()
            && let Some(whole) = this.body.take_whole()
        {
            this.data = whole;
        }
        while this.data.is_empty() {
            let frame = match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    if let Peer::Wire(wire) = &this.peer
                        && let Some(end) = wire.with(|wire| wire.poll_end(cx))
                    {
                        // A client that closed its side may still read.
                        ready!(end)?;
                        this.body.lifetime().disconnect();
                    }
                    return Poll::Pending;
                }
            };
            match frame {
                None => return Poll::Ready(Ok(0)),
                Some(Err(error)) => return this.fail(error),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.data = data,
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok();
                        this.trailers = trailers.filter(|_| this.takes_trailers);
                    }
                },
            }
        }
        let read = this.data.len().min(buffer.len());
        this.data.copy_to_slice(&mut buffer[..read]);
        Poll::Ready(Ok(read))
    }
}

impl BodySource for Outgoing {
    fn trailers(self: Pin<&mut Self>) -> Option<Headers> {
        let trailers = self.get_mut().trailers.take()?;
        Some(head::trailers(&trailers))
    }
}
