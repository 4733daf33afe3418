//! Servers for the protocols by which web servers hand requests over.

mod cgi;
mod environment;
mod fastcgi;
mod gateway;
mod scgi;
mod uwsgi;

pub use cgi::{BoundCgiServer, CgiServer};
pub use environment::PathBaseSource;
pub use fastcgi::{BoundFastCgiServer, FastCgiServer};
pub use scgi::{BoundScgiServer, ScgiServer};
pub use uwsgi::{BoundUwsgiServer, UwsgiServer};
