//! Hosts a Transom application on [AWS Lambda](https://docs.aws.amazon.com/lambda/), behind a function URL, an HTTP
//! API or a REST API of API Gateway, or an Application Load Balancer.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use transom::{Body, Error, Host, Request, Response};
//! use transom_lambda::LambdaServer;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> ExitCode {
//!     transom::hosting::exit(run().await)
//! }
//!
//! async fn run() -> Result<(), Error> {
//!     Host::builder(LambdaServer::new())
//!         .configure(|app| app.run_fn(async |_: Request| Response::new(Body::from("hello"))))
//!         .run()
//!         .await
//! }
//! ```
//!
//! The application need not know. What it may want to know are features:
//!
//! | feature | of | what |
//! |---|---|---|
//! | [`LambdaContext`] | the request | id, deadline, ARN, trace, tenant, identity |
//! | [`LambdaEvent`] | the request | the front, the request context (authorizer, route, stage), stage variables |
//! | [`LambdaFunction`] | the server | name, version, memory, log stream |
//! | [`RequestLifetime`](transom::features::RequestLifetime) | the request | ends shortly before the deadline |
//! | [`PathBase`](transom::features::PathBase) | the request | the stage, where the path has one |
//! | [`ConnectionInfo`](transom::features::ConnectionInfo) | the request | the client's IP address, as [`Endpoint::Ip`](transom::features::Endpoint::Ip): no front tells the port |
//! | [`TlsInfo`](transom::features::TlsInfo) | the request | of a function URL version and cipher suite, of API Gateway the client's certificate |
//!
//! Whatever the connection was, the feature [`Scheme`](transom::features::Scheme) says what the client used.
//!
//! # Where things run
//!
//! `serve` asks the Runtime API for one invocation after the other and answers each, all inside its own future:
//! nothing is spawned, and dropping it closes the connection to the Runtime API. With
//! [`with_concurrency`](LambdaServer::with_concurrency), or where AWS Lambda asks for it, that many tasks do so
//! beside each other; dropping `serve` aborts them.
//!
//! # What ends a function
//!
//! - A request to stop: no further invocation is asked for, the one that was begun is answered. AWS Lambda sends SIGTERM
//!   only to functions with an extension, and then ends the process after half a second; see
//!   [`with_shutdown_signal`](LambdaServer::with_shutdown_signal). Without one an environment that is not needed is
//!   frozen, and later gone.
//! - The deadline of an invocation: AWS Lambda ends the process. The application hears of it before.
//! - A Runtime API that cannot be spoken with: `serve` ends with an error, and AWS Lambda starts another process.
//!
//! No event ends it. What is no request of HTTP is answered with an error that says what it is.
//!
//! # What AWS Lambda cannot do
//!
//! Upgrades, trailers, CONNECT, request bodies that are read while they come, and telling that a client went away. A
//! response is at most 6 MB unless it is streamed. The README lists what is lost on the way by each front, and
//! `conformance.toml` declares it.

mod bound;
mod environment;
mod event;
mod features;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod request_path;
mod response;
mod runtime_api;
mod server;
mod worker;

pub use bound::BoundLambdaServer;
pub use features::{EventSource, LambdaContext, LambdaEvent, LambdaFunction};
pub use server::LambdaServer;
