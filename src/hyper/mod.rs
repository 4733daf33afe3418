//! The default server: HTTP/1.1, HTTP/2 and HTTP/3 on one port, on [hyper](https://hyper.rs), safe to expose to
//! the Internet as it stands.
//!
//! ```
//! use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
//! use transom::features::ServerAddresses;
//! use transom::{Body, BoundServer, HyperServer, Request, Response, Server, Shutdown};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let bound = HyperServer::new("http://127.0.0.1:0").bind().await?;
//! let address = bound.features().require::<ServerAddresses>()?.bound()[0].connect_addr();
//!
//! let app = |_: Request| async { Response::new(Body::from("hello")) };
//! let (trigger, shutdown) = Shutdown::pair();
//! let serving = tokio::spawn(bound.serve(app, shutdown));
//!
//! let mut client = tokio::net::TcpStream::connect(address.unwrap()).await?;
//! client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).await?;
//! assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"));
//!
//! trigger.request();
//! serving.await??;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does that hyper alone does not:
//!
//! - an HTTP/2 client may begin with the preface (RFC 9113, section 3.3) on the port of HTTP/1.1;
//! - HTTP/1 is read as RFC 9112 has it and no other way, before hyper's lenient parser sees it: what two servers
//!   could read in different ways is answered 400 (405, 414, 417, 431, 501 or 505 where that says more) and
//!   never reaches the application, and the connection is closed;
//! - a body that is malformed is an error to who reads it, and nothing behind it is taken for a request;
//! - a client that goes away is noticed while the application works, and told by
//!   [`RequestLifetime`](crate::features::RequestLifetime); one that only closed its sending side is still
//!   answered;
//! - a response is not lost because the body of its request was not read: what is left of it is read and
//!   dropped, or the connection closes so that the response arrives;
//! - responses to pipelined requests leave in one write, in bounded memory;
//! - upgraded connections are part of the server: counted, waited for when it stops, closed when it is
//!   dropped;
//! - the accept loop survives whatever `accept` fails with.
//!
//! The first line of a request may have 8 KiB (414), its fields 32 KiB in all, and there may be 100 of them (431).
//!
//! Over `https://` it speaks TLS: see [`tls`]. Whoever runs the program can say in a file where it listens and
//! what clients may take, and change that while it serves: see [`HyperConfiguration`].
//!
//! # Seen from outside
//!
//! Beside what [every server](crate::adapter#measures) shows of its requests:
//!
//! - a **span** named `connection`, of the target `transom::hyper` at the level `DEBUG`, with the fields `id`,
//!   `peer`, `local` and `transport`, around the spans of its requests; and events when it is opened and closed;
//! - **[rejections](Rejection)**: what the server refuses or ends by itself is logged at `DEBUG`, counted in
//!   [`ServerStatistics`](crate::features::ServerStatistics), and told to a
//!   [hook](HyperServer::with_rejection_hook);
//! - with the cargo feature `metrics`, **measures** of connections. They are told apart by where the server
//!   listens: `server.address`, `server.port`, `network.type` and `network.transport`.
//!
//! | name | what | further labels |
//! |---|---|---|
//! | `transom.active_connections` | gauge: open connections, upgraded ones too | |
//! | `transom.connection.duration` | histogram, in seconds | `error.type`: why the server ended it |
//! | `transom.rejected_connections` | counter: those that were not let in | |
//! | `transom.upgraded_connections` | gauge: open connections that left HTTP | |
//! | `transom.active_tls_handshakes` | gauge | |
//! | `transom.tls_handshake.duration` | histogram, in seconds | `tls.protocol.version`, or `error.type` |
//! | `transom.rejections` | counter: requests and connections that the server refused or ended | instead: `error.type`, `http.response.status_code` |
//!
//! It faces the Internet as it stands; [`Limits`] has every number. One deadline holds from the moment that a
//! connection is accepted to the end of its first head, and no byte moves it: 30 s, then 408 where a request
//! was begun. Each later head has as long from its first byte, an idle connection 130 s. A body has to arrive,
//! and a response to be read, at 240 bytes a second on the average after 5 s: else 408, or a reset. How many
//! connections there may be, of all and of one address, how many requests each may carry and how long it may
//! last is not limited unless it is set. None of the times runs while the application works, nor on an upgraded
//! connection.

mod accept;
mod bound;
#[cfg(feature = "configuration")]
mod configuration;
mod connection;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http1;
mod http2;
#[cfg(feature = "http3")]
mod http3;
mod memory;
pub mod middleware;
mod observe;
mod options;
mod proxy_protocol;
mod request;
mod server;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(any(feature = "configuration", feature = "tls"))]
mod watch;

pub use accept::LiveEndpoints;
pub use bound::BoundHyperServer;
#[cfg(feature = "configuration")]
pub use configuration::HyperConfiguration;
pub use memory::{MemoryConnector, MemoryStream};
pub use observe::{Rejection, RejectionReason};
pub use options::{
    Endpoint, Http2Limits, Http3Limits, Limits, MinDataRate, Protocols, UnknownProtocols,
};
pub use proxy_protocol::ProxyProtocol;
pub use server::HyperServer;
