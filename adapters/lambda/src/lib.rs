//! Hosts a Transom application on [AWS Lambda](https://docs.aws.amazon.com/lambda/).
//!
//! ```no_run
//! use transom::{Body, Host, Request, Response};
//! use transom_lambda::LambdaServer;
//!
//! # async fn main_() -> Result<(), transom::Error> {
//! Host::builder(LambdaServer::new())
//!     .configure(|app| app.run_fn(|_: Request| async { Response::new(Body::from("hello")) }))
//!     .run()
//!     .await
//! # }
//! ```
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
