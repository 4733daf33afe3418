use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::JoinSet;

use super::accept::Acceptor;
use super::connection::{self, Gate, Server};
use super::options::{EndpointOptions, Options};
use super::request::UpgradedConnections;
use crate::adapter::{Dispatcher, Listener};
use crate::contract::{Application, BoundServer, Error, Shutdown};
use crate::features::{Features, ServerAddress, ServerAddresses, ServerInfo, ServerStatistics};

const NAME: &str = "hyper";
/// hyper does not tell its version; a test compares this with the lock file.
const VERSION: &str = "1.12.0";

/// A [`HyperServer`](super::HyperServer) that holds its addresses.
#[derive(Debug)]
#[must_use = "a bound server does nothing until it serves"]
pub struct BoundHyperServer {
    endpoints: Vec<BoundEndpoint>,
    features: Features,
    statistics: ServerStatistics,
    options: Options,
}

/// A place that a server listens at.
#[derive(Debug)]
pub(super) struct BoundEndpoint {
    pub(super) listener: Listener,
    pub(super) options: Arc<EndpointOptions>,
}

impl BoundHyperServer {
    pub(super) fn new(
        requested: Vec<ServerAddress>,
        endpoints: Vec<BoundEndpoint>,
        options: Options,
    ) -> Self {
        let mut bound: Vec<ServerAddress> = Vec::with_capacity(endpoints.len());
        for BoundEndpoint { listener, .. } in &endpoints {
            // Both loopbacks of `localhost` are one address.
            if !bound.contains(listener.address()) {
                bound.push(listener.address().clone());
            }
        }
        let statistics = ServerStatistics::new();
        let mut features = Features::new();
        features.insert(ServerInfo::new(NAME, VERSION));
        features.insert(ServerAddresses::new(requested, bound));
        features.insert(statistics.clone());
        Self {
            endpoints,
            features,
            statistics,
            options,
        }
    }
}

impl BoundServer for BoundHyperServer {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let Self {
            endpoints,
            features,
            statistics,
            options,
        } = self;
        let mut acceptors = Vec::with_capacity(endpoints.len());
        for BoundEndpoint { listener, options } in endpoints {
            let acceptor = Acceptor::new(listener, options);
            acceptors.push(acceptor.map_err(|error| Error::serve(NAME, error))?);
        }
        let server = Arc::new(Server {
            dispatcher: Dispatcher::new(app, features, &shutdown)
                .with_max_request_body_size(options.limits.max_request_body_size()),
            gate: Gate::new(&options.limits, statistics.clone()),
            options,
            shutdown: shutdown.clone(),
            upgraded: UpgradedConnections::default(),
        });
        // Dropped with this future, these two abort every connection.
        let _upgraded = server.upgraded.abort_on_drop();
        let mut connections = JoinSet::new();

        let mut stop = pin!(shutdown.requested());
        poll_fn(|cx| {
            for acceptor in &mut acceptors {
                acceptor.poll(cx, |accepted| {
                    if let Some(place) = server.admit(&accepted.info) {
                        let server = Arc::clone(&server);
                        connections.spawn(connection::serve(server, accepted, place));
                    }
                });
            }
            // After the new ones are in, so that their end wakes this too.
            while let Poll::Ready(Some(_)) = connections.poll_join_next(cx) {}
            stop.as_mut().poll(cx)
        })
        .await;

        // Closed before the connections are waited for: whoever connects now is refused.
        drop(acceptors);
        while connections.join_next().await.is_some() {}
        statistics.idle().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_that_of_the_dependency() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock");
        let Ok(lock) = std::fs::read_to_string(lock) else {
            return; // a published crate has no lock file
        };
        let entry = format!("name = \"hyper\"\nversion = \"{}\"\n", super::VERSION);
        assert!(
            lock.contains(&entry),
            "bound.rs names another version of hyper"
        );
    }
}
