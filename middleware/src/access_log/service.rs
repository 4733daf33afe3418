use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::entry::Entry;
use super::{AccessLogBody, AccessLogFuture, Shared};

/// Writes a line for each request. See the [module](super).
#[derive(Clone, Debug)]
pub struct AccessLog<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> AccessLog<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<S, B, R> Service<Request<B>> for AccessLog<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Response = Response<AccessLogBody<R>>;
    type Error = S::Error;
    type Future = AccessLogFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (head, body) = request.into_parts();
        let mut entry = Entry::of(&head, &self.shared);
        let request = Request::from_parts(head, body);
        // A service may do its work in the call.
        let future = match &mut entry {
            Some(entry) => entry.run(|| self.inner.call(request)),
            None => self.inner.call(request),
        };
        AccessLogFuture::new(future, entry)
    }
}
