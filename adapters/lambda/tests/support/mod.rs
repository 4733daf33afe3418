//! A Runtime API, and the front of a function before it: AWS Lambda as far as a function sees it.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test binary uses a part of it"
)]

mod connection;
mod front;
mod function;
mod runtime_api;

pub use front::{function_url, gateway, response_of, rest_api};
pub use function::Function;
pub use runtime_api::{Answer, Problem, RuntimeApi};

use std::time::Duration;

/// The deadline of every wait.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it did not happen in time")
}
