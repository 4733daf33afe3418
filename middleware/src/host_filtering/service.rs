use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response, StatusCode, header};
use tower_service::Service;

use super::layer::Options;
use crate::ResponseFuture;
use crate::host::Host;

const MESSAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<title>Bad Request</title>\n\
     <h1>Bad Request</h1>\n<p>The host of this request is not served here.</p>\n</html>\n";

/// Hands requests for certain hosts on, and refuses others. See the [module](super).
#[derive(Clone, Debug)]
pub struct HostFiltering<S> {
    inner: S,
    options: Options,
}

impl<S> HostFiltering<S> {
    pub(super) fn new(inner: S, options: Options) -> Self {
        Self { inner, options }
    }
}

impl<S, B, R> Service<Request<B>> for HostFiltering<S>
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.options.let_through(&request) {
            true => ResponseFuture::handed_on(self.inner.call(request)),
            false => ResponseFuture::answered(self.options.refusal()),
        }
    }
}

impl Options {
    fn let_through<B>(&self, request: &Request<B>) -> bool {
        let mut fields = request.headers().get_all(header::HOST).iter();
        let (field, another) = (fields.next(), fields.next());
        let authority = request.uri().authority().map(|authority| {
            let authority = authority.as_str();
            // A name of a user before it does not count.
            authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host)
        });
        let allowed = match (field, authority) {
            _ if another.is_some() => false,
            (Some(field), Some(authority)) => {
                self.allow_field(field) && self.allow(authority.as_bytes())
            }
            (Some(field), None) => self.allow_field(field),
            (None, Some(authority)) => self.allow(authority.as_bytes()),
            (None, None) => self.empty_hosts,
        };
        if !allowed {
            tracing::info!(host = ?field, authority, "a request for a host that is not allowed");
        }
        allowed
    }

    fn allow_field(&self, field: &HeaderValue) -> bool {
        self.allow(field.as_bytes())
    }

    fn allow(&self, host: &[u8]) -> bool {
        let host = host.trim_ascii();
        if host.is_empty() {
            return self.empty_hosts;
        }
        let known = || {
            let host = std::str::from_utf8(host).ok().and_then(Host::parse);
            host.is_some_and(|host| self.hosts.allow(host))
        };
        self.hosts.allow_any() || known()
    }

    fn refusal<R: From<&'static str>>(&self) -> Response<R> {
        let message = if self.failure_message { MESSAGE } else { "" };
        let mut response = Response::new(R::from(message));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(message.len()));
        if self.failure_message {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            headers.insert(header::CONTENT_TYPE, html);
        }
        response
    }
}
