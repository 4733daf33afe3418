use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response, StatusCode, header};
use tower_service::Service;
use transom::RequestExt;
use transom::features::{PathBase, Scheme, ServerAddresses};

use super::port::{Found, HttpsPort};
use crate::ResponseFuture;
use crate::host::Host;
use crate::target;

/// Hands requests over `https` on, and redirects others. See the [module](super).
#[derive(Clone, Debug)]
pub struct HttpsRedirection<S> {
    inner: S,
    status: StatusCode,
    port: Arc<HttpsPort>,
}

impl<S> HttpsRedirection<S> {
    pub(super) fn new(inner: S, status: StatusCode, port: Arc<HttpsPort>) -> Self {
        Self {
            inner,
            status,
            port,
        }
    }

    /// Returns the answer to a request that does not go on.
    fn answer<B, R: Default>(&self, request: &Request<B>) -> Option<Response<R>> {
        if target::scheme(request) != Some(Scheme::Http) || !request.uri().path().starts_with('/') {
            return None;
        }
        let port = match self.port.find(request.feature::<ServerAddresses>()) {
            Found::Port(port) => port,
            Found::None => return None,
            Found::Unclear => return Some(empty(StatusCode::INTERNAL_SERVER_ERROR)),
        };
        let Some(location) = location(request, port) else {
            tracing::debug!("a request over http without a host that it could be redirected to");
            return Some(empty(StatusCode::BAD_REQUEST));
        };
        let mut response = empty(self.status);
        response.headers_mut().insert(header::LOCATION, location);
        Some(response)
    }
}

impl<S, B, R> Service<Request<B>> for HttpsRedirection<S>
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.answer(&request) {
            Some(answer) => ResponseFuture::answered(answer),
            None => ResponseFuture::handed_on(self.inner.call(request)),
        }
    }
}

fn location<B>(request: &Request<B>, port: u16) -> Option<HeaderValue> {
    let host = Host::parse(target::host(request)?)?.name;
    let port = match port == Scheme::Https.default_port() {
        true => String::new(),
        false => format!(":{port}"),
    };
    let base = request.feature::<PathBase>().map_or("", PathBase::as_str);
    let path = request.uri().path_and_query()?;
    HeaderValue::try_from(format!("https://{host}{port}{base}{path}")).ok()
}

fn empty<R: Default>(status: StatusCode) -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() = status;
    response
}
