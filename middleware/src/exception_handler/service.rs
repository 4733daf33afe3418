use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response, header};
use tower_service::Service;
use transom::body::BoxError;

use transom::pipeline::Failure;

use crate::answer::Answer;
use crate::watched;

/// Answers in the place of what failed. See the [module](super).
#[derive(Clone, Debug)]
pub struct ExceptionHandler<S, A> {
    inner: S,
    answer: A,
}

impl<S, A> ExceptionHandler<S, A> {
    pub(super) fn new(inner: S, answer: A) -> Self {
        Self { inner, answer }
    }
}

impl<S, A, B, R> Service<Request<B>> for ExceptionHandler<S, A>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
    A: Answer<Failure, S, B, R>,
    B: Send + 'static,
    R: Default + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ExceptionHandlerFuture<R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let another = self.inner.clone();
        // The one that is ready is the one that is called.
        let ready = std::mem::replace(&mut self.inner, another.clone());
        let answer = self.answer.clone();
        let kept = answer.keep(&request);
        ExceptionHandlerFuture(Box::pin(async move {
            Ok(match watched::call(ready, request).await {
                Ok(response) => response,
                Err(failure) => not_stored(answer.answer(another, kept, failure).await),
            })
        }))
    }
}

/// What a cache keeps would outlive the failure.
fn not_stored<R>(mut response: Response<R>) -> Response<R> {
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The answer of [`ExceptionHandler`].
#[must_use = "futures do nothing unless polled"]
pub struct ExceptionHandlerFuture<R, E>(
    Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>>,
);

impl<R, E> Future for ExceptionHandlerFuture<R, E> {
    type Output = Result<Response<R>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R, E> fmt::Debug for ExceptionHandlerFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExceptionHandlerFuture")
    }
}
