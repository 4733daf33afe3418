//! Browsers are told to come over `https` only: RFC 6797, `Strict-Transport-Security`.
//!
//! [`HstsLayer`] adds the field to every response over `https`, unless the application has set it. Put it
//! after [`forwarded_headers`](crate::forwarded_headers), beside
//! [`https_redirection`](crate::https_redirection). Leave it away while you develop: what a browser was told
//! it keeps.
//!
//! ```
//! use transom::features::{RequestExt, Scheme};
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::hsts::HstsLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//! #   .use_fn(|mut request, next| async move {
//! #       request.features_mut().insert(Scheme::Https); // as a server with TLS says
//! #       next.run(request).await
//! #   })
//!     .layer(HstsLayer::new())
//!     .run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("https://example.com/").await?;
//! assert_eq!(response.headers()["strict-transport-security"], "max-age=2592000"); // 30 days
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! For a site that is ready for the lists which browsers come with:
//!
//! ```
//! # use transom::features::{RequestExt, Scheme};
//! # use transom::{ApplicationBuilder, testing::TestServer};
//! # use transom_middleware::hsts::HstsLayer;
//! use std::time::Duration;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let hsts = HstsLayer::new()
//!     .with_max_age(Duration::from_secs(365 * 24 * 60 * 60))
//!     .with_include_subdomains(true)
//!     .with_preload(true)
//!     .with_excluded_hosts(["localhost", "*.test.example.com"])?;
//! let app = ApplicationBuilder::new()
//! #   .use_fn(|mut request, next| async move {
//! #       request.features_mut().insert(Scheme::Https);
//! #       next.run(request).await
//! #   })
//!     .layer(hsts)
//!     .run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let told = client.get("https://example.com/").await?;
//! assert_eq!(told.headers()["strict-transport-security"], "max-age=31536000; includeSubDomains; preload");
//! let excluded = client.get("https://a.test.example.com/").await?;
//! assert!(!excluded.headers().contains_key("strict-transport-security"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Outside of Transom
//!
//! The scheme is that of the URI, which HTTP/2 has there. Where HTTP/1.1 leaves it out, it is not known, and
//! the field is not added.

mod layer;
mod service;

pub use layer::HstsLayer;
pub use service::{Hsts, HstsFuture};
