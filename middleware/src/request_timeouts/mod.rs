//! A request that takes too long is told so, and then answered for: 504.
//!
//! [`RequestTimeoutsLayer`] gives the application a time until it has to return its response. When that is over, the
//! request's [`RequestLifetime`](transom::features::RequestLifetime) says that nobody waits any more, so that whatever
//! listens to it can stop, tasks that the application spawned among it; then the application is dropped where it
//! stands, and the client gets a 504 without content. What the application returns after that time is not sent: it
//! was written for a client that is gone.
//!
//! A response that has begun is not broken off, unless
//! [`with_body_included`](RequestTimeoutsLayer::with_body_included) says so. Upgraded connections and the streams of
//! CONNECT never are.
//!
//! Put it after what answers quickly and must always answer (health checks), and before what works. A branch has a
//! policy of its own by a layer of its own: a second layer adds no timer, it replaces the policy of the first from
//! there on. A handler does the same for one request through the feature [`RequestTimeout`].
//!
//! ```
//! use std::time::Duration;
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::request_timeouts::RequestTimeoutsLayer;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(RequestTimeoutsLayer::new(Duration::from_secs(5)))
//!     .map("/export", |export| {
//!         export.layer(RequestTimeoutsLayer::new(Duration::from_secs(60))).run_fn(|_| async {
//!             tokio::time::sleep(Duration::from_secs(9)).await;
//!             "a long list"
//!         })
//!     })
//!     .run_fn(|_| std::future::pending::<&str>());
//! let client = TestServer::new().start(app).await?;
//!
//! assert_eq!(client.get("/").await?.status(), 504);
//! assert_eq!(client.get("/export").await?.status(), 200);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A handler that knows better, and one that has something to put away first:
//!
//! ```
//! use std::time::Duration;
//! use transom::features::{RequestExt, RequestLifetime};
//! use transom::{ApplicationBuilder, Request, testing::TestServer};
//! use transom_middleware::request_timeouts::{RequestTimeout, RequestTimeoutsLayer};
//!
//! async fn upload(request: Request) -> &'static str {
//!     if let Some(timeout) = request.feature::<RequestTimeout>() {
//!         timeout.disable();
//!     }
//!     tokio::time::sleep(Duration::from_secs(8)).await;
//!     "stored"
//! }
//!
//! async fn search(request: Request) -> &'static str {
//!     if let Some(lifetime) = request.feature::<RequestLifetime>() {
//!         lifetime.disconnected().await; // here: the time is over
//!         tokio::time::sleep(Duration::from_millis(100)).await; // the query is cancelled
//!     }
//!     "not sent"
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let timeouts = RequestTimeoutsLayer::new(Duration::from_secs(5)).with_grace(Duration::from_secs(1));
//! let app = ApplicationBuilder::new()
//!     .layer(timeouts)
//!     .map("/search", |branch| branch.run_fn(search))
//!     .run_fn(upload);
//! let client = TestServer::new().start(app).await?;
//!
//! assert_eq!(client.get("/").await?.status(), 200);
//! assert_eq!(client.get("/search").await?.status(), 504);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why not `TimeoutLayer`
//!
//! tower's and tower-http's `TimeoutLayer` drop the application at the deadline and tell nobody: what it spawned
//! works on. Theirs is one duration, fixed when the layer was made; neither a branch nor a handler can have another.
//!
//! # Outside of Transom
//!
//! It works on any server that runs in tokio. The lifetime that handlers find then knows of the timeout and of a
//! response that was dropped, and [`abort`](transom::features::RequestLifetime::abort) has nobody to tell.

mod body;
mod feature;
mod future;
mod layer;
mod policy;
mod service;
mod watch;

pub use body::TimeoutBody;
pub use feature::RequestTimeout;
pub use future::TimeoutFuture;
pub use layer::RequestTimeoutsLayer;
pub use service::RequestTimeouts;
