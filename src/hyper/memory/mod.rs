//! Connections within the process: an endpoint without a socket.

mod connector;
mod pipe;
mod stream;

pub use connector::MemoryConnector;
pub(super) use connector::MemoryListener;
pub use stream::MemoryStream;
