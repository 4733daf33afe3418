use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;
use transom::RequestExt;
use transom::features::RequestLifetime;

use super::policy::Policy;
use super::watch::Watch;
use super::{RequestTimeout, TimeoutBody, TimeoutFuture};

/// Gives requests a time in which they are answered. See the [module](super).
#[derive(Clone, Debug)]
pub struct RequestTimeouts<S> {
    inner: S,
    policy: Policy,
}

impl<S> RequestTimeouts<S> {
    pub(super) fn new(inner: S, policy: Policy) -> Self {
        Self { inner, policy }
    }
}

impl<S, B, R> Service<Request<B>> for RequestTimeouts<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body + Default,
{
    type Response = Response<TimeoutBody<R>>;
    type Error = S::Error;
    type Future = TimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(outer) = request.feature::<RequestTimeout>()
            && outer.adopt(self.policy)
        {
            return TimeoutFuture::handed_on(self.inner.call(request));
        }
        let timeout = RequestTimeout::new(self.policy);
        let lifetime = RequestLifetime::new();
        let outer = request.feature::<RequestLifetime>().cloned();
        let watch = Watch::new(timeout.clone(), lifetime.clone(), outer);
        let features = request.features_mut();
        features.insert(timeout);
        features.insert(lifetime);
        let method = request.method().clone();
        TimeoutFuture::watched(self.inner.call(request), watch, method)
    }
}
