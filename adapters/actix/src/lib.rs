#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bound;
mod exchange;
mod link;
mod outgoing;
mod pump;
mod request;
mod server;
mod socket;
mod transport;
mod upgraded;
mod worker;

pub use bound::ActixBoundServer;
pub use server::ActixServer;
