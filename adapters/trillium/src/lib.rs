//! Hosts a Transom application on trillium-http.

mod bound;
mod connection;
mod feed;
mod head;
mod http1;
mod http2;
mod hub;
mod intake;
mod outgoing;
mod server;
mod shared;
mod socket;
mod stream;
mod takeover;
mod timer;
mod tls;
mod wire;

pub use bound::TrilliumBoundServer;
pub use server::TrilliumServer;
