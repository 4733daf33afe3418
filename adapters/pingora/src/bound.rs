use std::fmt;
use std::io;
use std::net::SocketAddr;
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

use crate::connection::{Server, Upgrades};
use crate::server::Options;
use crate::socket::Socket;
use transom_rustls::Tls;

/// How long to wait when the system has no descriptors left, or no memory.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A [`PingoraServer`](crate::PingoraServer) that holds its addresses.
pub struct PingoraBoundServer {
    listeners: Vec<Listener>,
    features: Features,
    options: Options,
}

impl PingoraBoundServer {
    pub(crate) fn new(listeners: Vec<Listener>, features: Features, options: Options) -> Self {
        Self {
            listeners,
            features,
            options,
        }
    }
}

impl BoundServer for PingoraBoundServer {
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
        let tls = options.tls();
        let (head_timeout, keep_alive_timeout) = options.timeouts();
        let dispatcher = Dispatcher::new(app, features, &shutdown)
            .with_max_request_body_size(options.max_request_body_size);
        let statistics = dispatcher.statistics().clone();
        let server = Arc::new(Server {
            dispatcher,
            shutdown,
            head_timeout,
            keep_alive_timeout,
            configure_h2: options.configure_h2,
        });
        let upgrades = Ends(Upgrades::default());
        // Not spawned: the sockets are closed at once when this future is dropped.
        let mut endpoints = Vec::with_capacity(listeners.len());
        for listener in &mut listeners {
            let Some(socket) = listener.take_socket() else {
                continue;
            };
            let door = Door::of(socket).map_err(|error| Error::serve(&name, error))?;
            let tls = match listener.address().scheme() {
                Scheme::Https => tls.clone(),
                _ => None,
            };
            endpoints.push(listen(door, tls, Arc::clone(&server), upgrades.0.clone()));
        }
        join_all(endpoints).await;
        statistics.idle().await;
        Ok(())
    }
}

impl fmt::Debug for PingoraBoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PingoraBoundServer")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

/// Ends what was upgraded when it is dropped.
struct Ends(Upgrades);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

enum Door {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Door {
    fn of(socket: Listening) -> io::Result<Self> {
        match socket {
            Listening::Tcp(socket) => TcpListener::from_std(socket).map(Self::Tcp),
            #[cfg(unix)]
            Listening::Unix(socket) => UnixListener::from_std(socket).map(Self::Unix),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    async fn accept(&self) -> io::Result<Socket> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _): (_, SocketAddr) = listener.accept().await?;
                // Small writes are whole chunks here: held back, each would wait for the client's delayed ACK.
                let _ = stream.set_nodelay(true);
                Ok(Socket::Tcp(stream))
            }
            #[cfg(unix)]
            Self::Unix(listener) => Ok(Socket::Unix(listener.accept().await?.0)),
        }
    }
}

/// Answers the connections of an endpoint until the server is asked to stop, and waits for them then.
async fn listen<A: Application>(
    door: Door,
    tls: Option<Tls>,
    server: Arc<Server<A>>,
    upgrades: Upgrades,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = server.shutdown.requested() => break,
            Some(_) = connections.join_next() => {}
            accepted = door.accept() => match accepted {
                Ok(socket) => {
                    let server = Arc::clone(&server);
                    connections.spawn(server.answer(socket, tls.clone(), upgrades.clone()));
                }
                // That one connection was gone already.
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => tokio::time::sleep(EXHAUSTED).await,
            },
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotConnected
    )
}
