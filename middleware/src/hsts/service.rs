use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{HeaderValue, Request, Response, header};
use pin_project::pin_project;
use tower_service::Service;
use transom::features::Scheme;

use crate::host::Host;
use crate::host_patterns::HostPatterns;
use crate::target;

/// Adds `Strict-Transport-Security` to responses over `https`. See the [module](super).
#[derive(Clone, Debug)]
pub struct Hsts<S> {
    inner: S,
    value: Option<HeaderValue>,
    excluded: Arc<HostPatterns>,
}

impl<S> Hsts<S> {
    pub(super) fn new(inner: S, value: Option<HeaderValue>, excluded: Arc<HostPatterns>) -> Self {
        Self {
            inner,
            value,
            excluded,
        }
    }

    fn is_told<B>(&self, request: &Request<B>) -> bool {
        let host = target::host(request).and_then(Host::parse);
        target::scheme(request) == Some(Scheme::Https)
            && !host.is_some_and(|host| self.excluded.allow(host))
    }
}

impl<S, B, R> Service<Request<B>> for Hsts<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = HstsFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let value = match self.is_told(&request) {
            true => self.value.clone(),
            false => None,
        };
        HstsFuture {
            inner: self.inner.call(request),
            value,
        }
    }
}

/// The answer of [`Hsts`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct HstsFuture<F> {
    #[pin]
    inner: F,
    value: Option<HeaderValue>,
}

impl<F, R, E> Future for HstsFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        if let Some(value) = this.value.take() {
            response
                .headers_mut()
                .entry(header::STRICT_TRANSPORT_SECURITY)
                .or_insert(value);
        }
        Poll::Ready(Ok(response))
    }
}
