//! uwsgi: a packet of variables, the body behind it, and the connection closed behind the answer.

mod parse;
mod server;

#[cfg(feature = "fuzzing")]
pub(crate) use parse::parse;

pub use server::{BoundUwsgiServer, UwsgiServer};
