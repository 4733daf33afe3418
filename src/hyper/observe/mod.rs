//! The server, seen from outside: its connections, and what it refuses. Requests are seen by the
//! [dispatcher](crate::adapter#measures) of every server.

#[cfg(feature = "tls")]
mod handshake;
#[cfg(feature = "metrics")]
mod measured;
mod presence;
mod reason;
mod rejection;
mod span;

#[cfg(feature = "tls")]
pub(super) use handshake::Handshake;
#[cfg(feature = "metrics")]
pub(super) use measured::describe;
pub(super) use presence::{Presence, Presences};
pub use reason::RejectionReason;
pub use rejection::Rejection;
pub(super) use rejection::{RejectionHook, connection_refused};
pub(super) use span::{current_span, span};
