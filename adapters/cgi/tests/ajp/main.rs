//! What only AJP has: packets as they are sent, and what becomes of a connection.
#![allow(clippy::unwrap_used)]

#[path = "../support/ajp/packets.rs"]
#[allow(dead_code, reason = "the client of the kit uses the rest")]
mod packets;

mod bodies;
mod connections;
mod peer;
mod refusals;
mod trust;
