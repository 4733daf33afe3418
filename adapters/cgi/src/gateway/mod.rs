//! What the servers share that a gateway connects to: binding, accepting, and one request on one connection.

mod accept;
mod bound;
mod exchange;
mod feed;
mod inherited;
mod intake;
mod link;
mod options;
mod peers;
mod server;
mod stream;

pub(crate) use bound::Bound;
pub(crate) use exchange::{answer, refuse};
pub(crate) use feed::{FedBody, Feed, feed};
pub(crate) use link::{Link, Opening, Serving, unstalled};
pub(crate) use options::Options;
pub(crate) use peers::Peers;
pub(crate) use server::gateway_server;
pub(crate) use stream::{Wire, is_passing, make_room};
