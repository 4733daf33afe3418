//! Addresses: their grammar, those that a server is asked to bind, and those that it bound.

mod address;
mod bound;
mod network;
mod parse;
mod requested;

pub use address::{AddressHost, ServerAddress};
pub use bound::ServerAddresses;
pub use network::{InvalidIpNetwork, IpNetwork};
pub use parse::AddressError;
pub use requested::RequestedAddresses;
