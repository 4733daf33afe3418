use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderName, Response};
use pin_project::pin_project;

use super::{Measured, ServerTiming};

static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The answer of [`ServerTimings`](super::ServerTimings).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct TimingFuture<F> {
    #[pin]
    inner: F,
    measured: Option<Measured>,
    /// Who was first adds the field.
    timing: Option<ServerTiming>,
}

impl<F> TimingFuture<F> {
    pub(super) fn unmeasured(inner: F) -> Self {
        Self {
            inner,
            measured: None,
            timing: None,
        }
    }

    pub(super) fn measured(inner: F, measured: Measured, timing: Option<ServerTiming>) -> Self {
        Self {
            inner,
            measured: Some(measured),
            timing,
        }
    }
}

impl<F, R, E> Future for TimingFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        *this.measured = None;
        if let Some(timing) = this.timing.take()
            && let Some(field) = timing.end()
        {
            response.headers_mut().append(&SERVER_TIMING, field);
        }
        Poll::Ready(Ok(response))
    }
}
