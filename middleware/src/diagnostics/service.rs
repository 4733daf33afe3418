use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode, header};
use pin_project::pin_project;
use tower_service::Service;
use transom::RequestExt;
use transom::features::ConnectionInfo;

use super::layer::Options;
use super::page::Page;
use super::report::Report;
use crate::ResponseFuture;
use crate::document::document;
use crate::get_only;
use crate::head::head;
use crate::problem_details::Form;

/// Shows how the host, its servers and its pipeline are. See the [module](super).
#[derive(Clone, Debug)]
pub struct Diagnostics<S> {
    inner: S,
    /// `None` where nobody may see it.
    options: Option<Arc<Options>>,
}

impl<S> Diagnostics<S> {
    pub(super) fn new(inner: S, options: Option<Arc<Options>>) -> Self {
        Self { inner, options }
    }
}

impl<S, B, R> Service<Request<B>> for Diagnostics<S>
where
    S: Service<Request<B>, Response = Response<R>, Future: Send> + Clone + Send + 'static,
    B: Send + 'static,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = DiagnosticsFuture<S::Future, R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        let Some(options) = self.options.clone().filter(|here| *here.path == *path) else {
            return DiagnosticsFuture(Kind::Plain(ResponseFuture::handed_on(
                self.inner.call(request),
            )));
        };
        let Some(guard) = &options.guard else {
            return DiagnosticsFuture(Kind::Plain(ResponseFuture::answered(
                options.answer(&request),
            )));
        };
        let decision = guard.ask(head(&request));
        let another = self.inner.clone();
        // The one that is ready is the one that is called.
        let mut ready = std::mem::replace(&mut self.inner, another);
        DiagnosticsFuture(Kind::Guarded(Box::pin(async move {
            if decision.await {
                return Ok(options.answer(&request));
            }
            let peer = request.feature::<ConnectionInfo>();
            let peer = peer.and_then(ConnectionInfo::remote);
            let peer = peer.map(tracing::field::display);
            tracing::info!(peer, "the diagnostics were refused");
            ready.call(request).await
        })))
    }
}

impl Options {
    fn answer<B, R: From<String>>(&self, request: &Request<B>) -> Response<R> {
        if !get_only::reads(request.method()) {
            return get_only::refusal();
        }
        let report = Report::new(&self.source, request);
        let accept = request.headers().get_all(header::ACCEPT);
        match Form::preferred(accept) {
            Form::Html => document("text/html; charset=utf-8", Page(&report).to_string()),
            // It has no other text.
            Form::Json | Form::Text => match serde_json::to_string(&report) {
                Ok(json) => document("application/json", json),
                Err(error) => {
                    tracing::error!(%error, "the diagnostics cannot be written");
                    let mut response = document("application/json", String::new());
                    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    response
                }
            },
        }
    }
}

/// The answer of [`Diagnostics`].
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct DiagnosticsFuture<F, R, E>(#[pin] Kind<F, R, E>);

#[pin_project(project = KindProjection)]
enum Kind<F, R, E> {
    Plain(#[pin] ResponseFuture<F, R>),
    Guarded(Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>>),
}

impl<F, R, E> Future for DiagnosticsFuture<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().0.project() {
            KindProjection::Plain(future) => future.poll(cx),
            KindProjection::Guarded(guarded) => guarded.as_mut().poll(cx),
        }
    }
}

impl<F, R, E> fmt::Debug for DiagnosticsFuture<F, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiagnosticsFuture")
    }
}
