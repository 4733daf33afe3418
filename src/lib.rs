//! **Write an HTTP application once and host it on any server.**
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod adapter;
pub mod body;
pub mod contract;
pub mod features;
#[cfg(feature = "hosting")]
pub mod hosting;
pub mod pipeline;
#[cfg(feature = "testing")]
pub mod testing;

mod signal;
#[cfg(feature = "tokio")]
mod tokio_io;

pub use body::Body;
pub use contract::{
    App, Application, BoundServer, BoxServer, Error, Request, Response, Server, Shutdown,
};
pub use features::{Feature, Features, RequestExt};
#[cfg(feature = "hosting")]
pub use hosting::{Host, RunningHost};
pub use pipeline::ApplicationBuilder;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
