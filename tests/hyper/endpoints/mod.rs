//! Endpoints: how they are bound, changed while the server serves, and worked on by threads.

mod layers;
mod live;
mod memory;
mod names;
mod socket;
mod threads;
#[cfg(unix)]
mod unix;
