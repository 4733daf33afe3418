use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::SockRef;
use transom::adapter::Socket;
use transom::features::{Endpoint, Transport};

use crate::exchange::Shared;
use crate::intake::{self, Lane, Origin};
use crate::server::Options;

/// How long a knock waits for the engine to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A listener, and the tiny_http that accepts from it.
///
/// tiny_http's accepting thread ends for good at the first `accept` that fails, and panics when the
/// process has no descriptor left for a connection. So the listener is kept here as well, and
/// [`tend`](Self::tend) starts another tiny_http on it.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) origin: Arc<Origin>,
    /// Gone once the server stops.
    listener: Mutex<Option<Socket>>,
    generation: AtomicU64,
    failed: AtomicBool,
}

impl Engine {
    /// Prepares a listener. Nothing is accepted before [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// The socket does not take its options.
    pub(crate) fn new(listener: Socket, options: &Options) -> io::Result<Self> {
        static ORIGINS: AtomicU64 = AtomicU64::new(0);
        let mut origin = Origin {
            id: ORIGINS.fetch_add(1, Ordering::Relaxed),
            transport: Transport::Tcp,
            local: None,
        };
        match &listener {
            Socket::Tcp(socket) => {
                socket.set_nonblocking(false)?;
                let address = socket.local_addr()?;
                origin.local = (!address.ip().is_unspecified()).then_some(Endpoint::Tcp(address));
                // Accepted sockets inherit these; tiny_http has no options of its own.
                let socket = SockRef::from(socket);
                socket.set_read_timeout(Some(options.read_timeout))?;
                socket.set_write_timeout(Some(options.write_timeout))?;
                socket.set_tcp_nodelay(true)?;
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                socket.set_nonblocking(false)?;
                origin.transport = Transport::Unix;
                let path = socket.local_addr()?.as_pathname().map(Into::into);
                origin.local = Some(Endpoint::Unix(path));
            }
            _ => return Err(io::ErrorKind::Unsupported.into()),
        }
        Ok(Self {
            origin: Arc::new(origin),
            listener: Mutex::new(Some(listener)),
            generation: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        })
    }

    /// Starts a tiny_http on the listener, unless the server has stopped.
    ///
    /// # Errors
    ///
    /// The process has no descriptor or thread left.
    pub(crate) fn open(self: &Arc<Self>, shared: &Arc<Shared>, lane: &Lane) -> io::Result<()> {
        let listener: tiny_http::Listener = match &*self.lock() {
            Some(Socket::Tcp(socket)) => socket.try_clone()?.into(),
            #[cfg(unix)]
            Some(Socket::Unix(socket)) => socket.try_clone()?.into(),
            _ => return Ok(()),
        };
        let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        let generation = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        self.failed.store(false, Ordering::Release);
        intake::start(
            server,
            Arc::clone(self),
            generation,
            Arc::clone(shared),
            lane.clone(),
        )
    }

    /// Says that the tiny_http of this generation accepts no more.
    pub(crate) fn fail(&self, generation: u64) {
        if self.generation.load(Ordering::Acquire) == generation {
            self.failed.store(true, Ordering::Release);
        }
    }

    /// Connects to the listener, and starts another tiny_http if none answers.
    ///
    /// The knock does one thing more. The read timeout that accepted sockets inherit holds for `accept`
    /// itself too, and an elapsed one is an error that ends tiny_http's accepting thread: as long as there
    /// are knocks it does not elapse.
    pub(crate) fn tend(self: &Arc<Self>, shared: &Arc<Shared>, lane: &Lane) {
        if self.failed.load(Ordering::Acquire) || !self.knock() {
            // Tried again at the next turn.
            let _ = self.open(shared, lane);
        }
    }

    /// Closes the listener, at once for clients; tiny_http's thread ends with it.
    pub(crate) fn close(&self) {
        let Some(listener) = self.lock().take() else {
            return;
        };
        // Shutting a listener down wakes `accept` with an error, but not on every system: there the knock
        // wakes it, and the next `accept` fails because it would block.
        match &listener {
            Socket::Tcp(socket) => {
                let _ = socket.set_nonblocking(true);
                let _ = SockRef::from(socket).shutdown(Shutdown::Both);
                if let Ok(address) = socket.local_addr() {
                    let _ = TcpStream::connect_timeout(&loopback(address), PATIENCE);
                }
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                let _ = socket.set_nonblocking(true);
                let _ = SockRef::from(socket).shutdown(Shutdown::Both);
                if let Ok(address) = socket.local_addr() {
                    let _ = std::os::unix::net::UnixStream::connect_addr(&address);
                }
            }
            _ => {}
        }
    }

    /// Returns whether a connection is accepted. When it cannot be tried, it counts as accepted.
    fn knock(&self) -> bool {
        let address = match &*self.lock() {
            Some(Socket::Tcp(socket)) => socket.local_addr().map(loopback),
            // Unix sockets inherit no timeout, so `accept` has none; a failed one is reported.
            _ => return true,
        };
        let Ok(mut connection) =
            address.and_then(|address| TcpStream::connect_timeout(&address, PATIENCE))
        else {
            return true;
        };
        let answered = connection
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| connection.shutdown(Shutdown::Write))
            .and_then(|()| connection.read(&mut [0]));
        !answered.is_err_and(|error| crate::inflow::is_timeout(&error))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Socket>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns where a listener is reached from this machine.
fn loopback(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
