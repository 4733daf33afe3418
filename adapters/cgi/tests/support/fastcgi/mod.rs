//! A web server's side of FastCGI, as a gateway of the kit and as bytes.

mod client;
mod gateway;
mod records;
mod variables;

#[allow(unused_imports, reason = "each test uses what it needs")]
pub use {client::Client, gateway::gateway, records::*, variables::variables};
