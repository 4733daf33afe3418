//! Servers for the protocols by which web servers hand requests over.

mod environment;
mod fastcgi;
mod gateway;
mod scgi;
mod uwsgi;

pub use environment::PathBaseSource;
pub use fastcgi::{BoundFastCgiServer, FastCgiServer};
pub use scgi::{BoundScgiServer, ScgiServer};
pub use uwsgi::{BoundUwsgiServer, UwsgiServer};
