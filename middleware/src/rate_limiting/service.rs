use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::layer::Options;
use super::state::micros;
use super::{RateLimitFuture, RateLimitKey};

/// Hands on so many requests of each client. See the [module](super).
#[derive(Clone, Debug)]
pub struct RateLimiting<S> {
    inner: S,
    options: Arc<Options>,
}

impl<S> RateLimiting<S> {
    pub(super) fn new(inner: S, options: Options) -> Self {
        Self {
            inner,
            options: Arc::new(options),
        }
    }
}

impl<S, B, R> Service<Request<B>> for RateLimiting<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RateLimitFuture<S, Request<B>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let key = match &self.options.key {
            Some(key) => key(&parts),
            None => Some(RateLimitKey::of_client(&parts)),
        };
        let request = Request::from_parts(parts, body);
        let Some(key) = key else {
            return RateLimitFuture::uncounted(self.inner.call(request));
        };
        let options = Arc::clone(&self.options);
        if let Some(store) = options.store.clone() {
            // The one that is ready waits; the one that stays has to become so.
            let next = self.inner.clone();
            let ready = mem::replace(&mut self.inner, next);
            let asked = Arc::clone(&options);
            let asked = async move { store.take(&asked.name, &key, &asked.quota).await };
            return RateLimitFuture::asking(Box::pin(asked), ready, request, options);
        }
        let now = micros((options.clock)().saturating_duration_since(options.epoch));
        let decision = options.local.take(key, &options.quota, now);
        match decision.allowed {
            true => RateLimitFuture::running(self.inner.call(request), decision, options),
            false => RateLimitFuture::refused(decision, options),
        }
    }
}
