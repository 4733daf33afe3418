//! TLS by [rustls](https://docs.rs/rustls). An engine's own is often a choice of the whole build, or leaves no way to
//! the bytes beneath it.

mod handshake;
mod info;

pub use handshake::Tls;
