//! HTTP/1.0 and HTTP/1.1.

mod clock;
mod drain;
mod exchange;
mod serve;

pub(super) use exchange::{Exchange, Flight};
pub(super) use serve::serve;
