//! The servers that `adapters` counts: each third-party engine as its own users write it, and with a Transom
//! application on it. A new adapter is an entry of [`ALL`] and one file of two functions.

mod actix;
mod entry;
mod tiny_http;
mod trillium;

pub use entry::{ALL, Entry, serve};
