//! SCGI: a netstring of variables, the body behind it, and the connection closed behind the answer.

mod parse;
mod server;

pub use server::{BoundScgiServer, ScgiServer};
