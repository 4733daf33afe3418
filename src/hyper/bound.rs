use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::accept::{
    Binder, BoundEndpoint, Changes, EndpointSet, Orders, Site, Threads, Worker, addresses, changes,
};
use super::connection::{Gate, Server};
use super::options::Options;
use crate::adapter::Dispatcher;
use crate::contract::{Application, BoundServer, Error, Shutdown};
use crate::features::{
    Features, ServerAddress, ServerAddresses, ServerInfo, ServerLimits, ServerStatistics,
};

const NAME: &str = "hyper";
/// hyper does not tell its version; a test compares this with the lock file.
const VERSION: &str = "1.12.0";

/// A [`HyperServer`](super::HyperServer) that holds its addresses.
#[derive(Debug)]
#[must_use = "a bound server does nothing until it serves"]
pub struct BoundHyperServer {
    endpoints: Vec<BoundEndpoint>,
    binder: Binder,
    changes: Changes,
    addresses: ServerAddresses,
    features: Features,
    statistics: ServerStatistics,
    limits: ServerLimits,
    options: Options,
    #[cfg(feature = "configuration")]
    follower: Option<super::configuration::Follower>,
}

impl BoundHyperServer {
    pub(super) fn new(endpoints: Vec<BoundEndpoint>, binder: Binder, options: Options) -> Self {
        let requested: Vec<ServerAddress> = endpoints
            .iter()
            .filter_map(|endpoint| match &endpoint.requested {
                Some(Site::Address(address, ..)) => Some(address.clone()),
                _ => None,
            })
            .collect();
        let listeners = endpoints.iter().flat_map(|endpoint| &endpoint.listeners);
        let addresses = ServerAddresses::new(requested, addresses(listeners));
        let statistics = ServerStatistics::new();
        let limits = ServerLimits::new(options.limits.list());
        let (live, changes) = changes();
        let mut features = Features::new();
        features.insert(ServerInfo::new(NAME, VERSION));
        features.insert(addresses.clone());
        features.insert(statistics.clone());
        features.insert(limits.clone());
        features.insert(live);
        features.insert(binder.memory.clone());
        Self {
            endpoints,
            binder,
            changes,
            addresses,
            features,
            statistics,
            limits,
            options,
            #[cfg(feature = "configuration")]
            follower: None,
        }
    }

    /// Follows the files of the configuration.
    #[cfg(feature = "configuration")]
    pub(super) fn with_follower(
        mut self,
        follower: Option<super::configuration::Follower>,
    ) -> Self {
        if let Some(follower) = &follower {
            self.features.insert(follower.reload().clone());
        }
        Self { follower, ..self }
    }

    /// Does what goes on beside the connections; never ends.
    #[cfg(feature = "configuration")]
    fn follow(
        &mut self,
        shutdown: &Shutdown,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let follower = self.follower.take();
        let live = self.features.get::<super::accept::LiveEndpoints>().cloned();
        let shutdown = shutdown.clone();
        async move {
            if let (Some(follower), Some(live)) = (follower, live) {
                follower.run(live, shutdown).await;
            }
            std::future::pending().await
        }
    }

    #[cfg(not(feature = "configuration"))]
    fn follow(&mut self, _: &Shutdown) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        std::future::pending()
    }
}

impl BoundServer for BoundHyperServer {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(mut self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let following = self.follow(&shutdown);
        let Self {
            endpoints,
            binder,
            changes,
            addresses,
            features,
            statistics,
            limits,
            options,
            ..
        } = self;
        let server = Arc::new(Server {
            dispatcher: Dispatcher::new(app, features, &shutdown)
                .with_max_request_body_size(options.limits.max_request_body_size()),
            gate: Gate::new(&options.limits, statistics.clone()),
            limits,
            options: Arc::new(options),
            shutdown: shutdown.clone(),
        });
        let (mut set, orders) = EndpointSet::new(NAME, binder, addresses, shutdown);
        // Dropped with this future, each aborts what it has begun.
        let working = unless(following, work(server, orders));
        unless(set.run(endpoints, changes), working).await?;
        statistics.idle().await;
        Ok(())
    }
}

/// Serves until the server stops: here, or on threads.
async fn work<A: Application>(server: Arc<Server<A>>, orders: Vec<Orders>) -> Result<(), Error> {
    if server.options.threads.is_some() {
        let threads = Threads::start(&server, orders);
        let threads = threads.map_err(|error| Error::serve(NAME, error))?;
        return threads
            .join()
            .await
            .map_err(|error| Error::serve(NAME, error));
    }
    for orders in orders {
        Worker::new(Arc::clone(&server), orders).run().await;
    }
    Ok(())
}

/// Returns what `work` returns, or else what `other` does if that comes first.
async fn unless<T>(other: impl Future<Output = T>, work: impl Future<Output = T>) -> T {
    let (mut other, mut work) = (pin!(other), pin!(work));
    poll_fn(|cx| match other.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(done),
        Poll::Pending => work.as_mut().poll(cx),
    })
    .await
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
