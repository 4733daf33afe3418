#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod arrival;
mod body;
mod handler;
mod head;
mod mount;
mod pump;
mod upgraded;

pub use arrival::on_connect;
pub use mount::{mount, service};
