//! The parts of adapters whose engine takes a stream of tokio from them.
//!
//! Such an engine leaves to its adapter what lies before the first byte and behind the last, and that is the same
//! whatever the engine is:
//!
//! | part | what it takes off the author's hands |
//! |---|---|
//! | [`Listening`], [`accept_each`] | accepting: clients that are gone already, a system without descriptors, the end of it while the engine works on |
//! | [`Socket`] | TCP and unix sockets as one type, and what an application is told of them |
//! | [`Timer`], [`in_time`], [`or_forever`] | deadlines that move with each request, and limits of which zero is none |
//! | [`begins_as_http2`], [`PREFACE`] | which protocol a client speaks that did not agree on one |
//! | `Tls`, `Stream` (feature `tls`) | the handshake of TLS, in time, and the stream that is left, in the clear or not |
//! | `Upgrades` (feature `tls`) | connections that are the application's, and still end with the server |
//!
//! They are a crate of their own because the core names neither tokio's types nor those of rustls in its public
//! functions. What needs neither is in [`transom::adapter`].

mod accept;
mod http2;
mod socket;
#[cfg(feature = "tls")]
mod stream;
mod time;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod upgrades;

pub use accept::{Listening, accept_each};
pub use http2::{PREFACE, begins_as_http2};
pub use socket::Socket;
#[cfg(feature = "tls")]
pub use stream::Stream;
pub use time::{Timer, in_time, or_forever};
#[cfg(feature = "tls")]
pub use tls::Tls;
#[cfg(feature = "tls")]
pub use upgrades::{UpgradedStream, Upgrades};
