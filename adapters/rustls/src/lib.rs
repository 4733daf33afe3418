//! TLS by [rustls](https://docs.rs/rustls), for adapters whose engine takes the stream from them.
//!
//! An engine's own TLS is often a choice of the whole build, or leaves no way to the bytes beneath it. An adapter that
//! does the handshake itself needs the same three things as the next one: [`Tls`], which does it in time, the
//! [`Stream`] that is left, and [`tls_info`], what the application is told of it.
//!
//! They are a crate of their own because the core names no type of rustls in its public functions.

mod accept;
mod info;
mod stream;

pub use accept::Tls;
pub use info::tls_info;
pub use stream::Stream;
