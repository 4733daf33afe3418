use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::layer::Options;
use super::limiter::Place;
use super::{LimitFuture, PermitBody};

/// Hands on so many requests at once. See the [module](super).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimiter<S> {
    inner: S,
    options: Options,
}

impl<S> ConcurrencyLimiter<S> {
    pub(super) fn new(inner: S, options: Options) -> Self {
        Self { inner, options }
    }
}

impl<S, B, R> Service<Request<B>> for ConcurrencyLimiter<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: Body + Default,
{
    type Response = Response<PermitBody<R>>;
    type Error = S::Error;
    type Future = LimitFuture<S, Request<B>>;

    /// That of the inner service: who waits for a permit waits in its call, where the queue has an end.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let exempt = self
            .options
            .exempt
            .as_ref()
            .is_some_and(|exempt| exempt(&parts));
        let request = Request::from_parts(parts, body);
        if exempt {
            return LimitFuture::running(self.inner.call(request), None);
        }
        match self.options.limiter.acquire() {
            Place::Now(permit) => LimitFuture::running(self.inner.call(request), Some(permit)),
            Place::Later(waiting) => {
                // The one that is ready waits; the one that stays has to become so.
                let next = self.inner.clone();
                let ready = mem::replace(&mut self.inner, next);
                LimitFuture::waiting(waiting, ready, request, self.options.retry_after)
            }
            Place::None => LimitFuture::refused(self.options.retry_after),
        }
    }
}
