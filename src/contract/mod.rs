//! What an application is and what a server is.
//!
//! The whole contract:
//!
//! ```
//! # use std::future::Future;
//! # use transom::{Error, Features, Request, Response, Shutdown};
//! pub trait Application: Send + Sync + 'static {
//!     fn call(&self, request: Request) -> impl Future<Output = Response> + Send;
//! }
//!
//! pub trait Server: Send + Sized + 'static {
//!     type Bound: BoundServer;
//!     fn bind(self) -> impl Future<Output = Result<Self::Bound, Error>> + Send;
//! }
//!
//! pub trait BoundServer: Send + Sized + 'static {
//!     fn features(&self) -> &Features;
//!     fn serve<A: Application>(
//!         self,
//!         app: A,
//!         shutdown: Shutdown,
//!     ) -> impl Future<Output = Result<(), Error>> + Send;
//! }
//! ```
//!
//! A server starts in **two phases**. `bind` ends with the real addresses known, so that a pipeline can
//! be built from them, and a host can bind all its servers before any of them serves. `serve` then owns
//! everything it starts: dropping its future aborts every connection, asking [`Shutdown`] drains them.
//!
//! An application is **infallible** and has **no readiness**. What becomes of an error is decided where
//! it arises, in the pipeline; back-pressure belongs to the server's own limits and to the bodies, which
//! are read on demand.
//!
//! # What the application is handed
//!
//! Every server hands its requests over in one form, whatever the wire said:
//!
//! - the URI is the path and query alone, byte for byte as received (`*` for `OPTIONS *`, the authority
//!   for `CONNECT`); what the wire said in full is the feature [`OriginalTarget`](crate::features::OriginalTarget);
//! - the authority of an absolute target, or HTTP/2's `:authority`, is the `Host` field;
//! - the scheme is the feature [`Scheme`](crate::features::Scheme);
//! - the extensions hold one [`Features`](crate::features::Features), reached by
//!   [`RequestExt`](crate::features::RequestExt);
//! - repeated fields stay separate and ordered, and values keep their bytes; but `Cookie`, which HTTP/2
//!   may split, is one field.

mod application;
mod error;
mod server;
mod shutdown;

pub(crate) use application::BoxFuture;
pub use application::{App, Application};
pub use error::Error;
pub use server::{BoundServer, BoxBoundServer, BoxServer, Server};
pub use shutdown::{Shutdown, ShutdownTrigger};

/// A request as every server hands it over.
pub type Request = http::Request<crate::body::Body>;

/// A response as every application returns it.
pub type Response = http::Response<crate::body::Body>;
