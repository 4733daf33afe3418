use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Sleep;

use super::connection::{self, Options, Server};
use super::io::{AnyListener, Stream};
use super::upgrade::UpgradedConnections;
use crate::adapter::{Dispatcher, Listener};
use crate::contract::{Application, BoundServer, Error, Shutdown};
use crate::features::{
    ConnectionInfo, Features, ServerAddress, ServerAddresses, ServerInfo, ServerStatistics,
};

const NAME: &str = "hyper";
/// hyper does not tell its version; a test compares this with the lock file.
const VERSION: &str = "1.12.0";

/// How long to wait when a connection cannot be accepted for want of descriptors or memory.
const BACK_OFF: Duration = Duration::from_millis(100);

/// A [`HyperServer`](super::HyperServer) that holds its addresses.
#[derive(Debug)]
#[must_use = "a bound server does nothing until it serves"]
pub struct BoundHyperServer {
    listeners: Vec<Listener>,
    features: Features,
    statistics: ServerStatistics,
    options: Options,
}

impl BoundHyperServer {
    pub(super) fn new(
        requested: Vec<ServerAddress>,
        listeners: Vec<Listener>,
        options: Options,
    ) -> Self {
        let mut bound: Vec<ServerAddress> = Vec::with_capacity(listeners.len());
        for listener in &listeners {
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
            listeners,
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
            listeners,
            features,
            statistics,
            options,
        } = self;
        let mut acceptors = Vec::with_capacity(listeners.len());
        for listener in listeners {
            acceptors.push(Acceptor::new(listener).map_err(|error| Error::serve(NAME, error))?);
        }
        let server = Arc::new(Server {
            dispatcher: Dispatcher::new(app, features, &shutdown)
                .with_max_request_body_size(options.max_request_body_size),
            options,
            shutdown: shutdown.clone(),
            statistics: statistics.clone(),
            upgraded: UpgradedConnections::default(),
        });
        // Dropped with this future, these two abort every connection.
        let _upgraded = server.upgraded.abort_on_drop();
        let mut connections = JoinSet::new();

        let mut stop = pin!(shutdown.requested());
        poll_fn(|cx| {
            for acceptor in &mut acceptors {
                acceptor.poll(cx, |stream, info| {
                    connections.spawn(connection::serve(Arc::clone(&server), stream, info));
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

/// Accepts the connections of one listener.
struct Acceptor {
    listener: AnyListener,
    back_off: Option<Pin<Box<Sleep>>>,
    /// Removes the file of a unix socket.
    _guard: Listener,
}

impl Acceptor {
    /// The most connections that are accepted in a row before others get their turn.
    const BATCH: usize = 64;

    fn new(mut guard: Listener) -> io::Result<Self> {
        let socket = guard.take_socket().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Self {
            listener: AnyListener::new(socket)?,
            back_off: None,
            _guard: guard,
        })
    }

    /// Accepts what there is. It never fails: a listener that cannot accept now is tried again.
    fn poll(&mut self, cx: &mut Context<'_>, mut accepted: impl FnMut(Stream, ConnectionInfo)) {
        for _ in 0..Self::BATCH {
            if let Some(back_off) = &mut self.back_off {
                if back_off.as_mut().poll(cx).is_pending() {
                    return;
                }
                self.back_off = None;
            }
            match self.listener.poll_accept(cx) {
                Poll::Ready(Ok((stream, info))) => accepted(stream, info),
                // The client was gone before it was accepted.
                Poll::Ready(Err(error)) if is_of_one_connection(&error) => {}
                Poll::Ready(Err(error)) => {
                    tracing::error!(target: "transom", %error, "a connection cannot be accepted");
                    self.back_off = Some(Box::pin(tokio::time::sleep(BACK_OFF)));
                }
                Poll::Pending => return,
            }
        }
        cx.waker().wake_by_ref();
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
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
