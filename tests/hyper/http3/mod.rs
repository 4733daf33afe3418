//! HTTP/3: where it is spoken, and what its clients may take. What it does is told by the cases of
//! `transom-conformance`.

mod bound;
#[cfg(feature = "http3")]
mod client;
mod connect;
#[cfg(feature = "http3")]
mod connections;
#[cfg(feature = "http3")]
mod requests;
#[cfg(feature = "http3")]
mod server;
#[cfg(feature = "http3")]
mod times;
