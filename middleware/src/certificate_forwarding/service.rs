use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use tower_service::Service;

use super::rules::Rules;

/// Shows its service the certificate that a trusted proxy was shown. See the [module](super).
#[derive(Clone, Debug)]
pub struct CertificateForwarding<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> CertificateForwarding<S> {
    pub(super) fn new(inner: S, rules: Arc<Rules>) -> Self {
        Self { inner, rules }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for CertificateForwarding<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        self.rules.apply(&mut request);
        self.inner.call(request)
    }
}
