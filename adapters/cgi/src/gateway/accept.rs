use std::io;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use transom::Application;
use transom::adapter;
use transom_adapter_tokio::{Listening, Socket};

use super::link::{Link, Serving};

pub(super) struct Acceptor(Listening);

impl Acceptor {
    pub(super) fn new(socket: adapter::Socket) -> io::Result<Self> {
        Listening::new(socket).map(Self)
    }

    /// Accepts until the server stops, and ends with the last connection. Dropping the future aborts them.
    pub(super) async fn run<A, F, Running>(
        self,
        serving: Arc<Serving<A>>,
        places: Option<Arc<Semaphore>>,
        connection: F,
    ) where
        A: Application,
        F: Fn(Link, Arc<Serving<A>>) -> Running,
        Running: Future<Output = ()> + Send + 'static,
    {
        let mut connections = JoinSet::new();
        let accepted = |(socket, place): (Socket, Place)| {
            let counted = serving.dispatcher.statistics().count_connection();
            let running = connection(Link::new(socket), Arc::clone(&serving));
            async move {
                running.await;
                drop((counted, place));
            }
        };
        self.accept_all(&serving, places.as_ref(), &mut connections, accepted)
            .await;
        // Nothing new from here on. What was begun is answered.
        drop(self);
        while connections.join_next().await.is_some() {}
    }

    async fn accept_all<A, F, Running>(
        &self,
        serving: &Serving<A>,
        places: Option<&Arc<Semaphore>>,
        connections: &mut JoinSet<()>,
        accepted: F,
    ) where
        A: Application,
        F: Fn((Socket, Place)) -> Running,
        Running: Future<Output = ()> + Send + 'static,
    {
        // Kept from turn to turn: it may hold a connection that waits for its place.
        let mut accepting = pin!(self.accept(serving, places));
        loop {
            let one = tokio::select! {
                biased;
                () = serving.shutdown.requested() => return,
                // Those that ended must not pile up.
                Some(_) = connections.join_next() => continue,
                one = &mut accepting => one,
            };
            accepting.set(self.accept(serving, places));
            connections.spawn(accepted(one));
        }
    }

    /// Accepts one connection of who may connect, and waits until there is a place for it. The next ones wait where
    /// the system queues them.
    ///
    /// A place that was taken first would be one that another listener goes without while nobody connects.
    async fn accept<A: Application>(
        &self,
        serving: &Serving<A>,
        places: Option<&Arc<Semaphore>>,
    ) -> (Socket, Place) {
        let socket = loop {
            let socket = self.0.accept().await;
            if serving.options.peers.allow(&socket) {
                break socket;
            }
            serving
                .dispatcher
                .statistics()
                .count_rejection("untrusted_proxy");
        };
        let place = match places {
            Some(places) => Arc::clone(places).acquire_owned().await.ok(),
            None => None,
        };
        (socket, place)
    }
}

/// One of the connections that there may be.
type Place = Option<OwnedSemaphorePermit>;
