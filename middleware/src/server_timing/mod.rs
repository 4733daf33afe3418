//! Where the time of a request went, in the developer tools of every browser: `Server-Timing`.
//!
//! [`ServerTimingLayer`] measures from where it stands to the head of the response. A second one further in, with a
//! name of its own, adds the time from there: the difference is what the stages between them took. Handlers add what
//! they measure through the feature [`ServerTiming`].
//!
//! Times tell an attacker much: whether a user exists, what is cached. So it does nothing unless the host's environment
//! is Development, or [`always`](ServerTimingLayer::always) says otherwise. Put the first one first.
//!
//! ```
//! use transom::features::RequestExt;
//! use transom::{ApplicationBuilder, Request, testing::TestServer};
//! use transom_middleware::server_timing::{ServerTiming, ServerTimingLayer};
//!
//! async fn list(request: Request) -> &'static str {
//!     let timing = request.feature::<ServerTiming>();
//!     let measured = timing.map(|timing| timing.measure("db"));
//!     // ... ask the database ...
//!     drop(measured);
//!     "the list"
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // Or, for Development alone: `ServerTimingLayer::of(&app)`.
//! let app = ApplicationBuilder::new().layer(ServerTimingLayer::always()).run_fn(list);
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/").await?;
//! let timing = response.headers()["server-timing"].to_str()?;
//! assert!(timing.starts_with("db;dur=") && timing.contains(", total;dur="), "{timing}");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The stages of a pipeline, for everybody:
//!
//! ```
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::server_timing::ServerTimingLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(ServerTimingLayer::always())
//!     // ... what finds out who asks ...
//!     .layer(ServerTimingLayer::always().with_name("after-authentication"))
//!     .run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/").await?;
//! let timing = response.headers()["server-timing"].to_str()?;
//! assert!(timing.starts_with("after-authentication;dur="), "{timing}");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why not `TraceLayer`
//!
//! tower-http's tells a log how long a request took. This tells who sits before the browser, and what it was made of.
//!
//! # Outside of Transom
//!
//! There is no host whose environment could say Development: use [`in_environment`](ServerTimingLayer::in_environment), or
//! [`always`](ServerTimingLayer::always). The rest is the same.

mod feature;
mod future;
mod layer;
mod service;

pub use feature::{Measured, ServerTiming};
pub use future::TimingFuture;
pub use layer::ServerTimingLayer;
pub use service::ServerTimings;
