use std::future::Future;

use http::{Request, Response};
use tower_layer::Layer;
use transom::pipeline::Failure;

use super::ExceptionHandler;
use crate::answer::{ByFunction, ByPage, ByProblem};
use crate::problem_details::ProblemWriter;
use crate::reexecution::{InvalidPagePath, PagePath};

/// Answers in the place of what failed. See the [module](super).
#[doc(alias = "UseExceptionHandler")]
#[derive(Clone, Debug)]
pub struct ExceptionHandlerLayer<A = ByProblem> {
    answer: A,
}

impl ExceptionHandlerLayer {
    /// Answers with [problem details](crate::problem_details).
    pub fn new() -> Self {
        Self::with_problems(ProblemWriter::new())
    }

    /// Answers with problem details that this writer writes.
    pub fn with_problems(writer: ProblemWriter) -> Self {
        let answer = ByProblem(writer);
        Self { answer }
    }
}

impl ExceptionHandlerLayer<ByPage> {
    /// Runs the request again, at another path; see [the module](super#the-request-run-again). In it, `{}` is the status.
    ///
    /// # Errors
    ///
    /// It is no path.
    #[doc(alias = "ExceptionHandlingPath")]
    pub fn at(path: &str) -> Result<Self, InvalidPagePath> {
        let answer = ByPage(PagePath::new(path)?);
        Ok(Self { answer })
    }
}

impl<F> ExceptionHandlerLayer<ByFunction<F>> {
    /// Answers with what a function makes of the error, and of the request without its body. Its status is sent as it is.
    #[doc(alias = "ExceptionHandler")]
    pub fn with_function<Answer, R>(function: F) -> Self
    where
        F: Fn(Failure, Request<()>) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Response<R>> + Send + 'static,
    {
        let answer = ByFunction(function);
        Self { answer }
    }
}

impl Default for ExceptionHandlerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, A: Clone> Layer<S> for ExceptionHandlerLayer<A> {
    type Service = ExceptionHandler<S, A>;

    fn layer(&self, inner: S) -> ExceptionHandler<S, A> {
        ExceptionHandler::new(inner, self.answer.clone())
    }
}
