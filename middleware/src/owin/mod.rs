//! Middleware and servers that are written against OWIN: an environment of values by key, and functions of it.
//!
//! OWIN is .NET's contract between servers and applications from before ASP.NET Core, and what a request is there can be
//! said without any framework's types: a dictionary. [`Environment`] is that dictionary as a view of a request, its
//! [features](transom::features) and its response; an [`AppFunc`] is an application, and middleware is a function from
//! one to another. [`UseOwin`], or an [`OwinLayer`], runs such middleware in a pipeline; what it calls next is the
//! rest of the pipeline. The other way, a server that drives an `AppFunc`, is the crate `transom-owin`.
//!
//! Put it where the middleware that it carries belongs. Several components share one environment if they are added
//! together; the chain is built once, and not for each request.
//!
//! ```
//! use http::HeaderMap;
//! use transom::{ApplicationBuilder, Request, testing::TestServer};
//! use transom_middleware::owin::{AppFunc, Environment, UseOwin, keys};
//!
//! // Of OWIN alone: it knows keys, and no type of a framework.
//! fn french(next: AppFunc) -> AppFunc {
//!     AppFunc::new(move |environment: Environment| {
//!         let next = next.clone();
//!         async move {
//!             let path: String = environment.require(keys::REQUEST_PATH)?;
//!             if let Some(rest) = path.strip_prefix("/caf\u{e9}") {
//!                 environment.set(keys::REQUEST_PATH, format!("/coffee{rest}"))?;
//!             }
//!             next.call(environment.clone()).await?;
//!             let language = |headers: &mut HeaderMap| headers.insert("content-language", "fr".parse().unwrap());
//!             environment.modify(keys::RESPONSE_HEADERS, language)?;
//!             Ok(())
//!         }
//!     })
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .use_owin(|owin| owin.with(french))
//!     .run_fn(|request: Request| async move { request.uri().to_string() });
//! let response = TestServer::new().start(app).await?.get("/caf%C3%A9/noir?sucre").await?;
//! assert_eq!(response.headers()["content-language"], "fr");
//! assert_eq!(response.into_body().collect(64).await?, "/coffee/noir?sucre");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Around any tower service, where no Transom is, and with a function that answers by itself:
//!
//! ```
//! use tower::{Layer, ServiceExt};
//! use transom_middleware::owin::{AppFunc, Environment, OwinLayer, ResponseBody, keys};
//!
//! fn teapot(_: AppFunc) -> AppFunc {
//!     AppFunc::new(|environment: Environment| async move {
//!         environment.set(keys::RESPONSE_STATUS_CODE, 418_u16)?;
//!         let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
//!         body.write("short and stout").await?;
//!         Ok(())
//!     })
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let rest = tower::service_fn(|_: http::Request<transom::Body>| async { Ok::<_, std::io::Error>(http::Response::new(String::new())) });
//! let service = OwinLayer::new().with(teapot).layer(rest);
//! let response = service.oneshot(http::Request::get("/").body(String::new())?).await?;
//! assert_eq!(response.status(), 418);
//! assert_eq!(response.into_body().collect(64).await?, "short and stout");
//! # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # Keys
//!
//! Those that are a view. Their types are in [`keys`]; all texts are `String`. Setting what cannot be is an error that
//! says why, and changes nothing. Where it says "an item", the key shows no longer what it did, and has what was set.
//!
//! | key | shows | set | absent |
//! |---|---|---|---|
//! | `owin.Version` | `1.0` | an item | - |
//! | `owin.RequestBody` | the body, which is taken | the body | once it is taken |
//! | `owin.RequestHeaders` | the fields | the fields | - |
//! | `owin.RequestMethod` | the method | the method | - |
//! | `owin.RequestPath` | the path of the URI, decoded, `%2F` too; empty for `*` and CONNECT | the path, encoded | - |
//! | `owin.RequestPathBase` | [`PathBase`](transom::features::PathBase), decoded | that, encoded | - |
//! | `owin.RequestProtocol` | the version | the version | - |
//! | `owin.RequestQueryString` | the query of the URI | the query | - |
//! | `owin.RequestScheme` | [`Scheme`](transom::features::Scheme), or that of the URI, or `http` | the feature | - |
//! | `owin.RequestId` | [`RequestIdentifier`](transom::features::RequestIdentifier) | the feature | outside of Transom |
//! | `owin.ResponseBody` | what the client is sent | what stands before that | - |
//! | `owin.ResponseHeaders` | the fields of the response | them, until the first write | - |
//! | `owin.ResponseStatusCode` | the status; 200 | it, until the first write; not 100 | - |
//! | `owin.CallCancelled` | [`RequestLifetime`](transom::features::RequestLifetime): aborting it hangs up | the feature, for what comes after | - |
//! | `server.RemoteIpAddress`, `server.RemotePort` | [`ConnectionInfo`](transom::features::ConnectionInfo) | the feature | where it does not say |
//! | `server.LocalIpAddress`, `server.LocalPort` | the same | the feature | where it does not say |
//! | `server.IsLocal` | whether both ends have one address, or the client's is a loopback | an item | where they are not known |
//! | `server.ConnectionId` | `ConnectionInfo` | an item | outside of Transom |
//! | `server.OnSendingHeaders` | [`OnSendingHeaders`] | an item | - |
//! | `server.OnDispose` | [`ServerLifetime`](transom::features::ServerLifetime) | an item | outside of Transom |
//! | `server.Capabilities` | `server.Name` from [`ServerInfo`](transom::features::ServerInfo); `opaque.Version`, if this request can be upgraded | an item; what is set in it is not kept | - |
//! | `ssl.ClientCertificate` | [`TlsInfo`](transom::features::TlsInfo) | an item | without TLS, or a certificate |
//! | `opaque.Upgrade` | [`dyn Upgrade`](transom::features::Upgrade) | an item | where the server cannot, or the client did not ask |
//! | `transom.Features` | all features of the request | an item | outside of Transom |
//! | `transom.RequestTarget` | [`OriginalTarget`](transom::features::OriginalTarget) | an item | outside of Transom |
//!
//! Those that are not, and why. Whoever sets one has an item like any other.
//!
//! | key | |
//! |---|---|
//! | `owin.RequestUser`, `server.User` | there is no type of a user that all would share: the middleware that finds out who it is sets one of its own |
//! | `owin.ResponseReasonPhrase` | HTTP/2 and HTTP/3 have none, and no client may depend on it (RFC 9112, section 4): what is set is not sent |
//! | `owin.ResponseProtocol` | how it speaks is the server's to say: what is set is not sent |
//! | `ssl.LoadClientCertAsync` | a certificate comes with the handshake, or not at all: none is asked for later |
//! | `sendfile.SendAsync`, `sendfile.*` | no server here gives its socket away for it, and over TLS and HTTP/2 none could: a file is written to `owin.ResponseBody`, by the chunk |
//! | `websocket.Accept`, `websocket.*` | a library for WebSocket works on `opaque.Upgrade`; on the connection it has all that the extension would give |
//! | `server.OnInit`, `host.*`, `builder.*` | they belong to the start of a program, which is a host's; of the log, `tracing` has all |
//!
//! A key that is removed shows nothing more, and what it showed stays as it is. OWIN's `Add`, which fails where there is a
//! value, and `Clear` are left out: nobody can do without a request.
//!
//! # What is different
//!
//! - What a key has is a copy: fields that were changed are written back, which [`Environment::modify`] does.
//! - The rest of the pipeline gets a copy of the head, so that middleware can still read it afterwards. What is set
//!   after the call of `next` is not seen there, nor is seen here what was changed there. Items are shared.
//! - What the rest of the pipeline answers does not send the head; it goes when the function has ended, or writes. So
//!   fields can be changed after `next`. The body goes through as it is, with its length and its trailers, unless
//!   something else is written too.
//! - What writes waits until there is room: one piece. The function is polled by the body of the response, and dropped
//!   with it, when the client is gone. So it is where there is no content to be sent, after the first write: for HEAD, say.
//! - An error before the first write is the error of the layer, and becomes a response as that of any other does (500,
//!   mostly); after it the response breaks off.
//! - A later OWIN stage has an environment of its own, with the items of the first.
//!
//! # Outside of Transom
//!
//! All of it works, but for what only a server knows; the table has it. `owin.CallCancelled` tells of a client that goes, and cannot hang up.

mod app_func;
mod bridge;
mod environment;
mod error;
mod exchange;
pub mod keys;
mod layer;
mod mapped;
mod on_sending_headers;
mod opaque;
mod parse;
mod path;
mod pipe;
mod properties;
mod response_body;
mod service;
mod use_owin;
mod view;

pub use app_func::{AppFunc, Called};
pub use environment::Environment;
pub use error::EnvironmentError;
pub use layer::OwinLayer;
pub use on_sending_headers::OnSendingHeaders;
pub use opaque::{OpaqueCallback, OpaqueUpgrade};
pub use properties::Properties;
pub use response_body::ResponseBody;
pub use service::{OwinFuture, OwinService};
pub use use_owin::UseOwin;
