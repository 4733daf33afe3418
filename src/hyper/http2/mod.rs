//! HTTP/2.

mod serve;
mod streams;

pub(super) use serve::serve;
