//! Servers for the protocols by which web servers hand requests over.

mod environment;

pub use environment::PathBaseSource;
