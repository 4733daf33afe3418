#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod endpoint;

pub use endpoint::{MountEndpoint, endpoint, mount};
