//! What is seen of a server from outside: measures, spans, statistics.
#![allow(clippy::unwrap_used, reason = "tests")]

mod recorded;
mod requests;
mod spans;
mod statistics;
