use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project::pin_project;

/// The answer of a middleware that hands a request on, or answers it itself.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct ResponseFuture<F, B>(#[pin] Kind<F, B>);

#[derive(Debug)]
#[pin_project(project = KindProjection)]
enum Kind<F, B> {
    HandedOn(#[pin] F),
    Answered(Option<Response<B>>),
}

impl<F, B> ResponseFuture<F, B> {
    pub(crate) fn handed_on(future: F) -> Self {
        Self(Kind::HandedOn(future))
    }

    pub(crate) fn answered(response: Response<B>) -> Self {
        Self(Kind::Answered(Some(response)))
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().0.project() {
            KindProjection::HandedOn(future) => future.poll(cx),
            KindProjection::Answered(response) => {
                let response = response.take();
                Poll::Ready(Ok(response.expect("not polled again after it was ready")))
            }
        }
    }
}
