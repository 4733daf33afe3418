//! What fails gets an answer all the same.
//!
//! [`ExceptionHandlerLayer`] answers where what comes after it panics, returns an error, or answers with 5xx because of one
//! ([`Failure`](transom::pipeline::Failure)). The text of the error goes to the log, once, and not to the client. ASP.NET Core calls it
//! `UseExceptionHandler`.
//!
//! Put it early, for what fails before it is not seen; but after [`health_checks`](crate::health_checks), [`hsts`](crate::hsts) and the access log, as its answer has no field of the
//! one that failed. For developers there is [`developer_error_page`](crate::developer_error_page), which goes after it.
//!
//! ```
//! use transom::{ApplicationBuilder, pipeline::Failure, testing::TestServer};
//! use transom_middleware::exception_handler::ExceptionHandlerLayer;
//!
//! async fn broken(_: transom::Request) -> Result<&'static str, Failure> {
//!     Err(std::io::Error::other("no route to 10.0.0.7"))? // for the log, not for the client
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new().layer(ExceptionHandlerLayer::new()).run_fn(broken);
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/").await?;
//! assert_eq!(response.status(), 500);
//! assert_eq!(response.headers()["content-type"], "application/problem+json");
//! let problem = response.into_body().collect(1024).await?;
//! assert!(problem.starts_with(br#"{"type":"about:blank","title":"Internal Server Error","status":500,"traceId":"#));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A page of the application's own, at another path:
//!
//! ```
//! use transom::{ApplicationBuilder, Request, RequestExt, testing::TestServer};
//! use transom_middleware::exception_handler::{ExceptionHandlerLayer, Reexecution};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(ExceptionHandlerLayer::at("/sorry")?)
//!     .map("/sorry", |sorry| sorry.run_fn(|request: Request| async move {
//!         let path = request.feature::<Reexecution>().map(|before| before.uri().path().to_owned());
//!         format!("{} does not work.", path.unwrap_or_default())
//!     }))
//!     .run_fn(|_| async { if true { panic!("a mistake") } });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/stock").await?;
//! assert_eq!(response.status(), 500);
//! assert_eq!(response.into_body().collect(64).await?, "/stock does not work.");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is a failure
//!
//! - A panic while the answer is made; that is logged here, at `error`.
//! - An error of the service, likewise. One that is the client's by [its status](transom::pipeline#errors), such as a body that is too long, becomes an
//!   empty answer with that status.
//! - A 5xx with a [`Failure`](transom::pipeline::Failure), which was logged where it was made. A 5xx without one was meant, and passes.
//!
//! When the answer has begun it is too late: a body that fails after that is for the server to cut off.
//!
//! # The answer
//!
//! [Problem details](crate::problem_details) without a word of the error, what a [function](ExceptionHandlerLayer::with_function) makes of it, or a page. A problem
//! has the status of the error: 500, 503 or 504. Caches are told to store none of them, unless the answer says itself what they may (`Cache-Control`).
//!
//! # The request, run again
//!
//! [`at`](ExceptionHandlerLayer::at) calls what comes after this layer again, once: with the path of the page, the method `GET` (`HEAD` stays), no body, and no
//! fields that speak of it, of ranges or of conditions. [`Reexecution`] tells the page what the request was. The page's own status is sent if
//! it is 4xx or 5xx; else that of the error. If there is no page, or it fails, that is logged, and the answer is empty.
//!
//! # Cost
//!
//! One allocation a request; with a function or a page, also a copy of the head of the request.
//!
//! # Outside of Transom
//!
//! All of it works. What an axum handler returns is no error of its service: add a `Failure` to the extensions of the response.

mod layer;
mod service;

pub use crate::answer::{Answer, ByFunction, ByPage, ByProblem, Occasion};
pub use crate::reexecution::{InvalidPagePath, Reexecution};
pub use layer::ExceptionHandlerLayer;
pub use service::{ExceptionHandler, ExceptionHandlerFuture};
