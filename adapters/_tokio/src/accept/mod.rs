//! From a socket that listens to connections.

mod each;
mod listening;

pub use each::accept_each;
pub use listening::Listening;
