//! What only FastCGI has: records as they are sent, and what becomes of a connection.
#![allow(clippy::unwrap_used)]

#[path = "../support/fastcgi/records.rs"]
#[allow(dead_code, reason = "the client of the kit uses the rest")]
mod records;

mod bodies;
mod connections;
mod inherited;
mod limits;
mod peer;
mod refusals;
