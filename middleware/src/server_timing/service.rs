use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;
use transom::RequestExt;

use super::{ServerTiming, TimingFuture};

/// Adds `Server-Timing` to responses. See the [module](super).
#[derive(Clone, Debug)]
pub struct ServerTimings<S> {
    inner: S,
    /// `None`: nothing is measured.
    name: Option<Arc<str>>,
}

impl<S> ServerTimings<S> {
    pub(super) fn new(inner: S, name: Option<Arc<str>>) -> Self {
        Self { inner, name }
    }
}

impl<S, B, R> Service<Request<B>> for ServerTimings<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = TimingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(name) = &self.name else {
            return TimingFuture::unmeasured(self.inner.call(request));
        };
        let outer = request.feature::<ServerTiming>().cloned();
        let first = outer.is_none();
        let timing = outer.unwrap_or_default();
        if first {
            request.features_mut().insert(timing.clone());
        }
        // Before the call: a service may do its work there.
        let measured = timing.measure(&**name);
        TimingFuture::measured(self.inner.call(request), measured, first.then_some(timing))
    }
}
