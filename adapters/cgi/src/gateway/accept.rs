use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use transom::Application;
use transom::adapter::Socket;

use super::link::{Link, Serving};
use super::stream::Stream;

/// How long to wait when a connection cannot be accepted for want of descriptors or memory.
const BACK_OFF: Duration = Duration::from_millis(100);

pub(super) enum Acceptor {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Acceptor {
    pub(super) fn new(socket: Socket) -> io::Result<Self> {
        Ok(match socket {
            Socket::Tcp(socket) => Self::Tcp(TcpListener::from_std(socket)?),
            #[cfg(unix)]
            Socket::Unix(socket) => Self::Unix(UnixListener::from_std(socket)?),
            _ => return Err(io::ErrorKind::Unsupported.into()),
        })
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
        loop {
            let accepted = tokio::select! {
                biased;
                () = serving.shutdown.requested() => break,
                // Those that ended must not pile up.
                Some(_) = connections.join_next() => continue,
                accepted = self.accept(places.as_ref()) => accepted,
            };
            let (stream, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_of_one_connection(&error) => continue,
                Err(_) => {
                    tokio::time::sleep(BACK_OFF).await;
                    continue;
                }
            };
            let statistics = serving.dispatcher.statistics();
            if !serving.options.peers.allow(&stream) {
                statistics.count_rejection();
                continue;
            }
            let counted = statistics.count_connection();
            let running = connection(Link::new(stream), Arc::clone(&serving));
            connections.spawn(async move {
                running.await;
                drop((counted, place));
            });
        }
        // Nothing new from here on. What was begun is answered.
        drop(self);
        while connections.join_next().await.is_some() {}
    }

    /// Accepts one connection, once there is a place for it; until then it waits where the system queues it.
    async fn accept(
        &self,
        places: Option<&Arc<Semaphore>>,
    ) -> io::Result<(Stream, Option<tokio::sync::OwnedSemaphorePermit>)> {
        let place = match places {
            Some(places) => Arc::clone(places).acquire_owned().await.ok(),
            None => None,
        };
        let stream = match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A response must not wait for the acknowledgement of what came before.
                let _ = stream.set_nodelay(true);
                Stream::Tcp(stream)
            }
            #[cfg(unix)]
            Self::Unix(listener) => Stream::Unix(listener.accept().await?.0),
        };
        Ok((stream, place))
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}
