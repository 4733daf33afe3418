use std::future::Future;

use http::{Request, Response, StatusCode};
use tower_layer::Layer;

use super::{ByRedirection, StatusCodePages};
use crate::answer::{ByFunction, ByPage, ByProblem};
use crate::problem_details::ProblemWriter;
use crate::reexecution::{InvalidPagePath, PagePath};

/// Fills in the bodies of errors that have none. See the [module](super).
#[doc(alias = "UseStatusCodePages")]
#[derive(Clone, Debug)]
pub struct StatusCodePagesLayer<A = ByProblem> {
    answer: A,
}

impl StatusCodePagesLayer {
    /// Fills in [problem details](crate::problem_details).
    pub fn new() -> Self {
        Self::with_problems(ProblemWriter::new())
    }

    /// Fills in problem details that this writer writes.
    pub fn with_problems(writer: ProblemWriter) -> Self {
        let answer = ByProblem(writer);
        Self { answer }
    }
}

impl StatusCodePagesLayer<ByPage> {
    /// Fills in a page that the request gets when it is run again, at another path. In it, `{}` is the status:
    /// `/errors/{}`. See [`exception_handler`](crate::exception_handler#the-request-run-again), which does the same.
    ///
    /// # Errors
    ///
    /// It is no path.
    #[doc(alias = "UseStatusCodePagesWithReExecute")]
    pub fn at(path: &str) -> Result<Self, InvalidPagePath> {
        let answer = ByPage(PagePath::new(path)?);
        Ok(Self { answer })
    }
}

impl StatusCodePagesLayer<ByRedirection> {
    /// Sends the client to a page at another path, with 302. In it, `{}` is the status: `/errors/{}`; the
    /// [`PathBase`](transom::features::PathBase) of the request stands before it.
    ///
    /// What the client sees is the page and its status, which is 200 mostly: search engines and programs take a page that is not there
    /// for one that is. [`at`](StatusCodePagesLayer::at) shows the same page, and keeps the status.
    ///
    /// # Errors
    ///
    /// It is no path.
    #[doc(alias = "UseStatusCodePagesWithRedirects")]
    pub fn redirecting(path: &str) -> Result<Self, InvalidPagePath> {
        let answer = ByRedirection(PagePath::new(path)?);
        Ok(Self { answer })
    }
}

impl<F> StatusCodePagesLayer<ByFunction<F>> {
    /// Fills in what a function makes of the status, and of the request without its body. The status that it returns is
    /// sent.
    pub fn with_function<Answer, R>(function: F) -> Self
    where
        F: Fn(StatusCode, Request<()>) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Response<R>> + Send + 'static,
    {
        let answer = ByFunction(function);
        Self { answer }
    }
}

impl Default for StatusCodePagesLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, A: Clone> Layer<S> for StatusCodePagesLayer<A> {
    type Service = StatusCodePages<S, A>;

    fn layer(&self, inner: S) -> StatusCodePages<S, A> {
        StatusCodePages::new(inner, self.answer.clone())
    }
}

/// An extension of a response whose empty body is meant. See the [module](super).
#[doc(alias = "IStatusCodePagesFeature")]
#[doc(alias = "SkipStatusCodePages")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoStatusCodePage;
