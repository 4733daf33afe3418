//! A web server's side of AJP, as a gateway of the kit and as bytes.

mod client;
mod gateway;
pub(crate) mod packets;

#[allow(unused_imports, reason = "only a part of the tests is of AJP")]
pub(crate) use gateway::gateway;
