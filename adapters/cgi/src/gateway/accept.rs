use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
        let accepted = |(stream, place): (Stream, Place)| {
            let counted = serving.dispatcher.statistics().count_connection();
            let running = connection(Link::new(stream), Arc::clone(&serving));
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
        F: Fn((Stream, Place)) -> Running,
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
            match one {
                Ok(one) => drop(connections.spawn(accepted(one))),
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => tokio::time::sleep(BACK_OFF).await,
            }
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
    ) -> io::Result<(Stream, Place)> {
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
        if !serving.options.peers.allow(&stream) {
            serving.dispatcher.statistics().count_rejection();
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let place = match places {
            Some(places) => Arc::clone(places).acquire_owned().await.ok(),
            None => None,
        };
        Ok((stream, place))
    }
}

/// One of the connections that there may be.
type Place = Option<OwnedSemaphorePermit>;

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}
