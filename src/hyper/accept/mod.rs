//! Where connections come from.

mod acceptor;
mod listener;

pub(super) use acceptor::{Accepted, Acceptor};
