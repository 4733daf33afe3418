#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod handler;

pub use handler::{MountHandler, handler, mount};
