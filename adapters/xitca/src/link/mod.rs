//! A connection: what the engine reads and writes of it, and what it does not tell.

mod read;
mod state;
mod write;

pub(crate) use state::{Accepted, LINK, Last, Link};
