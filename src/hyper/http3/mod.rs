//! HTTP/3 (RFC 9114), on [quinn](https://docs.rs/quinn).
//!
//! The frames and QPACK are read and written here, so that a connection holds no more than its windows: the
//! body of a request leaves the transport when the application asks for it, a frame is never gathered by the
//! length that it announces, and a response goes as fast as its client reads. What of it the client has not
//! acknowledged is [in transit](super::connection::InTransit), and due at a time: whoever lets that pass is cut.

mod acceptor;
mod bind;
mod body;
mod code;
mod config;
mod connection;
mod control;
mod frames;
mod head;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod pace;
mod qpack;
mod reader;
mod serve;
mod stream;
mod tunnel;
mod varint;
mod writer;

pub(super) use acceptor::QuicAcceptor;
pub(super) use bind::bind;
#[cfg(feature = "fuzzing")]
pub(super) use invariants::hold as request_invariants_hold;
pub(super) use serve::serve;
