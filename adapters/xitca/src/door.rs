//! Where connections come in. The engine's own listeners cannot be closed while it works.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::sync::watch;
use transom::Shutdown;
use transom::adapter;
use transom_adapter_tokio::{Listening, Socket};
use xitca_io::net::Stream;
use xitca_server::net::{IntoListener, Listen};

use crate::worker::Alive;

/// A socket that listens until the server is asked to stop.
pub(crate) struct Door<L = adapter::Socket> {
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
    pub(crate) fn new(socket: adapter::Socket, signals: Signals, alive: Alive) -> Self {
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
        Ok(Door {
            listener: Listening::new(self.listener)?,
            signals: self.signals,
            alive: self.alive,
        })
    }
}

impl Door<Listening> {
    async fn accept_one(&self) -> Stream {
        loop {
            // A failure is that of a client who is gone already.
            if let Ok(stream) = dealt(self.listener.accept().await) {
                return stream;
            }
        }
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

/// The engine has it move to the worker thread that is to answer it.
fn dealt(socket: Socket) -> io::Result<Stream> {
    Ok(match socket {
        Socket::Tcp(stream) => {
            let remote = stream.peer_addr()?;
            Stream::Tcp(stream.into_std()?, remote)
        }
        #[cfg(unix)]
        Socket::Unix(stream) => {
            let stream = stream.into_std()?;
            let remote = stream.peer_addr()?;
            Stream::Unix(stream, remote)
        }
    })
}

/// Takes a connection onto the runtime of its worker thread.
pub(crate) fn taken(stream: Stream) -> io::Result<Socket> {
    Ok(match stream {
        Stream::Tcp(stream, _) => TcpStream::from_std(stream)?.into(),
        #[cfg(unix)]
        Stream::Unix(stream, _) => UnixStream::from_std(stream)?.into(),
    })
}
