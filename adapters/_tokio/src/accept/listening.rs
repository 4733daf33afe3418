use std::io;
use std::net::Shutdown;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use transom::adapter;

use crate::Socket;

/// How long to wait when the system has no descriptors left, or no memory.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A socket that listens, on a runtime of tokio. Dropping it closes it.
#[derive(Debug)]
pub struct Listening(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listening {
    /// Takes a socket onto the current runtime.
    ///
    /// # Errors
    ///
    /// The socket has no connections to accept, or the runtime cannot have it.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn new(socket: adapter::Socket) -> io::Result<Self> {
        Ok(Self(match socket {
            adapter::Socket::Tcp(socket) => Kind::Tcp(TcpListener::from_std(socket)?),
            #[cfg(unix)]
            adapter::Socket::Unix(socket) => Kind::Unix(UnixListener::from_std(socket)?),
            _ => return Err(io::ErrorKind::Unsupported.into()),
        }))
    }

    /// Accepts a connection, whenever there is one. It never fails: a client that was gone before it was accepted is
    /// none, and a system without descriptors or memory is asked again a moment later.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no connection.
    pub async fn accept(&self) -> Socket {
        loop {
            match self.accept_one().await {
                Ok(socket) => return socket,
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => tokio::time::sleep(EXHAUSTED).await,
            }
        }
    }

    async fn accept_one(&self) -> io::Result<Socket> {
        Ok(match &self.0 {
            Kind::Tcp(listener) => listener.accept().await?.0.into(),
            #[cfg(unix)]
            Kind::Unix(listener) => listener.accept().await?.0.into(),
        })
    }

    /// Refuses clients from now on, for whoever cannot drop it yet. On a system that cannot shut a listener down they
    /// wait, and are refused when it is dropped.
    pub fn close(&self) {
        let _ = match &self.0 {
            Kind::Tcp(listener) => SockRef::from(listener).shutdown(Shutdown::Both),
            #[cfg(unix)]
            Kind::Unix(listener) => SockRef::from(listener).shutdown(Shutdown::Both),
        };
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, NotConnected,
    };
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | NotConnected
    )
}
