//! A server without a socket, for tests.
//!
//! [`TestServer`] is a server like any other: it binds (nothing), has features, serves, drains, and is
//! aborted by being dropped. Its client hands requests over as values. Bodies stream both ways with
//! back-pressure, connections can be upgraded, and a client that drops what it waits for is gone.
//!
//! ```
//! use transom::{ApplicationBuilder, testing::TestServer};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new().run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/").await?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.into_body().collect(64).await?, "hello");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! In a host it stands in for the real server, and its client is a feature:
//!
//! ```
//! use transom::testing::{TestClient, TestServer};
//! use transom::Host;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let host = Host::builder(TestServer::new())
//!     .configure(|app| app.run_fn(|_| async { "hello" }))
//!     .start()
//!     .await?;
//! let server = host.server_features().next().expect("it has a server");
//! let client = server.require::<TestClient>()?.clone();
//! assert_eq!(client.get("/").await?.status(), 200);
//! host.stop().await?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod client;
mod exchange;
mod server;

pub use client::{HungUp, TestClient, TestConnection};
pub use server::{BoundTestServer, TestServer};
