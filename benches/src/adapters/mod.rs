//! The servers that `adapters` counts: each third-party engine as its own users write it, and with a Transom
//! application on it. A new adapter is an entry of [`ALL`] and one file of two functions.

mod actix;
mod entry;
#[cfg(feature = "pingora")]
mod pingora;
mod tiny_http;
mod trillium;
mod xitca;

pub use entry::{ALL, Entry, serve};
