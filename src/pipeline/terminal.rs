use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use tower_service::Service;

use super::IntoResponse;
use super::errors::ErrorMapper;
use super::failure::name_stage;
use super::panicked::InStage;
use super::stage::{Label, LayerStage};
use crate::body::BoxError;
use crate::contract::{App, Application, Request, Response};

/// What can end a pipeline: an [`Application`], or a tower service of requests.
///
/// `Kind` tells the two apart and is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot end a pipeline",
    note = "an `App`, an `Application`, an `async fn(Request) -> Response`, and a tower `Service<Request>` that \
            is `Clone + Send + Sync` (an axum `Router`, tonic's `Routes`, `tower::service_fn`) can; a function \
            that returns something else goes into `run_fn`"
)]
pub trait IntoApplication<Kind>: sealed::Sealed<Kind> {
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "sealed: only the builder calls it")]
    fn into_application(self, errors: ErrorMapper) -> App;
}

impl<A: Application> IntoApplication<sealed::IsApplication> for A {
    #[expect(private_interfaces, reason = "sealed: only the builder calls it")]
    fn into_application(self, _: ErrorMapper) -> App {
        if TypeId::of::<A>() == TypeId::of::<App>() {
            // It knows better what it is.
            return App::new(self);
        }
        let label = Label::of_type::<A>("run");
        let name = label.text().into();
        App::new(Terminal { app: self, name }).labelled(label)
    }
}

impl<S, B> IntoApplication<sealed::IsService> for S
where
    S: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    #[expect(private_interfaces, reason = "sealed: only the builder calls it")]
    fn into_application(self, errors: ErrorMapper) -> App {
        let label = Label::of_type::<S>("run");
        App::new(LayerStage::new(self, errors, &label)).labelled(label)
    }
}

#[expect(
    unnameable_types,
    reason = "sealed: inferred by everybody, named by nobody"
)]
mod sealed {
    use super::{Application, BoxError, Bytes, Request, Service};

    #[derive(Debug)]
    pub struct IsApplication;
    #[derive(Debug)]
    pub struct IsService;

    pub trait Sealed<Kind> {}
    impl<A: Application> Sealed<IsApplication> for A {}
    impl<S, B> Sealed<IsService> for S
    where
        S: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
    }
}

/// `run`: an application that answers.
struct Terminal<A> {
    app: A,
    name: Arc<str>,
}

impl<A: Application> Application for Terminal<A> {
    fn call(&self, request: Request) -> impl Future<Output = Response> + Send {
        InStage::new(&self.name, async move {
            let answer = self.app.call(request).await;
            name_stage(answer, &self.name)
        })
    }
}

/// `run_fn`: a function that answers.
pub(super) struct FnTerminal<F> {
    f: F,
    name: Arc<str>,
}

impl<F, Answer, R> FnTerminal<F>
where
    F: Fn(Request) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    pub(super) fn app(label: &str, f: F) -> App {
        let name = Arc::from(label);
        App::new(Self { f, name }).labelled(Label::new(label))
    }
}

impl<F, Answer, R> Application for FnTerminal<F>
where
    F: Fn(Request) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    fn call(&self, request: Request) -> impl Future<Output = Response> + Send {
        InStage::new(&self.name, async move {
            let answer = (self.f)(request).await;
            name_stage(answer.into_response(), &self.name)
        })
    }
}
