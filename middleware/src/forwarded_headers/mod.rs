//! The client, the scheme, the host and the path base as a trusted proxy saw them.
//!
//! Behind a proxy, a server sees the proxy. What the proxy saw it writes into fields of the request; but a
//! client can write those too. [`ForwardedHeadersLayer`] takes them over as far as they come from proxies
//! that are trusted, so that everything after it sees the client, and need not know of proxies:
//!
//! | part | read from | goes to | and what was there, to |
//! |---|---|---|---|
//! | [`For`](ForwardedPart::For) | `X-Forwarded-For` | [`ConnectionInfo::remote`] | `X-Original-For` |
//! | [`Host`](ForwardedPart::Host) | `X-Forwarded-Host` | the field `Host` | `X-Original-Host` |
//! | [`Proto`](ForwardedPart::Proto) | `X-Forwarded-Proto` | [`Scheme`] | `X-Original-Proto` |
//! | [`Prefix`](ForwardedPart::Prefix) | `X-Forwarded-Prefix` | [`PathBase`] | `X-Original-Prefix` |
//!
//! Put it first: before whatever redirects, filters or counts by any of these. A second one does nothing to
//! a request that the first one changed.
//!
//! A proxy on this machine is trusted, and nothing has to be said of it:
//!
//! ```
//! use transom::features::{ConnectionInfo, Scheme};
//! use transom::testing::TestServer;
//! use transom::{ApplicationBuilder, Request, RequestExt};
//! use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(ForwardedHeadersLayer::new([ForwardedPart::For, ForwardedPart::Proto]))
//!     .run_fn(|request: Request| async move {
//!         let client = request.feature::<ConnectionInfo>().unwrap().remote().unwrap().to_string();
//!         format!("{client} by {}", request.feature::<Scheme>().unwrap())
//!     });
//! let client = TestServer::new().start(app).await?;
//!
//! let request = http::Request::get("/")
//!     .header("x-forwarded-for", "198.51.100.9, 192.0.2.7:51000") // the proxy added the last one
//!     .header("x-forwarded-proto", "https")
//!     .body("")?;
//! let response = client.send(request).await?;
//! assert_eq!(response.into_body().collect(64).await?, "192.0.2.7:51000 by https");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Two proxies in a network, which send RFC 7239's `Forwarded`, for one site:
//!
//! ```
//! # use transom::{ApplicationBuilder, Request, testing::TestServer};
//! use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let forwarded = ForwardedHeadersLayer::rfc7239([ForwardedPart::For, ForwardedPart::Host])
//!     .with_known_networks(["10.1.0.0/16".parse()?])
//!     .with_forward_limit(Some(2))
//!     .with_allowed_hosts(["example.com", "*.example.com"])?;
//! let app = ApplicationBuilder::new()
//!     .layer(forwarded)
//!     .run_fn(|request: Request| async move { request.headers()["host"].to_str().unwrap().to_owned() });
//! let client = TestServer::new().start(app).await?;
//!
//! let request = http::Request::get("/")
//!     .header("forwarded", r#"for="[2001:db8::17]:4711";host=www.example.com, for=10.1.0.2;host=inner.example.com"#)
//!     .body("")?;
//! let response = client.send(request).await?;
//! assert_eq!(response.into_body().collect(64).await?, "www.example.com");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rule
//!
//! Each field is a list, to whose end each proxy adds. Lists are read from their ends, entry by entry
//! beside each other, up to the [limit](ForwardedHeadersLayer::with_forward_limit), and as long as the one who wrote the entry is trusted:
//! first the peer of the connection, then whom the last `For` named. That holds for every part, also where
//! `For` is not among them: then it is always the peer.
//!
//! - A peer is trusted if it is a [known proxy](ForwardedHeadersLayer::with_known_proxies) or in a
//!   [known network](ForwardedHeadersLayer::with_known_networks). A peer on a unix socket, or in this process, is trusted. A peer whose
//!   address the server does not know is not. If [no proxy is known](ForwardedHeadersLayer::with_any_proxy), every peer is trusted.
//! - A `For` that is no address (`unknown`, `_hidden`, garbage) ends the list; what was read before it stands.
//! - A scheme other than `http` and `https`, a host that is malformed or not [allowed](ForwardedHeadersLayer::with_allowed_hosts), and a prefix
//!   that does not begin with one `/`, are left out.
//! - With [symmetry](ForwardedHeadersLayer::with_header_symmetry), a part that is missing or left out leaves everything as it was.
//! - Entries that were taken over are taken out of their fields; a field without entries goes.
//! - In `Forwarded`, an element that is malformed ends the list; so does a line whose quotes do not close,
//!   as a whole.
//!
//! With `Prefix`, the path base holds more than this server was asked for, so that links are right for the client;
//! [`OriginalTarget`] stays what the server was asked for.
//!
//! The request is never refused. What was not taken over is logged.
//!
//! # Outside of Transom
//!
//! There is no [`ConnectionInfo`], so no peer is known, and nothing is taken over unless [every peer is trusted](ForwardedHeadersLayer::with_any_proxy).
//! Then `Host` is written as ever, and the rest is in [`Features`](transom::Features) for who asks there. An authority in the URI stays as it is.

#[cfg(doc)]
use transom::features::{ConnectionInfo, OriginalTarget, PathBase, Scheme};

mod hops;
mod layer;
mod node;
mod part;
mod rfc7239;
mod rules;
mod service;

pub use layer::{ForwardedHeadersLayer, InvalidSwitch};
pub use part::ForwardedPart;
pub use service::ForwardedHeaders;
pub use transom::features::{InvalidIpNetwork, IpNetwork};
