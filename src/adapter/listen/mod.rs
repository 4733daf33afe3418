//! Sockets that listen, from addresses.

mod bind;
mod listener;
mod options;
#[cfg(unix)]
mod unix;

pub use bind::{bind, bind_with};
pub use listener::{Listener, Socket};
pub use options::SocketOptions;
