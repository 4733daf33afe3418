use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Method, Response, StatusCode};
use http_body::Body;
use pin_project::pin_project;
use tokio::time::Sleep;

use super::TimeoutBody;
use super::policy::Policy;
use super::watch::Watch;
use crate::progress::Progress;

/// The answer of [`RequestTimeouts`](super::RequestTimeouts).
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct TimeoutFuture<F> {
    /// Dropped before it is answered for.
    #[pin]
    inner: Option<F>,
    watch: Option<Pin<Box<Watch>>>,
    /// It decides what its answer may hold.
    method: Method,
    /// Which policy elapsed.
    elapsed: Option<Policy>,
    #[pin]
    grace: Option<Sleep>,
}

impl<F> TimeoutFuture<F> {
    pub(super) fn handed_on(inner: F) -> Self {
        Self {
            inner: Some(inner),
            watch: None,
            method: Method::GET,
            elapsed: None,
            grace: None,
        }
    }

    pub(super) fn watched(inner: F, watch: Pin<Box<Watch>>, method: Method) -> Self {
        Self {
            watch: Some(watch),
            method,
            ..Self::handed_on(inner)
        }
    }
}

impl<F, R, E> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body + Default,
{
    type Output = Result<Response<TimeoutBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.elapsed.is_none() {
            if let Some(inner) = this.inner.as_mut().as_pin_mut()
                && let Poll::Ready(response) = inner.poll(cx)
            {
                return Poll::Ready(match (response, this.watch.take()) {
                    (Ok(response), Some(watch)) => Ok(begun(response, watch, this.method)),
                    (Ok(response), None) => Ok(response.map(TimeoutBody::plain)),
                    (Err(error), _) => Err(error),
                });
            }
            let Some(watch) = this.watch.as_mut() else {
                return Poll::Pending;
            };
            watch.as_mut().poll_link(cx);
            ready!(watch.as_mut().poll_elapsed(cx));
            let policy = watch.timeout.policy();
            *this.elapsed = Some(policy);
            if !policy.grace.is_zero() {
                this.grace.set(Some(tokio::time::sleep(policy.grace)));
            }
        }
        if let Some(inner) = this.inner.as_mut().as_pin_mut() {
            // Whatever it returns was written for a client that is gone.
            let ended = inner.poll(cx).is_ready();
            if let Some(watch) = this.watch.as_mut() {
                watch.as_mut().poll_link(cx);
                watch.hang_up();
            }
            if !ended && let Some(grace) = this.grace.as_mut().as_pin_mut() {
                ready!(grace.poll(cx));
            }
            this.inner.set(None);
        }
        let status = this
            .elapsed
            .map_or(StatusCode::GATEWAY_TIMEOUT, |policy| policy.status);
        let mut response = Response::new(TimeoutBody::plain(R::default()));
        *response.status_mut() = status;
        Poll::Ready(Ok(response))
    }
}

/// Hands the watch on to the body of a response that came in time.
fn begun<R: Body>(
    response: Response<R>,
    mut watch: Pin<Box<Watch>>,
    method: &Method,
) -> Response<TimeoutBody<R>> {
    watch.hang_up();
    let tunnel = *method == Method::CONNECT || response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let timed = watch.timeout.policy().body_included && !tunnel;
    let progress = Progress::of(method, &response);
    if progress.is_complete() {
        watch.as_mut().answered();
    }
    if !timed || progress.is_complete() {
        watch.timeout.end();
    }
    match progress.is_complete() {
        true => response.map(TimeoutBody::plain),
        false => response.map(|body| TimeoutBody::watched(body, watch, timed, progress)),
    }
}

impl<F> fmt::Debug for TimeoutFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimeoutFuture")
    }
}
