#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod handler;
mod outgoing;
mod pump;
mod routes;
mod upgraded;

pub use routes::{mount, routes};
