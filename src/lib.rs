//! **Write an HTTP application once, and host it on any server.**
//!
//! - An [`Application`] is `async fn(Request) -> Response`: mostly a pipeline of tower middleware, composed by an
//!   [`ApplicationBuilder`], that ends in an axum `Router`, tonic's `Routes`, or a function.
//! - A [`Server`] is whatever receives requests: [`HyperServer`], which is the default,
//!   [`TestServer`](testing::TestServer), which has no socket, and adapters, each a crate of its own
//!   (`transom-actix`, `transom-tiny-http`).
//! - [`Features`] are what a server knows (the addresses that it bound, the peer of a connection) and can do
//!   (upgrade a connection, hang up), found by type.
//! - A [`Host`] binds the servers, builds the pipeline, serves, and stops.
//!
//! ```
//! use transom::features::{RequestExt, ServerAddresses};
//! use transom::{Host, Request, testing::TestServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // `TestServer` stands where `HyperServer::new("http://127.0.0.1:0")` would.
//! let host = Host::builder(TestServer::new())
//!     .configure(|app| {
//!         // Everything is bound by now, so this is the truth, port 0 included.
//!         let addresses = app.server_features().get::<ServerAddresses>().unwrap();
//!         assert_eq!(addresses.bound().len(), 1);
//!
//!         app.map("/where", |at| {
//!             at.run_fn(|request: Request| async move {
//!                 let addresses = request.feature::<ServerAddresses>().unwrap();
//!                 addresses.bound()[0].to_string()
//!             })
//!         })
//!         .run_fn(|_| async { "hello" })
//!     })
//!     .start()
//!     .await?;
//! assert!(host.addresses()[0].to_string().starts_with("http://memory:"));
//! host.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to read
//!
//! | module | what it is |
//! |---|---|
//! | [`contract`] | the whole contract, on one page |
//! | [`body`] | the one body type |
//! | [`features`] | the catalogue of features |
//! | [`pipeline`] | how middleware is put in order, and what becomes of errors |
//! | [`hosting`] | start, stop, settings, signals |
//! | [`hyper`] | the default server |
//! | [`configuration`] | settings files, for servers that are configured from them |
//! | [`testing`] | the server without a socket |
//! | [`adapter`] | what the author of a server needs |
//!
//! # Cargo features
//!
//! | name | adds | default |
//! |---|---|---|
//! | `hosting` | [`Host`] | yes |
//! | `configuration` | [`configuration::Section`], and [`HyperServer`] configured from a file | by `settings` |
//! | `settings` | settings of a host from files, the environment and the command line | yes |
//! | `signals` | SIGINT and SIGTERM stop a host | yes |
//! | `hyper` | [`HyperServer`] | yes |
//! | `tls` | `https://` addresses of [`HyperServer`], by rustls | yes |
//! | `http3` | HTTP/3 on [`HyperServer`], by quinn | no |
//! | `acme` | certificates ordered and renewed while [`HyperServer`] serves | no |
//! | `dev-certs` | [`hyper::tls`]'s `DevelopmentCertificate`: one for this machine | no |
//! | `testing` | [`TestServer`](testing::TestServer) | yes |
//! | `net` | [`adapter::bind`]: listeners from addresses | by `hyper` |
//! | `metrics` | [measures](adapter#measures) for the recorder of the `metrics` facade | no |
//! | `pem` | [`adapter::pem_certificates`]: certificates as gateways pass them on | no |
//! | `tokio` | tokio's I/O traits on bodies and upgraded connections, [`adapter::HostRuntime`] | by most |
//! | `systemd` | `HostBuilder::with_systemd`: systemd is told how far the host is (Linux) | no |
//! | `tracing` | events for errors and panics, [spans](adapter#spans) of requests | by `hosting` |
//! | `upgrade-bridge` | hyper's `OnUpgrade`, so axum's `WebSocketUpgrade`, on any server | by `hyper` |
//!
//! Without any of them there is no runtime in the tree, and everything but the rows above is there.
//!
//! # Cancel safety
//!
//! A request is cancelled by dropping its future: when the client is gone, and when a host's patience ends. An
//! application that must not stop halfway spawns that part.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod adapter;
pub mod body;
#[cfg(feature = "configuration")]
pub mod configuration;
pub mod contract;
pub mod features;
#[cfg(feature = "hosting")]
pub mod hosting;
#[cfg(feature = "hyper")]
pub mod hyper;
pub mod pipeline;
#[cfg(feature = "testing")]
pub mod testing;

mod signal;
#[cfg(any(feature = "hosting", feature = "configuration"))]
mod text;
#[cfg(feature = "tokio")]
mod tokio_io;
#[cfg(any(feature = "testing", feature = "upgrade-bridge"))]
mod tunnel;

#[cfg(feature = "hyper")]
pub use crate::hyper::HyperServer;
pub use body::Body;
pub use contract::{
    App, Application, BoundServer, BoxServer, Error, Request, Response, Server, Shutdown,
};
pub use features::{Feature, Features, RequestExt};
#[cfg(feature = "hosting")]
pub use hosting::{Host, RunningHost};
pub use pipeline::ApplicationBuilder;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
