#![doc = include_str!("../README.md")]

mod ajp;
mod cgi;
mod environment;
mod fastcgi;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gateway;
mod scgi;
mod uwsgi;

pub use ajp::{AjpServer, BoundAjpServer};
pub use cgi::{BoundCgiServer, CgiServer};
pub use environment::PathBaseSource;
pub use fastcgi::{BoundFastCgiServer, FastCgiServer};
pub use scgi::{BoundScgiServer, ScgiServer};
pub use uwsgi::{BoundUwsgiServer, UwsgiServer};
