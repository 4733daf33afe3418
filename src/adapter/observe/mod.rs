//! Requests, seen from outside: what is measured of each, and the span that it is in.
//!
//! Without the features `metrics` and `tracing` nothing of it is left.

#[cfg(feature = "metrics")]
mod measured;
mod observed;

#[cfg(feature = "metrics")]
pub(super) use measured::describe;
pub(super) use observed::{Failure, Observed};
