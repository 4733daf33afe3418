use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tower_service::Service;

use super::panicked::behind_edge;
use super::stage::Label;
use crate::body::{Body, BoxError};
use crate::contract::{App, BoxFuture, Request, Response};

/// The rest of the pipeline: what a stage calls, or does not.
///
/// It is cheap to clone, always ready, and cannot fail; as a tower service it is what
/// [`layer`](super::ApplicationBuilder::layer) hands to layers, and what [`App::into_service`] returns.
#[derive(Clone)]
pub struct Next {
    app: App,
    labels: Option<Arc<[Label]>>,
}

impl Next {
    pub(super) fn new(app: App) -> Self {
        Self { app, labels: None }
    }

    pub(super) fn with_labels(self, labels: Vec<Label>) -> Self {
        Self {
            labels: Some(labels.into()),
            ..self
        }
    }

    pub(super) fn own_labels(&self) -> Option<Arc<[Label]>> {
        self.labels.clone()
    }

    /// Returns how the stages print; an application that no builder made is one stage.
    pub(super) fn labels(&self) -> Vec<Label> {
        match &self.labels {
            Some(labels) => labels.to_vec(),
            None => vec![Label::new(format!("{:?}", self.app))],
        }
    }

    /// Returns the pipeline as an application that prints as its list of stages.
    pub(super) fn into_app(self) -> App {
        match self.labels {
            Some(labels) => self.app.labelled(Labels(labels)),
            None => self.app,
        }
    }

    /// Runs the rest of the pipeline.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the rest of the pipeline where it stands.
    pub async fn run(self, request: Request) -> Response {
        let mut running = self.app.call_boxed(request);
        poll_fn(|cx| behind_edge(|| running.as_mut().poll(cx))).await
    }

    /// As [`run`](Self::run), and keeps the handle. `Next` is no [`Application`](crate::Application):
    /// as it is a service too, `run(next)` would be ambiguous.
    pub(super) fn call_boxed(&self, request: Request) -> BoxFuture<Response> {
        self.app.clone().call_boxed(request)
    }
}

/// Takes a request with any body, because some layers (a limit, a timeout, decompression) wrap it.
impl<B> Service<http::Request<B>> for Next
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Running;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Running {
        Running(self.call_boxed(request.map(Body::new)))
    }
}

/// The rest of the pipeline, running; see [`Next`].
#[must_use = "futures do nothing unless polled"]
pub struct Running(BoxFuture<Response>);

impl Future for Running {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        behind_edge(|| self.0.as_mut().poll(cx)).map(Ok)
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.labels {
            Some(labels) => Labels(Arc::clone(labels)).fmt(f),
            None => self.app.fmt(f),
        }
    }
}

/// Returns how the stages of an application print; one that no builder made is one stage.
pub(super) fn labels(app: &App) -> Vec<Label> {
    match app.label::<Labels>() {
        Some(Labels(labels)) => labels.to_vec(),
        None => vec![Label::new(format!("{app:?}"))],
    }
}

/// A pipeline as a list of its stages.
struct Labels(Arc<[Label]>);

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

impl App {
    /// Turns the application into a tower service, to be used where no Transom is.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower::ServiceExt;
    /// use transom::{ApplicationBuilder, Body};
    ///
    /// let service = ApplicationBuilder::new().run_fn(|_| async { "hello" }).into_service();
    /// let response = service.oneshot(http::Request::new(Body::empty())).await?;
    /// assert_eq!(response.status(), 200);
    /// # Ok::<_, std::convert::Infallible>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_service(self) -> Next {
        Next::new(self)
    }
}
