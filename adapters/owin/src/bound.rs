use std::fmt;

use futures_util::future::{Either, join, join_all, pending, select, select_all};
use transom::adapter::Mount;
use transom::features::ServerInfo;
use transom::{Application, BoundServer, Error, Features, Shutdown};

use crate::RunningOwinServer;
use crate::app_func::{app_func, mount};
use crate::gate::Gate;

/// An [`OwinServer`](crate::OwinServer) that holds its addresses: its servers run, and requests wait.
pub struct OwinBoundServer<S> {
    /// The first field: aborted before anything else of it goes.
    pub(crate) servers: Vec<S>,
    pub(crate) gate: Gate,
    pub(crate) features: Features,
    pub(crate) max_request_body_size: Option<Option<u64>>,
}

impl<S: RunningOwinServer> BoundServer for OwinBoundServer<S> {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let info = self.features.require::<ServerInfo>()?.clone();
        let mut mount = mount(app, self.features);
        if let Some(limit) = self.max_request_body_size {
            mount = mount.with_max_request_body_size(limit);
        }
        self.gate.open(app_func(&mount));
        // Dropped in the other order: what a server is told last, that its request failed, reaches no client.
        let serving = Serving {
            mount,
            gate: self.gate,
        };
        let mut servers = self.servers;
        let asked = Box::pin(shutdown.requested());
        let ended = match select(asked, Box::pin(one_ended(&mut servers))).await {
            Either::Left(_) => None,
            Either::Right((ended, _)) => Some(ended),
        };
        if let Some(ended) = ended {
            let unasked = || "it ended although nobody asked it to".into();
            return Err(Error::serve(info, ended.err().unwrap_or_else(unasked)));
        }
        let stopping = join_all(servers.iter_mut().map(RunningOwinServer::stop));
        // The servers first: what they let in meanwhile is still answered.
        join(stopping, serving.mount.stop()).await;
        Ok(())
    }
}

async fn one_ended<S: RunningOwinServer>(servers: &mut [S]) -> Result<(), transom::body::BoxError> {
    if servers.is_empty() {
        return pending().await;
    }
    let ended = servers.iter_mut().map(|server| Box::pin(server.ended()));
    select_all(ended).await.0
}

/// The application while it is served: its end calls nobody any more, and ends what is in flight.
struct Serving<A: Application> {
    mount: Mount<A>,
    gate: Gate,
}

impl<A: Application> Drop for Serving<A> {
    fn drop(&mut self) {
        self.gate.close();
        self.mount.abort();
    }
}

impl<S> fmt::Debug for OwinBoundServer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwinBoundServer")
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}
