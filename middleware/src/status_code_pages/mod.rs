//! Errors without a body get one.
//!
//! [`StatusCodePagesLayer`] fills in a body where an answer is 4xx or 5xx and has none: a 404 that nobody answered, a 401, a 413. ASP.NET
//! Core calls it `UseStatusCodePages`.
//!
//! Put it before what answers so, and after [`exception_handler`](crate::exception_handler). Between compression and the
//! application it sees bodies as they are.
//!
//! ```
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::status_code_pages::StatusCodePagesLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new().layer(StatusCodePagesLayer::new()).build();
//! let client = TestServer::new().start(app).await?;
//!
//! let request = http::Request::get("/nowhere").header("accept", "text/html").body("")?;
//! let response = client.send(request).await?;
//! assert_eq!(response.status(), 404);
//! assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A page of the application's own for each status, and an answer that is to stay empty:
//!
//! ```
//! use http::{Response, StatusCode};
//! use transom::{ApplicationBuilder, Body, Request, testing::TestServer};
//! use transom_middleware::status_code_pages::{NoStatusCodePage, StatusCodePagesLayer};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(StatusCodePagesLayer::at("/errors/{}")?)
//!     .map("/errors", |pages| pages.run_fn(|page: Request| async move { format!("page {}", page.uri().path()) }))
//!     .map("/api", |api| api.run_fn(|_| async {
//!         let answer = Response::builder().status(StatusCode::CONFLICT).extension(NoStatusCodePage::default());
//!         answer.body(Body::empty()).unwrap()
//!     }))
//!     .build();
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/nowhere").await?;
//! assert_eq!(response.status(), 404);
//! assert_eq!(response.into_body().collect(64).await?, "page /404");
//! assert_eq!(client.get("/api").await?.into_body().collect(64).await?, "");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is filled in
//!
//! An answer from 400 to 599 whose body is known to be empty, without `Content-Type`, `Content-Encoding`, `Transfer-Encoding`, and without a `Content-Length` other than
//! 0; unless [`NoStatusCodePage`] is among its extensions.
//!
//! The fields of the answer stay (`Allow`, `WWW-Authenticate`, `Retry-After`), and those of the page are added or replace them. Its status stays too, unless a page
//! is itself an error, a function chose another, or the client is [sent to a page](StatusCodePagesLayer::redirecting).
//!
//! # Cost
//!
//! One allocation a request; with a function or a page, also a copy of the head of the request.
//!
//! # Outside of Transom
//!
//! All of it works.

mod layer;
mod redirection;
mod service;

pub use crate::answer::{Answer, ByFunction, ByPage, ByProblem, Occasion};
pub use crate::reexecution::{InvalidPagePath, Reexecution};
pub use layer::{NoStatusCodePage, StatusCodePagesLayer};
pub use redirection::ByRedirection;
pub use service::{StatusCodePages, StatusCodePagesFuture};
