//! The pipeline, through its public interface.
#![allow(clippy::unwrap_used)]
#![allow(missing_docs, reason = "a test")]

mod branches;
mod building;
mod errors;
mod failures;
mod order;
mod support;
mod terminals;
mod tower_http;
