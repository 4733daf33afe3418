//! The ways to answer in the place of something else.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};

use http::{Request, Response, StatusCode};
use tower_service::Service;
use transom::body::BoxError;
use transom::pipeline::Failure;

use crate::head::head;
use crate::problem_details::{ProblemContext, ProblemDetails, ProblemWriter};
use crate::reexecution::PagePath;
use crate::watched::empty;

/// What is answered: a [`Failure`], or a status.
pub trait Occasion: sealed::Sealed + Send + 'static {
    #[doc(hidden)]
    fn status(&self) -> StatusCode;

    #[doc(hidden)]
    fn into_failure(self) -> Option<Failure>;
}

impl Occasion for Failure {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn into_failure(self) -> Option<Failure> {
        Some(self)
    }
}

impl Occasion for StatusCode {
    fn status(&self) -> StatusCode {
        *self
    }

    fn into_failure(self) -> Option<Failure> {
        None
    }
}

/// How something is answered; one of [`ByProblem`], [`ByPage`] and [`ByFunction`].
pub trait Answer<O, S, B, R>: sealed::Sealed + Clone + Send + Sync + 'static {
    #[doc(hidden)]
    type Kept: Send + 'static;

    /// Keeps of a request what the answer needs.
    #[doc(hidden)]
    fn keep(&self, request: &Request<B>) -> Self::Kept;

    #[doc(hidden)]
    fn answer(
        self,
        service: S,
        kept: Self::Kept,
        occasion: O,
    ) -> impl Future<Output = Response<R>> + Send;
}

/// With [problem details](crate::problem_details).
#[derive(Clone, Debug)]
pub struct ByProblem(pub(crate) ProblemWriter);

impl<O: Occasion, S: Send, B, R: From<String>> Answer<O, S, B, R> for ByProblem {
    type Kept = ProblemContext;

    fn keep(&self, request: &Request<B>) -> ProblemContext {
        ProblemContext::of(request)
    }

    async fn answer(self, _: S, kept: ProblemContext, occasion: O) -> Response<R> {
        self.0.write(&kept, ProblemDetails::new(occasion.status()))
    }
}

/// With another run of the request, at the path of a page.
#[derive(Clone, Debug)]
pub struct ByPage(pub(crate) PagePath);

impl<O, S, B, R> Answer<O, S, B, R> for ByPage
where
    O: Occasion,
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send> + Send,
    B: Default + Send,
    R: Default + Send,
{
    type Kept = Request<()>;

    fn keep(&self, request: &Request<B>) -> Request<()> {
        head(request)
    }

    async fn answer(self, mut service: S, kept: Request<()>, occasion: O) -> Response<R> {
        let status = occasion.status();
        let ready = poll_fn(|cx| service.poll_ready(cx)).await;
        let page = match ready.map_err(Into::<BoxError>::into) {
            Ok(()) => {
                let failure = occasion.into_failure();
                self.0.run(service, kept, status, failure).await
            }
            Err(error) => {
                let error: &(dyn Error + 'static) = &*error;
                tracing::error!(error, "there is no page for errors");
                None
            }
        };
        page.unwrap_or_else(|| empty(status))
    }
}

/// With a function.
#[derive(Clone)]
pub struct ByFunction<F>(pub(crate) F);

impl<O, S, B, R, F, A> Answer<O, S, B, R> for ByFunction<F>
where
    O: Occasion,
    S: Send,
    F: Fn(O, Request<()>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response<R>> + Send + 'static,
{
    type Kept = Request<()>;

    fn keep(&self, request: &Request<B>) -> Request<()> {
        head(request)
    }

    async fn answer(self, _: S, kept: Request<()>, occasion: O) -> Response<R> {
        (self.0)(occasion, kept).await
    }
}

impl<F> fmt::Debug for ByFunction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByFunction")
    }
}

pub(crate) mod sealed {
    #[expect(unnameable_types, reason = "sealed: all of them are here")]
    pub trait Sealed {}
    impl Sealed for super::Failure {}
    impl Sealed for super::StatusCode {}
    impl Sealed for super::ByProblem {}
    impl Sealed for super::ByPage {}
    impl<F> Sealed for super::ByFunction<F> {}
}
