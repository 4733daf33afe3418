use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project::pin_project;

/// A body of which a part was looked at before; that comes first, and then the rest.
#[pin_project]
pub struct Replayed<B: Body> {
    /// As one piece, since a peer that sends each byte alone would make the pieces larger than the content.
    ahead: BytesMut,
    trailers: Option<HeaderMap>,
    /// What came in place of a further frame.
    error: Option<B::Error>,
    ended: bool,
    #[pin]
    rest: B,
}

impl<B: Body<Data = Bytes>> Replayed<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            ahead: BytesMut::new(),
            trailers: None,
            error: None,
            ended: false,
            rest: body,
        }
    }

    /// Takes a further frame from the rest and keeps it; returns whether the rest may have more.
    pub(super) fn poll_read_ahead(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = self.project();
        match ready!(this.rest.poll_frame(cx)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => this.ahead.extend_from_slice(&data),
                Err(frame) => *this.trailers = frame.into_trailers().ok(),
            },
            Some(Err(error)) => {
                *this.error = Some(error);
                *this.ended = true;
            }
            None => *this.ended = true,
        }
        Poll::Ready(!*this.ended)
    }

    /// Returns the content that was read ahead.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Returns whether all of the body was read ahead.
    pub(super) fn is_whole(&self) -> bool {
        self.ended && self.error.is_none()
    }
}

impl<B: Body<Data = Bytes>> Body for Replayed<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if !this.ahead.is_empty() {
            let data = std::mem::take(this.ahead).freeze();
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(trailers) = this.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        match *this.ended {
            true => Poll::Ready(this.error.take().map(Err)),
            false => this.rest.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        let ended = match self.ended {
            true => self.error.is_none(),
            false => self.rest.is_end_stream(),
        };
        ended && self.ahead.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.len() as u64;
        let rest = match (self.ended, &self.error) {
            (true, None) => SizeHint::with_exact(0),
            // Nobody knows how long it would have been.
            (true, Some(_)) => SizeHint::new(),
            (false, _) => self.rest.size_hint(),
        };
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ahead));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(ahead));
        }
        hint
    }
}

impl<B: Body> fmt::Debug for Replayed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayed")
            .field("ahead", &self.ahead.len())
            .finish_non_exhaustive()
    }
}
