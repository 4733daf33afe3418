#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "forwarded-headers")]
pub mod forwarded_headers;
#[cfg(feature = "host-filtering")]
pub mod host_filtering;

#[cfg(any(feature = "forwarded-headers", feature = "host-filtering"))]
mod hosts;
#[cfg(feature = "host-filtering")]
mod response_future;

#[cfg(any(feature = "forwarded-headers", feature = "host-filtering"))]
pub use hosts::InvalidHostPattern;
#[cfg(feature = "host-filtering")]
pub use response_future::ResponseFuture;
