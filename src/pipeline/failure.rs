use std::backtrace::Backtrace;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use http::StatusCode;

use super::IntoResponse;
use super::errors::{log, status_of};
use super::panicked::Catch;
use crate::body::BoxError;
use crate::contract::Response;

/// An error that became a response: for middleware that answers in its place.
///
/// Between two stages there are only responses, so the error travels as an extension of one. It is never
/// sent. A layer whose service fails makes one; a function makes one with `?`, which turns any error
/// into an empty response with the [status](super#errors) of its cause, and logs it:
///
/// ```
/// use transom::{Application, ApplicationBuilder, Request, pipeline::Failure};
///
/// async fn stock(request: Request) -> Result<String, Failure> {
///     let count: u32 = request.uri().query().unwrap_or_default().parse()?;
///     Ok(format!("{count} left"))
/// }
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = ApplicationBuilder::new().run_fn(stock);
/// let response = app.call(Request::default()).await;
/// assert_eq!(response.status(), 500);
/// let failure = response.extensions().get::<Failure>().unwrap();
/// assert_eq!(failure.error().to_string(), "cannot parse integer from empty string");
/// assert_eq!(failure.stage(), Some("run_fn"));
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[doc(alias = "IExceptionHandlerFeature")]
#[derive(Clone)]
pub struct Failure {
    cause: Arc<Cause>,
    stage: Option<Arc<str>>,
}

struct Cause {
    error: BoxError,
    status: StatusCode,
    backtrace: Backtrace,
}

impl Failure {
    /// Wraps an error. A backtrace is captured if the error is the server's, and the environment
    /// [asks for backtraces](std::backtrace#environment-variables).
    pub fn new(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        let status = status_of(&*error);
        let backtrace = match status.is_server_error() {
            true => Backtrace::capture(),
            false => Backtrace::disabled(),
        };
        let cause = Cause {
            error,
            status,
            backtrace,
        };
        Self {
            cause: Arc::new(cause),
            stage: None,
        }
    }

    /// Awaits a future, and makes a failure of a panic in it, which it does not log. The stage is known if it was one of
    /// the pipeline that the future runs.
    ///
    /// What the future shares with others may be torn, as it is for everybody who catches a panic.
    ///
    /// # Cancel safety
    ///
    /// It is that of the future.
    ///
    /// ```
    /// use transom::{Application, ApplicationBuilder, Request, pipeline::Failure};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let app = ApplicationBuilder::new().run_fn(|_| async { if true { panic!("a mistake") } });
    /// let failure = Failure::catch(app.call(Request::default())).await.unwrap_err();
    /// assert_eq!(failure.error().to_string(), "the application panicked: a mistake");
    /// assert_eq!(failure.stage(), Some("run_fn"));
    /// # });
    /// # Ok::<_, std::io::Error>(())
    /// ```
    pub fn catch<F: Future>(future: F) -> impl Future<Output = Result<F::Output, Self>> {
        Catch(future)
    }

    pub(super) fn in_stage(self, stage: Option<Arc<str>>) -> Self {
        Self { stage, ..self }
    }

    /// Returns the error.
    pub fn error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.cause.error
    }

    /// Returns the [status](super#errors) that the error is answered with.
    pub fn status(&self) -> StatusCode {
        self.cause.status
    }

    /// Returns the stage of the pipeline that failed, as [`StageNames`](super::StageNames) has it, if it is
    /// known.
    pub fn stage(&self) -> Option<&str> {
        self.stage.as_deref()
    }

    /// Returns where the error was wrapped.
    pub fn backtrace(&self) -> &Backtrace {
        &self.cause.backtrace
    }
}

/// So that `?` makes one.
impl<E: StdError + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Logs the error, which is not to be logged again.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        log(self.error(), self.status());
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("error", &self.cause.error)
            .field("status", &self.cause.status)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// Says which stage made a response, unless one before it has said so.
pub(super) fn name_stage(mut response: Response, stage: &Arc<str>) -> Response {
    if let Some(failure) = response.extensions_mut().get_mut::<Failure>() {
        failure.stage.get_or_insert_with(|| Arc::clone(stage));
    }
    response
}
