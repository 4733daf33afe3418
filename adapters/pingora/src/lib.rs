#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bound;
mod connection;
mod exchange;
mod head;
mod link;
mod pump;
mod server;
mod transport;

pub use bound::PingoraBoundServer;
pub use server::PingoraServer;
