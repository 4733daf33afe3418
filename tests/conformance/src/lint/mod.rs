//! An application around another that holds both sides to the contract, at run time.

mod body;
mod report;
mod request;
mod response;
mod rule;

use std::fmt;

use transom::{Application, Request, Response};

pub use report::{Report, Violation};
pub use rule::{Rule, Side};

/// An application that watches what passes between the application in it and the server around it.
///
/// Everything passes unchanged; what breaks a [`Rule`] is in the [`Report`]. The kit puts it around the
/// application of every case; around one's own it finds mistakes during development, and around a
/// part of a pipeline it finds those of the middleware before it.
///
/// ```
/// use http::StatusCode;
/// use transom::testing::TestServer;
/// use transom::{Body, Request, Response};
/// use transom_conformance::Lint;
///
/// async fn careless(_: Request) -> Response {
///     let mut response = Response::new(Body::from("this will never arrive"));
///     *response.status_mut() = StatusCode::NO_CONTENT;
///     response
/// }
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let (app, report) = Lint::new(careless);
/// let client = TestServer::new().start(app).await?;
/// let request = http::Request::get("/").header("host", "example.com");
/// client.send(request.body(Body::empty())?).await?;
///
/// assert_eq!(report.violations()[0].rule().id(), "L-RES-NOBODY");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Lint<A> {
    app: A,
    report: Report,
}

impl<A: Application> Lint<A> {
    /// Puts the lint around an application; the report fills while requests are answered.
    pub fn new(app: A) -> (Self, Report) {
        let report = Report::default();
        (Self::reporting_to(app, report.clone()), report)
    }

    /// As [`new`](Self::new), adding to a report that is there.
    pub fn reporting_to(app: A, report: Report) -> Self {
        Self { app, report }
    }
}

impl<A: Application> Application for Lint<A> {
    async fn call(&self, request: Request) -> Response {
        let (request, asked) = request::check(request, &self.report);
        let response = self.app.call(request).await;
        response::check(response, &asked, &self.report)
    }
}

impl<A> fmt::Debug for Lint<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lint")
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}
