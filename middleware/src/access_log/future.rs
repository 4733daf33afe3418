use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project::pin_project;

use super::AccessLogBody;
use super::entry::Entry;
use super::outcome::Outcome;

/// The answer of [`AccessLog`](super::AccessLog).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct AccessLogFuture<F> {
    #[pin]
    inner: F,
    entry: Option<Box<Entry>>,
}

impl<F> AccessLogFuture<F> {
    pub(super) fn new(inner: F, entry: Option<Box<Entry>>) -> Self {
        Self { inner, entry }
    }
}

impl<F, R, E> Future for AccessLogFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<AccessLogBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = match this.entry {
            Some(entry) => entry.run(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        };
        let answer = ready!(answer);
        let Some(mut entry) = this.entry.take() else {
            return Poll::Ready(answer.map(|response| response.map(AccessLogBody::unlogged)));
        };
        Poll::Ready(match answer {
            Ok(response) => {
                let progress = entry.answered(&response);
                Ok(response.map(|body| AccessLogBody::logged(body, entry, progress)))
            }
            Err(error) => {
                entry.end(Outcome::Failed);
                Err(error)
            }
        })
    }
}
