//! The clients of the cases: one that sends requests over any protocol, and one that writes bytes.

mod connection;
mod frames;
mod http2;
mod http3;
mod reply;
mod stream;
mod tls;
mod wire;
mod wire_reply;

pub use connection::{Connection, Protocol};
pub use frames::{Frame, Frames};
pub use reply::Reply;
pub(crate) use stream::{NAME, Stream, authority, is_secure};
pub(crate) use tls::Identity;
pub use wire::Wire;
pub use wire_reply::{WireHead, WireReply};
