//! Servers for the protocols by which web servers hand requests over.

mod environment;
mod gateway;
mod scgi;
mod uwsgi;

pub use environment::PathBaseSource;
pub use scgi::{BoundScgiServer, ScgiServer};
pub use uwsgi::{BoundUwsgiServer, UwsgiServer};
