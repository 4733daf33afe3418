//! HTTP/2.
//!
//! hyper and h2 speak it. What they leave open is here: a [`Guard`](guard::Guard) counts frames that carry
//! nothing, a [`Life`](life::Life) knows when a connection has to end, [`InTransit`](super::connection::InTransit) what the client does
//! not take, and requests are looked at for what h2 lets through.

mod frames;
mod guard;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod life;
mod malformed;
mod serve;
mod streams;
mod wire;

#[cfg(feature = "fuzzing")]
pub(super) use invariants::hold as guard_invariants_hold;
pub(super) use serve::{Multiplex, serve};
pub(super) use streams::StreamExecutor;
