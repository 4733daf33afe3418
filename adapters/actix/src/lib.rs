#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bound;
mod exchange;
mod frames;
mod link;
mod multiplexed;
mod opening;
mod outgoing;
mod patience;
mod pump;
mod request;
mod server;
mod streams;
mod transport;
mod worker;

pub use bound::ActixBoundServer;
pub use server::ActixServer;
