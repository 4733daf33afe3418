//! What every protocol of the family shares: variables become a request, a response becomes a head.
//!
//! [`Variables`] collects them within limits, [`Arrival`] is the request that they tell of, [`write_head`] is the
//! way back.

mod arrival;

mod fields;
mod host;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod length;
mod line;
mod path_base;
mod peer;
mod refusal;
mod response;
mod rules;
mod target;
mod tls;
mod variables;

pub(crate) use arrival::Arrival;
pub(crate) use fields::is_left_out;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use invariants::arrival_holds;
#[cfg(feature = "fuzzing")]
pub(crate) use invariants::hold as invariants_hold;
#[cfg(test)]
pub(crate) use invariants::hold_near as invariants_hold_near;
pub(crate) use length::BodyLength;
pub use path_base::PathBaseSource;
pub(crate) use refusal::Refusal;
pub(crate) use response::{HeadForm, announce_length, reason, write_head};
pub(crate) use rules::Rules;
pub(crate) use variables::Variables;
