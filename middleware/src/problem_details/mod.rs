//! What went wrong, in a form that programs and people can read: RFC 9457.
//!
//! [`ProblemDetails`] is one problem, as `application/problem+json`. [`ProblemWriter`] writes it in the form that the
//! client asks for in `Accept`: JSON, a small page of HTML, or a line of text. It is what
//! [`exception_handler`](crate::exception_handler) and [`status_code_pages`](crate::status_code_pages) answer with; ASP.NET Core calls it
//! `AddProblemDetails`.
//!
//! ```
//! use http::StatusCode;
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::problem_details::ProblemDetails;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new().run_fn(|_| async {
//!     ProblemDetails::new(StatusCode::FORBIDDEN)
//!         .with_type("https://example.com/out-of-credit")
//!         .with_title("You do not have enough credit.")
//!         .with_extension("balance", 30)
//! });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/").await?;
//! assert_eq!(response.status(), 403);
//! assert_eq!(response.headers()["content-type"], "application/problem+json");
//! assert_eq!(
//!     response.into_body().collect(256).await?,
//!     r#"{"type":"https://example.com/out-of-credit","title":"You do not have enough credit.","status":403,"balance":30}"#,
//! );
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! In the form that the client asks for, with what all problems of an application have:
//!
//! ```
//! use http::{Response, StatusCode};
//! use transom_middleware::problem_details::{ProblemContext, ProblemDetails, ProblemWriter};
//!
//! let writer = ProblemWriter::new()
//!     .with_customization(|_, problem| problem.with_extension("service", "stock"));
//!
//! let answer = |accept: &str| -> Response<String> {
//!     let request = http::Request::get("/").header("accept", accept).body(()).unwrap();
//!     writer.write(&ProblemContext::of(&request), ProblemDetails::new(StatusCode::NOT_FOUND))
//! };
//! assert_eq!(answer("*/*").body(), r#"{"type":"about:blank","title":"Not Found","status":404,"service":"stock"}"#);
//! assert!(answer("text/html, */*;q=0.8").body().contains("<h1>404 Not Found</h1>"));
//! assert_eq!(answer("text/plain").body(), "404 Not Found\n");
//! ```
//!
//! # Which form
//!
//! The one of `application/problem+json`, `text/html` and `text/plain` that `Accept` gives the most weight, as RFC 9110 says in 12.5.1;
//! between equals the first of this list. `application/json` asks for the first as well. Without `Accept`, and where it takes none of them, it is the
//! first. `Vary: Accept` is added.
//!
//! # The trace
//!
//! The member `traceId` names the request in logs: the trace of a `traceparent` field (W3C Trace Context), or else the
//! [`RequestIdentifier`](transom::features::RequestIdentifier).
//!
//! # Outside of Transom
//!
//! All of it works; without a `traceparent` there is no `traceId`.

mod accept;
mod context;
mod details;
mod writer;

#[cfg(any(feature = "developer-error-page", feature = "diagnostics"))]
pub(crate) use accept::Form;
pub use context::ProblemContext;
pub use details::ProblemDetails;
pub use writer::ProblemWriter;
