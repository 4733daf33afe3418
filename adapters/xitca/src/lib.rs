#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bound;
mod door;
mod exchange;
mod flight;
mod frames;
mod link;
mod outgoing;
mod pump;
mod request;
mod server;
mod transport;
mod worker;

pub use bound::XitcaBoundServer;
pub use server::{XitcaConfig, XitcaServer};
