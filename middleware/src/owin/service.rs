use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;
use transom::Body;
use transom::body::BoxError;

use super::{AppFunc, exchange};

/// OWIN middleware and what comes after it, as a service. See the [module](super).
#[derive(Clone, Debug)]
pub struct OwinService {
    chain: AppFunc,
}

impl OwinService {
    pub(super) fn new(chain: AppFunc) -> Self {
        Self { chain }
    }
}

/// It is always ready: the service at the end of the chain is waited for in each request, if that gets so far.
impl<B> Service<Request<B>> for OwinService
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = OwinFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> OwinFuture {
        let running = exchange::run(self.chain.clone(), request.map(Body::new));
        OwinFuture(Box::pin(running))
    }
}

/// A response that OWIN middleware is about to make.
#[must_use = "futures do nothing unless polled"]
pub struct OwinFuture(Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>);

impl Future for OwinFuture {
    type Output = Result<Response<Body>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for OwinFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwinFuture")
    }
}
