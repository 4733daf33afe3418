//! The server as a file says it.

mod build;
mod certificate;
#[allow(
    clippy::module_inception,
    reason = "the folder is named after its type"
)]
mod configuration;
mod difference;
mod endpoint;
mod follow;
mod key;
mod kind;
mod limits;
mod plan;
mod reference;
#[cfg(feature = "tls")]
mod secure;
mod sni;
mod socket;
mod tls;

pub use configuration::HyperConfiguration;
pub(super) use follow::Follower;
