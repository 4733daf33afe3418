use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode, header};
use http_body::Body;
use tower_service::Service;

use super::NoStatusCodePage;
use crate::answer::Answer;
use crate::merge::merge;

/// Fills in the bodies of errors that have none. See the [module](super).
#[derive(Clone, Debug)]
pub struct StatusCodePages<S, A> {
    inner: S,
    answer: A,
}

impl<S, A> StatusCodePages<S, A> {
    pub(super) fn new(inner: S, answer: A) -> Self {
        Self { inner, answer }
    }
}

impl<S, A, B, R> Service<Request<B>> for StatusCodePages<S, A>
where
    S: Service<Request<B>, Response = Response<R>, Future: Send> + Clone + Send + 'static,
    A: Answer<StatusCode, S, B, R>,
    B: Send + 'static,
    R: Body + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = StatusCodePagesFuture<R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (answer, another) = (self.answer.clone(), self.inner.clone());
        let kept = answer.keep(&request);
        let running = self.inner.call(request);
        StatusCodePagesFuture(Box::pin(async move {
            let response = running.await?;
            if !has_to_be_filled(&response) {
                return Ok(response);
            }
            let page = answer.answer(another, kept, response.status()).await;
            Ok(fill(response, page))
        }))
    }
}

fn has_to_be_filled<R: Body>(response: &Response<R>) -> bool {
    let (status, headers) = (response.status(), response.headers());
    let length = headers.get(header::CONTENT_LENGTH);
    (status.is_client_error() || status.is_server_error())
        && !headers.contains_key(header::CONTENT_TYPE)
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::TRANSFER_ENCODING)
        // That of an answer to HEAD is of a body which is not here.
        && length.is_none_or(|length| length == "0")
        && response.extensions().get::<NoStatusCodePage>().is_none()
        && (response.body().is_end_stream() || response.body().size_hint().exact() == Some(0))
}

/// Makes the page the body of a response, which keeps its fields where the page has none.
fn fill<R>(response: Response<R>, page: Response<R>) -> Response<R> {
    let (mut head, _) = response.into_parts();
    let (of_page, body) = page.into_parts();
    head.status = of_page.status;
    head.extensions.extend(of_page.extensions);
    head.headers.remove(header::CONTENT_LENGTH);
    merge(
        &mut head.headers,
        of_page.headers,
        &[header::VARY, header::SET_COOKIE],
    );
    Response::from_parts(head, body)
}

/// The answer of [`StatusCodePages`].
#[must_use = "futures do nothing unless polled"]
pub struct StatusCodePagesFuture<R, E>(
    Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>>,
);

impl<R, E> Future for StatusCodePagesFuture<R, E> {
    type Output = Result<Response<R>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R, E> fmt::Debug for StatusCodePagesFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatusCodePagesFuture")
    }
}
