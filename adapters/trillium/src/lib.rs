//! Hosts a Transom application on [trillium-http](https://docs.rs/trillium-http): HTTP/1.1 and HTTP/2 by codecs that are
//! neither hyper's nor h2's, over TCP, unix sockets and TLS.
//!
//! ```
//! use transom::{Host, Request};
//! use transom_trillium::TrilliumServer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let host = Host::builder(TrilliumServer::new("http://127.0.0.1:0"))
//!     .configure(|app| app.run_fn(|_: Request| async { "hello" }))
//!     .start()
//!     .await?;
//! let address = host.addresses()[0].connect_addr().ok_or("it is an address of IP")?;
//!
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! let mut client = tokio::net::TcpStream::connect(address).await?;
//! client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).await?;
//! assert!(answer.ends_with("\r\n\r\nhello"));
//! host.stop().await?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things run
//!
//! All on the runtime that polls [`serve`](transom::BoundServer::serve): a task for each connection, and for each stream
//! of HTTP/2 one more. The application is polled there, in the task of its request; the body of a response over HTTP/2
//! in that of its connection. Dropping the future of `serve` ends every one of them, and closes what was upgraded.
//!
//! # What trillium-http cannot do
//!
//! - It knows a list of methods, and answers 501 to another one. Of statuses it knows a list too: another one is sent
//!   as it is over HTTP/1, and as the first of its class over HTTP/2.
//! - It keeps no order among fields of different names; those of one name stay in order.
//! - It refuses a target that is a whole URI if its authority is not that of `Host`.
//! - It does not look at the line break behind the data of a chunk: any two bytes pass for it.
//! - A stream of HTTP/2 whose answer begins before its request has ended loses the trailers of the request, and one that
//!   is broken off is reset with CANCEL, whatever the reason.
//! - It holds clients to no rates. Of times there are those of a head and of an idle connection, which the adapter adds.
//!   Put a server that is made for it in front, if it faces the Internet.
//!
//! Its HTTP/3 is not wired up.

mod bound;
mod connection;
mod feed;
mod head;
mod http1;
mod http2;
mod hub;
mod intake;
mod names;
mod outgoing;
mod server;
mod shared;
mod stream;
mod takeover;
mod wire;

pub use bound::TrilliumBoundServer;
pub use server::TrilliumServer;
