//! The body of a response, as the engine reads it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_io::AsyncRead;
use http::HeaderMap;
use http_body::Body as _;
use transom::adapter::ResponseBody;
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
    /// The connection, where nobody else looks whether the client is still there.
    wire: Option<Shared<Wire>>,
}

impl Outgoing {
    /// Returns the body that the engine sends; `None` for one that has nothing to send.
    pub(crate) fn of(
        body: ResponseBody,
        takes_trailers: bool,
        wire: Option<Shared<Wire>>,
    ) -> Option<Body> {
        let length = body.size_hint().exact();
        if length == Some(0) && body.is_end_stream() {
            return None;
        }
        let outgoing = Self {
            body,
            data: Bytes::new(),
            trailers: None,
            takes_trailers,
            wire,
        };
        Some(Body::new_with_trailers(outgoing, length))
    }
}

impl AsyncRead for Outgoing {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        while this.data.is_empty() {
            let frame = match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    if let Some(wire) = &this.wire
                        && let Some(end) = wire.with(|wire| wire.poll_end(cx))
                    {
                        // A client that closed its side may still read.
                        ready!(end)?;
                        this.body.lifetime().disconnect();
                    }
                    return Poll::Pending;
                }
            };
            match frame.transpose().map_err(io::Error::other)? {
                None => return Poll::Ready(Ok(0)),
                Some(frame) => match frame.into_data() {
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
        self.get_mut().trailers.take().map(head::trailers)
    }
}
