//! Where connections come in. The engine's own listeners cannot be closed while it works.

use std::future::pending;
use std::io;
use std::net::Shutdown as Shut;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::watch;
use transom::Shutdown;
use transom::adapter::Socket;
use xitca_io::net::Stream;
use xitca_server::net::{IntoListener, Listen};

use crate::worker::Alive;

/// How long to wait when the system has no descriptors left, or no memory.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A socket that listens until the server is asked to stop.
pub(crate) struct Door<L = Socket> {
    listener: L,
    signals: Signals,
    /// The last to be dropped: then the listener is closed.
    alive: Alive,
}

/// What the doors of a server hear.
#[derive(Clone)]
pub(crate) struct Signals {
    /// No connection is to be accepted any more.
    pub(crate) shutdown: Shutdown,
    /// `true` when the worker threads are to end.
    pub(crate) closed: Arc<watch::Sender<bool>>,
}

impl Door {
    pub(crate) fn new(socket: Socket, signals: Signals, alive: Alive) -> Self {
        Self {
            listener: socket,
            signals,
            alive,
        }
    }
}

impl IntoListener for Door {
    type Listener = Door<Listening>;

    fn into_listener(self) -> io::Result<Self::Listener> {
        let listener = match self.listener {
            Socket::Tcp(socket) => Listening::Tcp(TcpListener::from_std(socket)?),
            #[cfg(unix)]
            Socket::Unix(socket) => Listening::Unix(UnixListener::from_std(socket)?),
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        Ok(Door {
            listener,
            signals: self.signals,
            alive: self.alive,
        })
    }
}

pub(crate) enum Listening {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listening {
    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, remote) = listener.accept().await?;
                Ok(Stream::Tcp(stream.into_std()?, remote))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let stream = listener.accept().await?.0.into_std()?;
                let remote = stream.peer_addr()?;
                Ok(Stream::Unix(stream, remote))
            }
        }
    }

    /// Refuses clients from now on. On a system that cannot shut a listener down they wait, and are
    /// refused when the server has stopped.
    fn close(&self) {
        let _ = match self {
            Self::Tcp(listener) => socket2::SockRef::from(listener).shutdown(Shut::Both),
            #[cfg(unix)]
            Self::Unix(listener) => socket2::SockRef::from(listener).shutdown(Shut::Both),
        };
    }
}

impl Listen for Door<Listening> {
    /// Fails when the worker threads are to end, which ends them, and with nothing else.
    async fn accept(&self) -> io::Result<Stream> {
        let mut closing = self.signals.closed.subscribe();
        let closed = pin!(closing.wait_for(|closed| *closed));
        let accepted = pin!(async {
            let stopped = pin!(self.signals.shutdown.requested());
            let accepted = pin!(self.accept_one());
            if let Either::Right((stream, _)) = select(stopped, accepted).await {
                return stream;
            }
            self.listener.close();
            pending().await
        });
        match select(closed, accepted).await {
            Either::Left(_) => Err(io::ErrorKind::BrokenPipe.into()),
            Either::Right((stream, _)) => Ok(stream),
        }
    }
}

impl Door<Listening> {
    async fn accept_one(&self) -> Stream {
        loop {
            match self.listener.accept().await {
                Ok(stream) => return stream,
                // That one connection was gone already.
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => tokio::time::sleep(EXHAUSTED).await,
            }
        }
    }
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
