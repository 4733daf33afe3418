//! What is particular to tiny_http; the general behaviour is in `conformance.rs`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod content;
mod lifetime;
mod messages;
mod refusals;
mod support;
