use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::task::JoinSet;
use transom::adapter::{Dispatcher, Listener, Socket as Listening};
use transom::features::{Scheme, ServerInfo};
use transom::{Application, BoundServer, Error, Features, Shutdown};
use trillium_http::HttpContext;

use crate::connection;
use crate::hub::Hub;
use crate::server::Options;
use crate::socket::Socket;

/// How long is waited when nothing can be accepted: when there is no descriptor left, say.
const PAUSE: Duration = Duration::from_millis(50);

/// A [`TrilliumServer`](crate::TrilliumServer) that holds its addresses.
pub struct TrilliumBoundServer {
    listeners: Vec<Listener>,
    features: Features,
    options: Options,
}

impl TrilliumBoundServer {
    pub(crate) fn new(listeners: Vec<Listener>, features: Features, options: Options) -> Self {
        Self {
            listeners,
            features,
            options,
        }
    }
}

impl BoundServer for TrilliumBoundServer {
    fn features(&self) -> &Features {
        &self.features
    }

    /// # Panics
    ///
    /// Panics when it is polled outside of a tokio runtime.
    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let Self {
            mut listeners,
            features,
            options,
        } = self;
        let name = features
            .get::<ServerInfo>()
            .map_or_else(String::new, ToString::to_string);
        let dispatcher = Dispatcher::new(app, features, &shutdown)
            .with_max_request_body_size(options.max_request_body_size);
        let hub = Arc::new(Hub {
            dispatcher,
            context: Arc::new(HttpContext::new().with_config(options.config)),
            timeouts: options.timeouts,
            handshake_timeout: options.handshake_timeout,
            tls: options.tls,
            shutdown,
        });
        let mut doors = Vec::with_capacity(listeners.len());
        for listener in &mut listeners {
            let scheme = listener.address().scheme();
            let door = Door::open(listener).map_err(|error| Error::serve(&name, error))?;
            if let Some(door) = door {
                doors.push(accept(Arc::clone(&hub), door, scheme));
            }
        }
        // The listeners, emptied, remove the files of unix sockets when they are dropped.
        join_all(doors).await;
        Ok(())
    }
}

impl fmt::Debug for TrilliumBoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrilliumBoundServer")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

/// A socket that listens, on the runtime.
enum Door {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Door {
    fn open(listener: &mut Listener) -> std::io::Result<Option<Self>> {
        Ok(match listener.take_socket() {
            Some(Listening::Tcp(socket)) => Some(Self::Tcp(TcpListener::from_std(socket)?)),
            #[cfg(unix)]
            Some(Listening::Unix(socket)) => Some(Self::Unix(UnixListener::from_std(socket)?)),
            _ => None,
        })
    }

    async fn accept(&self) -> std::io::Result<Socket> {
        Ok(match self {
            Self::Tcp(socket) => Socket::tcp(socket.accept().await?.0),
            #[cfg(unix)]
            Self::Unix(socket) => Socket::Unix(socket.accept().await?.0),
        })
    }
}

/// Accepts until the server shall stop, and waits for what was accepted. Dropping it ends every connection.
async fn accept<A: Application>(hub: Arc<Hub<A>>, door: Door, scheme: Scheme) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = hub.shutdown.requested() => break,
            // A connection that failed is its client's affair. Those that ended must not pile up.
            Some(_) = connections.join_next() => {}
            accepted = door.accept() => match accepted {
                Ok(socket) => {
                    connections.spawn(connection::serve(Arc::clone(&hub), socket, scheme));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}
