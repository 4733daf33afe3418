//! Requests over `http` are sent on to `https`.
//!
//! [`HttpsRedirectionLayer`] answers a request over `http` with a redirection to the same place over
//! `https`, and lets others through. Put it after [`forwarded_headers`](crate::forwarded_headers), and after
//! [`host_filtering`](crate::host_filtering): the new place is made of the host that the client named.
//!
//! ```
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::https_redirection::HttpsRedirectionLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(HttpsRedirectionLayer::new().with_https_port(443))
//!     .run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.send(http::Request::get("/a?b").header("host", "example.com:80").body("")?).await?;
//! assert_eq!(response.status(), 307);
//! assert_eq!(response.headers()["location"], "https://example.com/a?b");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! For good, and to another port:
//!
//! ```
//! use http::StatusCode;
//! # use transom::{ApplicationBuilder, testing::TestServer};
//! # use transom_middleware::https_redirection::HttpsRedirectionLayer;
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let redirection = HttpsRedirectionLayer::new()
//!     .with_https_port(8443)
//!     .with_status_code(StatusCode::PERMANENT_REDIRECT)?;
//! let app = ApplicationBuilder::new().layer(redirection).run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/").await?;
//! assert_eq!(response.status(), 308);
//! assert_eq!(response.headers()["location"], "https://localhost:8443/");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which port
//!
//! The first of these that says it; it is looked for once, at the first request over `http`:
//!
//! 1. [`with_https_port`](HttpsRedirectionLayer::with_https_port);
//! 2. the variable `TRANSOM_HTTPS_PORT`;
//! 3. the variable `ASPNETCORE_ANCM_HTTPS_PORT`, which IIS sets;
//! 4. the `https` addresses that were bound: [those given](HttpsRedirectionLayer::with_server_addresses), or those of the server that
//!    received the request.
//!
//! If none does, that is logged once, and requests are let through as they are. If a variable holds no
//! port, or the addresses have several, nobody can say where to go: that is logged once, and requests get
//! 500.
//!
//! # What else there is
//!
//! - The place is `https://`, the host without its port, the port unless it is 443,
//!   [`PathBase`](transom::features::PathBase), the path, and the query.
//! - A request that names no host, or a malformed one, gets 400.
//! - `OPTIONS *` and `CONNECT` have no path to be sent to, and are let through.
//!
//! # Outside of Transom
//!
//! The scheme is that of the URI, which HTTP/2 has there. Where HTTP/1.1 leaves it out, it is not known, and
//! the request is let through. There are no addresses, so the port has to be given, by code or by variable.

mod layer;
mod port;
mod service;

pub use layer::{HttpsRedirectionLayer, NotARedirection};
pub use service::HttpsRedirection;
