use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode, header};
use tower_service::Service;
use transom::RequestExt;
use transom::features::OriginalTarget;

use super::compiled::{Compiled, Outcome};
use crate::ResponseFuture;

/// Rewrites and redirects requests by rules. See the [module](super).
#[derive(Clone, Debug)]
pub struct Rewrite<S> {
    inner: S,
    rules: Arc<[Compiled]>,
}

impl<S> Rewrite<S> {
    pub(super) fn new(inner: S, rules: Arc<[Compiled]>) -> Self {
        Self { inner, rules }
    }
}

impl<S, B, R> Service<Request<B>> for Rewrite<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match follow(&self.rules, &mut request) {
            Some(answer) => ResponseFuture::answered(answer),
            None => ResponseFuture::handed_on(self.inner.call(request)),
        }
    }
}

/// Applies each rule at most once, and returns the answer to a request that does not go on.
fn follow<B, R: Default>(rules: &[Compiled], request: &mut Request<B>) -> Option<Response<R>> {
    // Neither `*` nor an authority is a path.
    if !request.uri().path().starts_with('/') {
        return None;
    }
    for rule in rules {
        match rule.apply(request) {
            None => {}
            Some(Outcome::Rewritten(uri)) => {
                tracing::debug!(from = %request.uri(), to = %uri, "a request is rewritten");
                let before = std::mem::replace(request.uri_mut(), uri);
                if request.feature::<OriginalTarget>().is_none() {
                    request.features_mut().insert(OriginalTarget::new(before));
                }
                if rule.last {
                    return None;
                }
            }
            Some(Outcome::Redirected(status, location)) => {
                let mut response = Response::new(R::default());
                *response.status_mut() = status;
                response.headers_mut().insert(header::LOCATION, location);
                return Some(response);
            }
            Some(Outcome::Impossible) => {
                tracing::debug!(uri = %request.uri(), "a rule makes of a request what is no target");
                let mut response = Response::new(R::default());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                return Some(response);
            }
        }
    }
    None
}
