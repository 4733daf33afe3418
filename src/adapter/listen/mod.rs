//! Sockets that listen, from addresses.

mod bind;
mod features;
#[cfg(unix)]
mod inherited;
mod listener;
mod options;
#[cfg(unix)]
mod unix;

pub use bind::{bind, bind_with};
pub use features::bound_features;
#[cfg(unix)]
pub use inherited::inherited;
pub use listener::{Listener, Socket};
pub use options::SocketOptions;
