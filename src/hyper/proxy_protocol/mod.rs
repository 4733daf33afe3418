//! The PROXY protocol: who the client of a proxy is, said before the first byte of the connection itself.

mod checksum;
mod header;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod read;
#[cfg(test)]
mod tests;
mod trust;

#[cfg(feature = "fuzzing")]
pub(super) use invariants::hold as invariants_hold;
pub(super) use read::{Told, read};
pub use trust::ProxyProtocol;
pub(super) use trust::Treatment;
