//! Sockets that listen, from addresses.

mod bind;
#[cfg(unix)]
mod inherited;
mod listener;
mod options;
#[cfg(unix)]
mod unix;

pub use bind::{bind, bind_with};
#[cfg(unix)]
pub use inherited::inherited;
pub use listener::{Listener, Socket};
pub use options::SocketOptions;
