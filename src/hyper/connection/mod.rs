//! One connection, whatever protocol it turns out to speak.

mod close;
mod gate;
mod opening;
mod reason;
mod serve;
mod shared;
mod sniff;
mod stop;
mod stream;
mod transport;
mod watchdog;

pub(super) use close::{close, too_large, too_late};
pub(super) use gate::{Gate, Place};
pub(super) use opening::{Carries, secured};
pub(super) use reason::Reason;
pub(super) use serve::{Arrival, serve};
pub(super) use shared::Server;
#[cfg(feature = "tls")]
pub(super) use sniff::Protocol;
pub(super) use stop::Stop;
pub(super) use stream::Stream;
pub(super) use transport::{Transport, Watched, WeakTransport};
pub(super) use watchdog::Watchdog;
