//! A web server's side of FastCGI, as a gateway of the kit and as bytes.

mod client;
mod gateway;
pub(crate) mod records;
mod variables;

#[allow(unused_imports, reason = "only a part of the tests is of FastCGI")]
pub(crate) use gateway::gateway;
