//! One connection, whatever protocol it turns out to speak.

mod close;
mod opening;
mod serve;
mod shared;
mod sniff;
mod stop;
mod stream;
mod transport;

pub(super) use close::{close, too_large};
pub(super) use opening::{Opened, secured};
pub(super) use serve::serve;
pub(super) use shared::Server;
#[cfg(feature = "tls")]
pub(super) use sniff::Protocol;
pub(super) use stop::Stop;
pub(super) use stream::Stream;
pub(super) use transport::{Transport, Watched, WeakTransport};
