//! So many requests of each client in a time, and 429 for the rest.
//!
//! [`RateLimitingLayer`] counts requests by a key, and hands on as many of each key as a [`Quota`] allows: a fixed
//! window, a sliding one, or a bucket of tokens. Who has used them up is answered 429 with `Retry-After`.
//!
//! The key is the address of the client, as [`ConnectionInfo`](transom::features::ConnectionInfo) has it: put the
//! layer after [`forwarded_headers`](crate::forwarded_headers). Of an address of IPv6 only the first 64 bits count,
//! since that is what one customer gets; clients without an address have one budget together. Any other key is
//! [`with_key`](RateLimitingLayer::with_key). A branch has a quota of its own by a layer of its own, and both count.
//!
//! There is an end of the keys that are remembered: beyond it, who was seen least recently is forgotten, and begins
//! anew. So a client with many addresses costs no memory, and a quota of all clients together (a key that is always
//! the same, in a layer before this) is what stands against it.
//!
//! ```
//! use std::time::Duration;
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::rate_limiting::{Quota, RateLimitingLayer};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let limits = RateLimitingLayer::new(Quota::fixed_window(2, Duration::from_secs(60)));
//! let app = ApplicationBuilder::new().layer(limits).run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! assert_eq!(client.get("/").await?.status(), 200);
//! assert_eq!(client.get("/").await?.status(), 200);
//! let refused = client.get("/").await?;
//! assert_eq!(refused.status(), 429);
//! assert_eq!(refused.headers()["retry-after"], "60");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! By a token, with bursts, on one branch, and with what is left in the response; who has no token is not counted:
//!
//! ```
//! use std::time::Duration;
//! # use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::rate_limiting::{Quota, RateLimitingLayer};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let limits = RateLimitingLayer::new(Quota::token_bucket(10, 1, Duration::from_secs(1)))
//!     .with_name("api")
//!     .with_key(|request| Some(request.headers.get("authorization")?.as_bytes().into()))
//!     .with_fields(true);
//! let app = ApplicationBuilder::new()
//!     .map("/api", |api| api.layer(limits).run_fn(|_| async { "hello" }))
//!     .run_fn(|_| async { "not limited" });
//! let client = TestServer::new().start(app).await?;
//!
//! let request = http::Request::get("/api").header("authorization", "Bearer abc");
//! let response = client.send(request.body("")?).await?;
//! assert_eq!(response.headers()["ratelimit"], r#""api";r=9;t=1"#);
//! assert_eq!(response.headers()["ratelimit-policy"], r#""api";q=10;w=10"#);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # More than one machine
//!
//! Each process counts for itself. `RedisStore`, of the feature `rate-limiting-redis`, counts in a Redis for all
//! of them, by the clock of the Redis; [`RateLimitStore`] is for any other store. What happens while it is away is
//! [`WithoutStore`].
//!
//! # Why not `RateLimitLayer`, and why not `governor`
//!
//! tower's has one budget for everybody, and makes who is beyond it wait, in `poll_ready`. governor has one
//! algorithm, which is the third of these, and a store of keys that grows until somebody cleans it up.
//!
//! # Outside of Transom
//!
//! Nobody says what the address of a client is, so all have one budget together: say
//! [`with_key`](RateLimitingLayer::with_key).

mod decision;
mod fields;
mod future;
mod key;
mod layer;
mod local;
mod outage;
mod quota;
#[cfg(feature = "rate-limiting-redis")]
mod redis;
mod service;
mod state;
mod store;

pub use decision::RateLimitDecision;
pub use future::RateLimitFuture;
pub use key::RateLimitKey;
pub use layer::RateLimitingLayer;
pub use quota::{Algorithm, Quota};
#[cfg(feature = "rate-limiting-redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "rate-limiting-redis")))]
pub use redis::{InvalidRedisUrl, RedisStore};
pub use service::RateLimiting;
pub use store::{RateLimitStore, WithoutStore};
