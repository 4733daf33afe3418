use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use tower_service::Service;

use super::rules::Rules;
use crate::ResponseFuture;

/// Hands on what comes from IIS, and refuses everything else. See the [module](super).
#[derive(Clone)]
pub struct BehindIis<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> BehindIis<S> {
    pub(super) fn new(inner: S, rules: Arc<Rules>) -> Self {
        Self { inner, rules }
    }
}

impl<S, B, R> Service<Request<B>> for BehindIis<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<&'static str>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.rules.receive(&mut request) {
            None => ResponseFuture::handed_on(self.inner.call(request)),
            Some(status) => ResponseFuture::answered(answer(status)),
        }
    }
}

fn answer<R: From<&'static str>>(status: StatusCode) -> Response<R> {
    let mut response = Response::new(R::from(""));
    *response.status_mut() = status;
    response
}

impl<S: fmt::Debug> fmt::Debug for BehindIis<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BehindIis")
            .field("inner", &self.inner)
            .field("iis", self.rules.iis())
            .finish()
    }
}
