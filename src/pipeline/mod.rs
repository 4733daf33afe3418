//! How middleware is put in order.
//!
//! A pipeline is a list of stages, written in the order in which a request meets them; the response
//! passes them the other way round. The last one answers.
//!
//! ```
//! use http::StatusCode;
//! use transom::{ApplicationBuilder, Body, Request};
//! use tower_http::set_header::SetResponseHeaderLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     // Any tower layer.
//!     .layer(SetResponseHeaderLayer::overriding(http::header::SERVER, http::HeaderValue::from_static("transom")))
//!     // A function around the rest.
//!     .use_fn(|request, next| async move {
//!         match request.headers().contains_key("authorization") {
//!             true => next.run(request).await,
//!             false => transom::pipeline::IntoResponse::into_response(StatusCode::UNAUTHORIZED),
//!         }
//!     })
//!     // A branch: it ends, so it returns an `App`.
//!     .map("/health", |health| health.run_fn(|_| async { "healthy" }))
//!     // The end.
//!     .run_fn(|request: Request| async move { format!("hello from {}", request.uri().path()) });
//!
//! assert_eq!(
//!     format!("{app:?}"),
//!     r#"[layer SetResponseHeaderLayer, use_fn, map "/health" [run_fn], run_fn]"#,
//! );
//!
//! use transom::Application;
//! let request = http::Request::get("/page").header("authorization", "me").body(Body::empty())?;
//! let response = app.call(request).await;
//! assert_eq!(response.headers()["server"], "transom");
//! assert_eq!(response.into_body().collect(64).await?, "hello from /page");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which verb
//!
//! | to | use | ASP.NET Core |
//! |---|---|---|
//! | add tower middleware | [`layer`](ApplicationBuilder::layer) | `Use(Func<RequestDelegate, RequestDelegate>)` |
//! | ... and say what becomes of its errors | [`layer_with`](ApplicationBuilder::layer_with) | |
//! | add a function around the rest | [`use_fn`](ApplicationBuilder::use_fn) | `Use((context, next) => ...)` |
//! | branch by path, and not come back | [`map`](ApplicationBuilder::map) | `Map` |
//! | branch by any test, and not come back | [`map_when`](ApplicationBuilder::map_when) | `MapWhen` |
//! | take a detour that comes back | [`use_when`](ApplicationBuilder::use_when) | `UseWhen` |
//! | take a prefix off the path | [`use_path_base`](ApplicationBuilder::use_path_base) | `UsePathBase` |
//! | end with an application or a tower service | [`run`](ApplicationBuilder::run) | `Run` |
//! | end with a function | [`run_fn`](ApplicationBuilder::run_fn) | `Run` |
//! | end with 404 | [`build`](ApplicationBuilder::build) | `Build` |
//!
//! # Errors
//!
//! Between two stages there are only responses. A layer whose service fails is mapped to one on the spot:
//!
//! | error, or one of its causes | status |
//! |---|---|
//! | a body longer than its limit | 413 |
//! | a body that came too slowly | 408 |
//! | tower's `Overloaded` | 503 |
//! | tower's `Elapsed` | 504 |
//! | anything else | 500 |
//!
//! The response is empty: the text of an error is for the log, never for the client. The error itself goes along as a
//! [`Failure`], for middleware that answers in its place. A function makes one with `?`.
//!
//! A panic unwinds through the stages to the server, which answers 500; a stage that catches it with [`Failure::catch`] learns
//! where it was.
//!
//! # Readiness
//!
//! A stage's service is cloned for each request, and its `poll_ready` awaited as part of that request. So
//! limits that clones share (`ConcurrencyLimit`) queue, and shed load with `load_shed` outside of them; a
//! service that is not `Clone` (`RateLimit`) is refused at the line that adds it.
//!
//! # Cost
//!
//! One allocation a stage. A whole `tower::ServiceBuilder` stack is one stage, and inside it everything
//! is static.

mod branch;
mod builder;
mod errors;
mod failure;
mod next;
mod panicked;
mod respond;
mod stage;
mod stage_names;
mod terminal;

pub use builder::ApplicationBuilder;
pub use failure::Failure;
pub use next::{Next, Running};
pub use respond::IntoResponse;
pub use stage_names::{NamedStage, StageNames};
pub use terminal::IntoApplication;
