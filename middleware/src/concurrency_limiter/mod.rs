//! So many requests at once, so many that wait for a place, and 503 for the rest.
//!
//! [`ConcurrencyLimiterLayer`] hands on as many requests as it has permits. A permit is held from there until the
//! content of the response has ended or was dropped, since what is being sent costs as much as what is being made.
//! Who finds no permit waits in a queue, if there is one and it has room, and is else answered 503 with
//! `Retry-After`. A client that goes away leaves the queue.
//!
//! Put it before what is dear, and after what has to answer even then: health checks, or exempt those with
//! [`with_exempt`](ConcurrencyLimiterLayer::with_exempt). A connection that was upgraded holds no permit: the server
//! counts those, and may limit them.
//!
//! ```
//! use std::time::Duration;
//! use transom::{ApplicationBuilder, Body, Response, testing::TestServer};
//! use transom_middleware::concurrency_limiter::ConcurrencyLimiterLayer;
//!
//! async fn events(_: transom::Request) -> Response {
//!     Response::new(Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>()))
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let limiter = ConcurrencyLimiterLayer::new(1).with_retry_after(Duration::from_secs(5));
//! let app = ApplicationBuilder::new().layer(limiter).run(events);
//! let client = TestServer::new().start(app).await?;
//!
//! let first = client.get("/").await?; // its content goes on
//! let refused = client.get("/").await?;
//! assert_eq!(refused.status(), 503);
//! assert_eq!(refused.headers()["retry-after"], "5");
//! # drop(first);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! With a queue in which the newest goes first, since its client is the one that is most likely still there; and
//! probes that pass by:
//!
//! ```
//! # use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::concurrency_limiter::{ConcurrencyLimiterLayer, QueueOrder};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let limiter = ConcurrencyLimiterLayer::new(1)
//!     .with_queue(100)
//!     .with_order(QueueOrder::NewestFirst)
//!     .with_exempt(|request| request.uri.path() == "/livez");
//! let app = ApplicationBuilder::new().layer(limiter.clone()).run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let (first, second) = tokio::join!(client.get("/"), client.get("/")); // the second waits for the first
//! assert_eq!(first?.status(), 200);
//! assert_eq!(second?.status(), 200);
//! assert_eq!(client.get("/livez").await?.status(), 200);
//! assert_eq!(limiter.waiting(), 0);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why not `ConcurrencyLimitLayer`
//!
//! tower's keeps who finds no permit in `poll_ready`, in a queue without an end and without an answer; with
//! `LoadShedLayer` around it there is no queue at all. Both give the permit back with the head of the response,
//! while its content is still being made.
//!
//! # Outside of Transom
//!
//! It is the same there, and needs no particular runtime.

mod body;
mod future;
mod layer;
mod limiter;
mod service;

pub use body::PermitBody;
pub use future::LimitFuture;
pub use layer::{ConcurrencyLimiterLayer, QueueOrder};
pub use service::ConcurrencyLimiter;
