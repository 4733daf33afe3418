use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project::pin_project;

use super::limiter::Permit;

/// The content of a response, which holds a permit until it has ended or is dropped.
#[derive(Debug)]
#[pin_project]
pub struct PermitBody<R> {
    #[pin]
    inner: R,
    permit: Option<Permit>,
}

impl<R: Body> PermitBody<R> {
    pub(super) fn new(inner: R, permit: Option<Permit>) -> Self {
        // What has no content has ended.
        let permit = permit.filter(|_| !inner.is_end_stream());
        Self { inner, permit }
    }
}

impl<R: Body> Body for PermitBody<R> {
    type Data = R::Data;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<R::Data>, R::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || this.inner.is_end_stream() {
            *this.permit = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
