//! What every protocol of the family shares: variables become a request, a response becomes a head.
//!
//! [`Variables`] collects them within limits, [`Arrival`] is the request that they tell of, [`write_head`] is the
//! way back.

mod arrival;

mod fields;
mod host;
mod length;
mod line;
mod path_base;
mod peer;
mod pem;
mod refusal;
mod response;
mod rules;
mod target;
mod tls;
mod variables;

pub(crate) use arrival::Arrival;
pub use path_base::PathBaseSource;
pub(crate) use refusal::Refusal;
pub(crate) use response::{HeadForm, announce_length, write_head};
pub(crate) use rules::Rules;
pub(crate) use variables::Variables;
