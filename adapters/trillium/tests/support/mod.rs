//! A server on port 0, and a client that reads and writes bytes, never for longer than a deadline.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::{ServerAddresses, ServerStatistics};
use transom::{Application, BoundServer, Error, Response, Server, Shutdown};
use transom_trillium::TrilliumServer;

pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future)
        .await
        .expect("nothing may hang")
}

/// Waits until something is so.
pub(crate) async fn until(mut so: impl FnMut() -> bool) {
    within(async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// An answer without a body.
pub(crate) fn bare(status: u16) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status.try_into().unwrap();
    response
}

pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    pub(crate) statistics: ServerStatistics,
    pub(crate) trigger: ShutdownTrigger,
    pub(crate) serve: JoinHandle<Result<(), Error>>,
}

impl Serving {
    pub(crate) async fn start(app: impl Application) -> Self {
        Self::start_on(TrilliumServer::new("http://127.0.0.1:0"), app).await
    }

    pub(crate) async fn start_on(server: TrilliumServer, app: impl Application) -> Self {
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

    pub(crate) async fn connect(&self) -> Client {
        Client(within(TcpStream::connect(self.address)).await.unwrap())
    }

    /// Sends one request on a connection of its own; returns all that comes back.
    pub(crate) async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.rest().await
    }

    pub(crate) async fn stop(self) {
        self.trigger.request();
        within(self.serve).await.unwrap().unwrap();
    }
}

pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.0.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Reads to the end of the connection; a reset counts as its end.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = within(self.0.read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads up to and with `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
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
    pub(crate) async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// Reads exactly that much.
    pub(crate) async fn exactly(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        within(self.0.read_exact(&mut bytes)).await.unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
