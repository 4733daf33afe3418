//! The body, through its public interface.
#![allow(clippy::unwrap_used)]
#![allow(missing_docs, reason = "a test")]

mod frames;
mod reading;
mod support;
