use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project::pin_project;
use transom::body::{BoxError, Error};

use super::watch::Watch;
use crate::progress::Progress;

/// The content of a response below [`RequestTimeouts`](super::RequestTimeouts): what the application sends, until its
/// time is over if the policy includes it.
#[pin_project]
pub struct TimeoutBody<R> {
    #[pin]
    inner: R,
    watched: Option<Watched>,
    /// It was broken off.
    broken: bool,
}

struct Watched {
    watch: Pin<Box<Watch>>,
    timed: bool,
    progress: Progress,
}

impl<R> TimeoutBody<R> {
    pub(super) fn plain(inner: R) -> Self {
        Self {
            inner,
            watched: None,
            broken: false,
        }
    }

    pub(super) fn watched(
        inner: R,
        watch: Pin<Box<Watch>>,
        timed: bool,
        progress: Progress,
    ) -> Self {
        Self {
            watched: Some(Watched {
                watch,
                timed,
                progress,
            }),
            ..Self::plain(inner)
        }
    }
}

impl<R> Body for TimeoutBody<R>
where
    R: Body<Error: Into<BoxError>>,
{
    type Data = R::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<R::Data>, BoxError>>> {
        let mut this = self.project();
        if *this.broken {
            return Poll::Ready(None);
        }
        let frame = this.inner.as_mut().poll_frame(cx);
        let Some(watched) = this.watched else {
            return frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)));
        };
        watched.watch.hang_up();
        if let Poll::Ready(frame) = frame {
            watched.progress.count(frame.as_ref(), &*this.inner);
            if watched.progress.is_complete() {
                watched.watch.as_mut().answered();
                watched.watch.timeout.end();
                *this.watched = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        watched.watch.as_mut().poll_link(cx);
        if watched.timed && watched.watch.as_mut().poll_elapsed(cx).is_ready() {
            *this.watched = None;
            *this.broken = true;
            return Poll::Ready(Some(Err(Error::new(TOO_LATE).into())));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.broken || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

const TOO_LATE: &str = "the response took longer than it may";

impl<R> fmt::Debug for TimeoutBody<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimeoutBody")
    }
}
