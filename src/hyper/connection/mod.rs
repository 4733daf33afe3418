//! One connection, whatever protocol it turns out to speak.

mod age;
mod close;
mod gate;
mod in_transit;
mod input;
mod opening;
mod output;
mod pace;
mod serve;
mod shared;
mod sniff;
mod stop;
mod stream;
mod transport;
mod watchdog;

/// Short, for it is named often.
pub(super) use super::observe::RejectionReason as Reason;
pub(super) use age::Age;
pub(super) use close::{close, too_late};
pub(super) use gate::{Gate, Place};
pub(super) use in_transit::InTransit;
pub(super) use input::Watched;
pub(super) use opening::{Carries, proxied, secured};
pub(super) use pace::Pace;
pub(super) use serve::{Arrival, serve};
pub(super) use shared::Server;
#[cfg(feature = "tls")]
pub(super) use sniff::Protocol;
pub(super) use stop::Stop;
pub(super) use stream::Stream;
pub(super) use transport::{Transport, WeakTransport};
pub(super) use watchdog::{Due, Watchdog};
