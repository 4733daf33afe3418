use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response, header};
use pin_project::pin_project;
use tower_service::Service;
use transom::body::BoxError;
use transom::pipeline::Failure;

use super::layer::Options;
use super::page::{Page, Text};
use super::report::Report;
use crate::document::document;
use crate::head::head;
use crate::problem_details::{Form, ProblemContext, ProblemDetails, ProblemWriter};
use crate::watched;

/// Shows developers what failed. See the [module](super).
#[derive(Clone, Debug)]
pub struct DeveloperErrorPage<S> {
    inner: S,
    options: Option<Arc<Options>>,
}

impl<S> DeveloperErrorPage<S> {
    pub(super) fn new(inner: S, options: Option<Arc<Options>>) -> Self {
        Self { inner, options }
    }
}

impl<S, B, R> Service<Request<B>> for DeveloperErrorPage<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
    B: Send + 'static,
    R: Default + From<String> + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = DeveloperErrorPageFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(options) = self.options.clone() else {
            return DeveloperErrorPageFuture(Kind::HandedOn(self.inner.call(request)));
        };
        let another = self.inner.clone();
        // The one that is ready is the one that is called.
        let ready = std::mem::replace(&mut self.inner, another);
        let head = head(&request);
        DeveloperErrorPageFuture(Kind::Watched(Box::pin(async move {
            match watched::call(ready, request).await {
                Ok(response) => response,
                Err(failure) => show(&failure, &head, &options),
            }
        })))
    }
}

fn show<R: From<String>>(
    failure: &Failure,
    request: &Request<()>,
    options: &Options,
) -> Response<R> {
    let report = Report::new(failure, request, options);
    let context = ProblemContext::of(request);
    let (content_type, body) = match context.form() {
        Form::Json => return problem(&report, failure, &context),
        Form::Html => ("text/html; charset=utf-8", Page(&report).to_string()),
        Form::Text => ("text/plain; charset=utf-8", Text(&report).to_string()),
    };
    let mut response = document(content_type, body);
    *response.status_mut() = report.status;
    response
}

fn problem<R: From<String>>(
    report: &Report,
    failure: &Failure,
    context: &ProblemContext,
) -> Response<R> {
    let mut causes = report.causes.iter();
    let error = causes.next().cloned().unwrap_or_default();
    let causes: Vec<_> = causes.cloned().collect();
    let problem = ProblemDetails::new(report.status)
        .with_detail(error)
        .with_extension("causes", causes)
        .with_extension("stage", failure.stage());
    let mut response = ProblemWriter::new().write(context, problem);
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// The answer of [`DeveloperErrorPage`].
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct DeveloperErrorPageFuture<F, R>(#[pin] Kind<F, R>);

#[pin_project(project = KindProjection)]
enum Kind<F, R> {
    HandedOn(#[pin] F),
    Watched(Pin<Box<dyn Future<Output = Response<R>> + Send>>),
}

impl<F, R, E> Future for DeveloperErrorPageFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().0.project() {
            KindProjection::HandedOn(future) => future.poll(cx),
            KindProjection::Watched(watched) => watched.as_mut().poll(cx).map(Ok),
        }
    }
}

impl<F, R> fmt::Debug for DeveloperErrorPageFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeveloperErrorPageFuture")
    }
}
