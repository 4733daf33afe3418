#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "forwarded-headers")]
pub mod forwarded_headers;

#[cfg(feature = "forwarded-headers")]
mod hosts;

#[cfg(feature = "forwarded-headers")]
pub use hosts::InvalidHostPattern;
