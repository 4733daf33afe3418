use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::TryStreamExt;
use http_body::{Body as HttpBody, Frame};
use http_body_util::StreamBody;

use super::{Body, BoxError, Error};

impl Body {
    /// Makes a body of the chunks of a stream; an error of the stream breaks the body off.
    pub fn from_stream<S, C, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<C, E>> + Send + 'static,
        C: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        let frames = stream
            .map_ok(|chunk| Frame::data(chunk.into()))
            .map_err(|error| Error::new(error));
        Self::new(StreamBody::new(frames))
    }

    /// Turns the body into the stream of its data chunks. Trailers are dropped.
    pub fn into_stream(self) -> BodyStream {
        BodyStream(self)
    }
}

/// The data chunks of a [`Body`]; see [`Body::into_stream`].
#[derive(Debug)]
pub struct BodyStream(Body);

impl Stream for BodyStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
