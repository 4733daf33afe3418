//! The PROXY protocol: who the client of a proxy is, said before the first byte of the connection itself.

mod checksum;
mod header;
mod read;
#[cfg(test)]
mod tests;
mod trust;

pub(super) use read::{Told, read};
pub use trust::ProxyProtocol;
pub(super) use trust::Treatment;
