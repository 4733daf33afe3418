//! Certificates that are ordered: ACME (RFC 8555), as [rustls-acme](https://docs.rs/rustls-acme) speaks it.
//!
//! That a name is this server's is proved at the endpoint itself, with TLS-ALPN-01 (RFC 8737): the directory
//! connects to port 443 of the name, asks for the protocol `acme-tls/1`, and is shown a certificate that holds
//! the answer. No such connection gets as far as HTTP.

#[allow(
    clippy::module_inception,
    reason = "the folder is named after its type"
)]
mod acme;
mod cache;
mod current;
mod renewal;

pub use acme::Acme;
pub(in crate::hyper) use renewal::Renewal;
