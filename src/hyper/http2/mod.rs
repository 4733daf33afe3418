//! HTTP/2.
//!
//! hyper and h2 speak it. What they leave open is here: a [`Guard`](guard::Guard) counts frames that carry
//! nothing, and names errors that h2 has no name for; a [`Life`](life::Life) knows when a connection has to end;
//! and requests are looked at for what h2 lets through.
//!
//! Two things stay as h2 has them, for only who decodes the fields could know better: a header block that
//! cannot be decoded ends the connection with PROTOCOL_ERROR, where RFC 9113, section 4.3, has COMPRESSION_ERROR;
//! and pseudo-header fields among trailers are dropped, where section 8.1 has a malformed request.

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
