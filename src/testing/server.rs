use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::TestClient;
use super::exchange::Exchange;
use crate::adapter::Dispatcher;
use crate::contract::{Application, BoundServer, Error, Server, Shutdown};
use crate::features::{
    Features, MaxRequestBodySize, ResponseTrailers, ServerAddress, ServerAddresses, ServerInfo,
    ServerLimit, ServerLimits, ServerStatistics,
};

/// How many requests may wait for a server that does not take them.
const QUEUE: usize = 64;

/// A server without a socket; see the [module](super).
#[derive(Clone, Debug)]
#[must_use = "a server does nothing until it is bound"]
pub struct TestServer {
    max_request_body_size: Option<u64>,
}

impl TestServer {
    /// Returns a server with the limits that other servers have.
    pub fn new() -> Self {
        Self {
            max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
        }
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    pub fn with_max_request_body_size(self, limit: Option<u64>) -> Self {
        Self {
            max_request_body_size: limit,
        }
    }

    /// Serves `app` on a task of the current runtime until the last clone of the client is dropped.
    ///
    /// # Errors
    ///
    /// None; the signature is that of every start.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub async fn start<A: Application>(self, app: A) -> Result<TestClient, Error> {
        let bound = self.bind().await?;
        let client = bound.features().require::<TestClient>()?.clone();
        let mut serving = JoinSet::new();
        serving.spawn(bound.serve(app, Shutdown::never()));
        Ok(client.owning(serving))
    }
}

impl Default for TestServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Server for TestServer {
    type Bound = BoundTestServer;

    async fn bind(self) -> Result<BoundTestServer, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let (sender, exchanges) = mpsc::channel(QUEUE);
        let mut features = Features::new();
        features.insert(ServerInfo::new("memory", env!("CARGO_PKG_VERSION")));
        features.insert(ServerAddresses::new(
            Vec::new(),
            vec![ServerAddress::memory(name)],
        ));
        features.insert(ServerStatistics::new());
        let limit = ServerLimit::bytes("max_request_body_size", self.max_request_body_size);
        features.insert(ServerLimits::new([limit]));
        features.insert(ResponseTrailers::new());
        features.insert(TestClient::new(sender));
        Ok(BoundTestServer {
            features,
            exchanges,
            max_request_body_size: self.max_request_body_size,
        })
    }
}

/// A [`TestServer`] that its clients can reach, and that serves nothing yet.
#[derive(Debug)]
pub struct BoundTestServer {
    features: Features,
    exchanges: mpsc::Receiver<Exchange>,
    max_request_body_size: Option<u64>,
}

impl BoundServer for BoundTestServer {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let Self {
            features,
            mut exchanges,
            max_request_body_size,
        } = self;
        let dispatcher = Dispatcher::new(app, features, &shutdown)
            .with_max_request_body_size(max_request_body_size);
        let dispatcher = Arc::new(dispatcher);
        // Everything that is spawned is in here, so that dropping this future aborts it.
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.requested() => break,
                Some(_) = tasks.join_next() => {}
                exchange = exchanges.recv() => match exchange {
                    Some(exchange) => drop(tasks.spawn(exchange.run(Arc::clone(&dispatcher)))),
                    None => break,
                },
            }
        }
        // What waits in the queue was not begun: its clients are told by the drop.
        drop(exchanges);
        while tasks.join_next().await.is_some() {}
        Ok(())
    }
}
