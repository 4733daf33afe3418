//! What is seen of a server from outside: measures, spans, statistics.
#![allow(clippy::unwrap_used, reason = "tests")]

mod connections;
#[cfg(feature = "http3")]
mod http3;
mod recorded;
mod rejections;
mod requests;
mod server;
mod spans;
mod statistics;
