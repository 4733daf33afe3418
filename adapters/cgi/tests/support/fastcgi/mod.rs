//! A web server's side of FastCGI, as a gateway of the kit and as bytes.

mod client;
mod gateway;
pub(crate) mod records;
mod variables;

pub(crate) use gateway::gateway;
