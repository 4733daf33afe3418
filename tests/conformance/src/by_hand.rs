//! A server on port 0, and a client that reads and writes bytes, never for longer than a deadline: for the tests of what
//! only one server has. They fail by panicking.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::{ServerAddresses, ServerStatistics};
use transom::{Application, BoundServer, Error, Server, Shutdown};

/// How long any one step may take.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Waits for a future, but no longer than [`DEADLINE`].
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future)
        .await
        .expect("nothing may hang")
}

/// Waits until something is so.
pub async fn until(mut so: impl FnMut() -> bool) {
    within(async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// A server that serves, on a task.
#[derive(Debug)]
#[non_exhaustive]
pub struct Serving {
    /// Where it is.
    pub address: SocketAddr,
    /// What it counts.
    pub statistics: ServerStatistics,
    /// Stops it.
    pub trigger: ShutdownTrigger,
    /// What `serve` ends with.
    pub serve: JoinHandle<Result<(), Error>>,
}

impl Serving {
    /// Binds a server to its first address, and serves.
    pub async fn start_on(server: impl Server, app: impl Application) -> Self {
        let bound = server.bind().await.unwrap();
        let addresses = bound.features().require::<ServerAddresses>().unwrap();
        let address = addresses.bound()[0].connect_addr().unwrap();
        let statistics = bound.features().require::<ServerStatistics>().unwrap();
        let statistics = statistics.clone();
        let (trigger, shutdown) = Shutdown::pair();
        Self {
            address,
            statistics,
            trigger,
            serve: tokio::spawn(bound.serve(app, shutdown)),
        }
    }

    /// Connects to it.
    pub async fn connect(&self) -> Client {
        Client(within(TcpStream::connect(self.address)).await.unwrap())
    }

    /// Sends one request on a connection of its own; returns all that comes back.
    pub async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.rest().await
    }

    /// Stops it, and waits for that.
    pub async fn stop(self) {
        self.trigger.request();
        within(self.serve).await.unwrap().unwrap();
    }
}

/// A connection to a server.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever has a stream has a client"
)]
pub struct Client(pub TcpStream);

impl Client {
    /// Sends bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.0.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Closes this side.
    pub async fn finish(&mut self) {
        within(self.0.shutdown()).await.unwrap();
    }

    /// Reads to the end of the connection; a reset counts as its end.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = within(self.0.read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads up to and with `end`.
    pub async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        within(async {
            while !bytes.ends_with(end.as_bytes()) {
                match self.0.read_u8().await {
                    Ok(byte) => bytes.push(byte),
                    Err(_) => panic!("the end came first: {}", String::from_utf8_lossy(&bytes)),
                }
            }
        })
        .await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads a head.
    pub async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// Reads exactly that much.
    pub async fn exactly(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        within(self.0.read_exact(&mut bytes)).await.unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Breaks the connection.
    pub fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }
}

/// Returns what follows the head.
pub fn content(response: &str) -> &str {
    response
        .split_once("\r\n\r\n")
        .map_or("", |(_, content)| content)
}
