//! Events, and the requests that they are.

mod client;
mod escape;
mod head;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod json;
mod query;
mod request;
mod shape;

#[cfg(feature = "fuzzing")]
pub(crate) use invariants::invariants_hold;
pub(crate) use request::{Facts, Refused};
pub(crate) use shape::{Event, Form};
