use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project::pin_project;

use super::entry::Entry;
use super::outcome::Outcome;
use crate::progress::Progress;

/// The content of a response below [`AccessLog`](super::AccessLog), counted as the server takes it.
#[derive(Debug)]
#[pin_project]
pub struct AccessLogBody<R> {
    #[pin]
    inner: R,
    /// Taken when the line is written.
    logged: Option<(Box<Entry>, Progress)>,
}

impl<R> AccessLogBody<R> {
    pub(super) fn unlogged(inner: R) -> Self {
        Self {
            inner,
            logged: None,
        }
    }

    pub(super) fn logged(inner: R, entry: Box<Entry>, progress: Progress) -> Self {
        if progress.is_complete() {
            entry.end(Outcome::Complete);
            return Self::unlogged(inner);
        }
        Self {
            inner,
            logged: Some((entry, progress)),
        }
    }
}

impl<R: Body> Body for AccessLogBody<R> {
    type Data = R::Data;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<R::Data>, R::Error>>> {
        let mut this = self.project();
        let Some((mut entry, mut progress)) = this.logged.take() else {
            return this.inner.poll_frame(cx);
        };
        let polled = entry.run(|| this.inner.as_mut().poll_frame(cx));
        if let Poll::Ready(frame) = &polled {
            progress.count(frame.as_ref(), &*this.inner);
            if let Some(Ok(frame)) = frame {
                entry.sent(frame.data_ref().map_or(0, Buf::remaining));
            }
        }
        let failed = matches!(polled, Poll::Ready(Some(Err(_))));
        match progress.is_complete() {
            true => entry.end(Outcome::Complete),
            false if failed => entry.end(Outcome::Failed),
            false => *this.logged = Some((entry, progress)),
        }
        Poll::Ready(ready!(polled))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
