//! Where connections come from: sockets are bound, served, and changed while the server serves.

mod acceptor;
mod bind;
mod listener;
mod live;
mod served;
mod set;
mod threads;
mod worker;

pub(super) use acceptor::Accepted;
pub(super) use bind::{Binder, BoundEndpoint, Prepared, Site};
pub use live::LiveEndpoints;
pub(super) use live::{Changes, changes};
pub(super) use served::{EndpointStop, ServedEndpoint};
pub(super) use set::{EndpointSet, addresses, check_name};
pub(super) use threads::Threads;
pub(super) use worker::{Orders, Worker};
