//! HTTP/1.0 and HTTP/1.1.

mod clock;
mod drain;
mod exchange;
mod guard;
mod serve;

pub(super) use exchange::{Exchange, Flight};
#[cfg(feature = "fuzzing")]
pub(super) use guard::guard_invariants_hold;
pub(super) use guard::{Bounds, Guard, Phase, Refusal};
pub(super) use serve::serve;
