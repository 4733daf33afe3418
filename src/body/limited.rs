use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use pin_project::pin_project;

use super::{BoxError, Error};
use crate::features::MaxRequestBodySize;

/// A request's body that holds to [`MaxRequestBodySize`]: frozen at the first poll, and an error before
/// the first byte past it, or at once when the announced length says so.
#[pin_project]
pub(crate) struct Limited<B> {
    #[pin]
    body: B,
    limit: MaxRequestBodySize,
    read: u64,
}

impl<B> Limited<B> {
    pub(crate) fn new(body: B, limit: MaxRequestBodySize) -> Self {
        Self {
            body,
            limit,
            read: 0,
        }
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>>> HttpBody for Limited<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        let limit = this.limit.freeze();
        if let Some(limit) = limit
            && this.read.saturating_add(this.body.size_hint().lower()) > limit
        {
            return Poll::Ready(Some(Err(Error::length_limit(limit))));
        }
        let frame = ready!(this.body.poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            *this.read += data.len() as u64;
            if let Some(limit) = limit
                && *this.read > limit
            {
                return Poll::Ready(Some(Err(Error::length_limit(limit))));
            }
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Error::new)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
