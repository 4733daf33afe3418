use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::MemoryStream;
use crate::features::Feature;

/// Opens connections to the in-memory endpoints of a [`HyperServer`](crate::HyperServer): a feature of the
/// server.
///
/// An endpoint at `http://memory:name` speaks HTTP as one at a socket does, TLS too at `https://memory:name`,
/// and holds its clients to the same limits and times; it takes no port and no file. So a test can talk to an
/// application through the whole server, with the clock of tokio paused if it likes, and a program can talk to
/// itself. Names belong to one server: two servers may have the same.
///
/// ```
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use transom::hyper::MemoryConnector;
/// use transom::{Host, HyperServer};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = HyperServer::new("http://memory:app");
/// let host = Host::builder(server).configure(|app| app.run_fn(|_| async { "hello" })).start().await?;
/// let features = host.server_features().next().unwrap();
///
/// let mut stream = features.require::<MemoryConnector>()?.connect("app").await?;
/// stream.write_all(b"GET / HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n").await?;
/// let mut response = String::new();
/// stream.read_to_string(&mut response).await?;
/// assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with("\r\n\r\nhello"));
/// host.stop().await?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryConnector(Arc<Mutex<HashMap<String, Arc<Queues>>>>);

/// The connections of one endpoint that wait to be accepted.
struct Queues {
    /// One for each who accepts; they are served in turn.
    senders: Vec<mpsc::Sender<MemoryStream>>,
    next: AtomicUsize,
    sizes: Sizes,
}

/// How much of what is sent may wait to be read, in bytes.
#[derive(Clone, Copy)]
struct Sizes {
    to_server: usize,
    to_client: usize,
}

/// One who accepts the connections of an endpoint.
#[derive(Debug)]
pub(in crate::hyper) struct MemoryListener(mpsc::Receiver<MemoryStream>);

impl MemoryConnector {
    /// How much of what is sent may wait to be read, unless the options of the endpoint say otherwise.
    const BUFFER: usize = 64 * 1024;

    /// Connects to the endpoint of a name, and returns the client's end. While as many connections wait to be
    /// accepted as may ([`SocketOptions::with_backlog`](crate::adapter::SocketOptions::with_backlog)), so does
    /// this. As with a socket, one that waits when the server stops is closed without an answer.
    ///
    /// # Errors
    ///
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): the server has no such endpoint now.
    ///
    /// # Cancel safety
    ///
    /// Nothing was connected if the future is dropped.
    pub async fn connect(&self, name: &str) -> io::Result<MemoryStream> {
        let refused = || {
            let text = format!("the server has no endpoint `memory:{name}` that is open");
            io::Error::new(io::ErrorKind::ConnectionRefused, text)
        };
        let queues = self.lock().get(name).cloned().ok_or_else(refused)?;
        let turn = queues.next.fetch_add(1, Ordering::Relaxed) % queues.senders.len();
        let place = queues.senders[turn].reserve().await;
        let place = place.map_err(|_| refused())?;
        let (client, server) = MemoryStream::pair(queues.sizes.to_server, queues.sizes.to_client);
        place.send(server);
        Ok(client)
    }

    /// Opens an endpoint, for as many as accept.
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse): there is one of the name.
    pub(in crate::hyper) fn bind(
        &self,
        name: &str,
        backlog: u32,
        buffers: (Option<usize>, Option<usize>),
        workers: usize,
    ) -> io::Result<Vec<MemoryListener>> {
        let mut open = self.lock();
        open.retain(|_, queues| queues.senders.iter().any(|sender| !sender.is_closed()));
        if open.contains_key(name) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let backlog = usize::try_from(backlog).unwrap_or(usize::MAX);
        let backlog = backlog.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        let size = |bytes: Option<usize>| bytes.unwrap_or(Self::BUFFER).max(1);
        let (senders, listeners) = (0..workers)
            .map(|_| mpsc::channel(backlog))
            .map(|(sender, receiver)| (sender, MemoryListener(receiver)))
            .unzip();
        let queues = Queues {
            senders,
            next: AtomicUsize::new(0),
            sizes: Sizes {
                to_server: size(buffers.0),
                to_client: size(buffers.1),
            },
        };
        open.insert(name.to_owned(), Arc::new(queues));
        Ok(listeners)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Queues>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feature for MemoryConnector {
    const NAME: &'static str = "server.memory";
}

impl fmt::Debug for MemoryConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}

impl MemoryListener {
    pub(in crate::hyper) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<MemoryStream> {
        match self.0.poll_recv(cx) {
            Poll::Ready(Some(stream)) => Poll::Ready(stream),
            // Nobody can connect to it any more.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
