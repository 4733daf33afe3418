//! Hosts a Transom application on [tiny_http](https://docs.rs/tiny_http), a blocking server with threads
//! of its own.
//!
//! ```
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use transom::features::ServerAddresses;
//! use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
//! use transom_tiny_http::TinyHttpServer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let bound = TinyHttpServer::new("http://127.0.0.1:0").bind().await?;
//! let address = bound.features().require::<ServerAddresses>()?.bound()[0].clone();
//!
//! let (trigger, shutdown) = Shutdown::pair();
//! let app = |_: Request| async { Response::new(Body::from("hello")) };
//! let serving = tokio::spawn(bound.serve(app, shutdown));
//!
//! let mut client = tokio::net::TcpStream::connect(address.connect_addr().unwrap()).await?;
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
//! # Where things run
//!
//! tiny_http accepts and reads heads on threads of its own, one a connection. A request waits in its queue
//! until one of [`with_threads`](TinyHttpServer::with_threads) takes it; there the application is polled,
//! inside the runtime on which `serve` was called, and there its response is written. A body that is read
//! while the application runs has one more thread.
//!
//! # What tiny_http cannot do
//!
//! The engine hands out requests, not connections: nobody but the client, or a silence of
//! [`with_read_timeout`](TinyHttpServer::with_read_timeout), can close one. The README lists what follows
//! from that, and `conformance.toml` declares it.

mod engine;
mod exchange;
mod graves;
mod head;
mod inflow;
mod intake;
mod outflow;
mod phase;
mod pump;
mod queues;
mod serve;
mod server;
mod tunnel;

pub use server::{BoundTinyHttpServer, TinyHttpServer};
