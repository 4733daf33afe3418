//! Only requests for hosts that are served here.
//!
//! An application that makes links of the `Host` field makes them of what anybody sent. [`HostFilteringLayer`]
//! lets those requests through whose host is on a list, and answers others with 400.
//!
//! Put it early; but after [`forwarded_headers`](crate::forwarded_headers), if a proxy replaces the host.
//!
//! ```
//! use http::StatusCode;
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::host_filtering::HostFilteringLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(HostFilteringLayer::new(["example.com", "*.example.com"])?)
//!     .run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let ask = |host| http::Request::get("/").header("host", host).body("");
//! assert_eq!(client.send(ask("www.example.com:8080")?).await?.status(), StatusCode::OK);
//! assert_eq!(client.send(ask("evil.example")?).await?.status(), StatusCode::BAD_REQUEST);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Every request has to name a host, and who does not hears no more than the status:
//!
//! ```
//! # use http::StatusCode;
//! # use transom::{ApplicationBuilder, testing::TestServer};
//! # use transom_middleware::host_filtering::HostFilteringLayer;
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let filter = HostFilteringLayer::new(["*"])?
//!     .with_empty_hosts(false)
//!     .with_failure_message(false);
//! let app = ApplicationBuilder::new().layer(filter).run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.send(http::Request::get("/").header("host", "").body("")?).await?;
//! assert_eq!(response.status(), StatusCode::BAD_REQUEST);
//! assert!(response.into_body().collect(64).await?.is_empty());
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rule
//!
//! | pattern | allows |
//! |---|---|
//! | `example.com`, `192.0.2.1`, `[2001:db8::1]` | that host; case and port do not count |
//! | `*.example.com` | every host below, but not `example.com` |
//! | `*`, `[::]`, `0.0.0.0` | every host that is not empty |
//!
//! A request without a host, or with an empty one, is let through unless
//! [told otherwise](HostFilteringLayer::with_empty_hosts). One with several `Host` fields never is.
//!
//! # Outside of Transom
//!
//! All of it works. An authority in the URI, as HTTP/2 has it there, has to be allowed too.

mod layer;
mod service;

pub use layer::HostFilteringLayer;
pub use service::HostFiltering;
