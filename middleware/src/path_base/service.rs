use std::task::{Context, Poll};

use http::Request;
use tower_service::Service;
use transom::features::PathBase;

/// Takes a prefix off the path of each request. See the [module](super).
#[derive(Clone, Debug)]
pub struct TakePathBase<S> {
    inner: S,
    base: PathBase,
}

impl<S> TakePathBase<S> {
    pub(super) fn new(inner: S, base: PathBase) -> Self {
        Self { inner, base }
    }
}

impl<S, B> Service<Request<B>> for TakePathBase<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        self.base.take_off(&mut request);
        self.inner.call(request)
    }
}
