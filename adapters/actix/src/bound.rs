use std::convert::Infallible;
use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use actix_server::Server as Engine;
use futures_util::future::{Either, select};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use transom::adapter::{Dispatcher, HostRuntime, Listener, Socket};
use transom::{Application, BoundServer, Error, Features, Shutdown};
use transom_adapter_tokio::{Listening, Upgrades};

use crate::opening::Opening;
use crate::server::{Options, info};
use crate::worker::{Hub, Workers};

/// How long dropping [`serve`](BoundServer::serve) waits for its worker threads. They need it only to get
/// out of the application's code; one that is blocked there ends when it is not any more.
const JOIN: Duration = Duration::from_secs(1);

/// An [`ActixServer`](crate::ActixServer) that holds its addresses.
pub struct ActixBoundServer {
    listeners: Vec<Listener>,
    features: Features,
    options: Options,
}

impl ActixBoundServer {
    pub(crate) fn new(listeners: Vec<Listener>, features: Features, options: Options) -> Self {
        Self {
            listeners,
            features,
            options,
        }
    }

    /// Gives the listeners to the engine.
    fn start<A: Application>(self, app: A, shutdown: &Shutdown) -> Result<(Running, Hub), Error> {
        let Self {
            mut listeners,
            features,
            options,
        } = self;
        let dispatcher = Dispatcher::new(app, features, shutdown)
            .with_max_request_body_size(options.max_request_body_size);
        let hub = Hub {
            runtime: HostRuntime::current(),
            statistics: dispatcher.statistics().clone(),
            upgrades: Upgrades::default(),
            request_head_timeout: options.request_head_timeout,
            closed: Arc::new(AtomicBool::new(false)),
        };
        let (alive, ended) = mpsc::channel();
        let workers = Workers {
            dispatcher,
            hub: hub.clone(),
            alive,
            opening: Arc::new(Opening {
                shutdown: shutdown.clone(),
                tls: options.tls,
                keep_alive_timeout: options.keep_alive_timeout,
            }),
            settings: options.settings,
        };
        let mut builder = Engine::build();
        if let Some(workers) = options.workers {
            builder = builder.workers(workers);
        }
        if let Some(configure) = options.configure {
            builder = configure(builder);
        }
        builder = builder.disable_signals();
        let mut doors = Vec::with_capacity(listeners.len());
        for listener in &mut listeners {
            let workers = workers.clone();
            let label = listener.address().to_string();
            let scheme = listener.address().scheme();
            let Some(socket) = listener.take_socket() else {
                continue;
            };
            let door = socket.try_clone().and_then(Listening::new);
            let added = door.and_then(|door| {
                doors.push(door);
                match socket {
                    Socket::Tcp(socket) => {
                        builder.listen(label, socket, move || workers.service::<TcpStream>(scheme))
                    }
                    #[cfg(unix)]
                    Socket::Unix(socket) => builder
                        .listen_uds(label, socket, move || workers.service::<UnixStream>(scheme)),
                    _ => Ok(builder),
                }
            });
            builder = added.map_err(|error| Error::serve(info(), error))?;
        }
        let running = Running {
            engine: Some(builder.run()),
            doors,
            ended,
            upgrades: hub.upgrades.clone(),
            closed: Arc::clone(&hub.closed),
            _files: listeners,
        };
        Ok((running, hub))
    }
}

impl BoundServer for ActixBoundServer {
    fn features(&self) -> &Features {
        &self.features
    }

    /// # Panics
    ///
    /// Panics when it is polled outside of a tokio runtime.
    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let (mut running, hub) = self.start(app, &shutdown)?;
        let Some(engine) = &mut running.engine else {
            return Ok(());
        };
        if let Either::Right((ended, _)) = select(pin!(shutdown.requested()), &mut *engine).await {
            return Err(Error::serve(
                info(),
                ended.err().unwrap_or_else(|| {
                    io::Error::other("the engine stopped without being asked to")
                }),
            ));
        }
        // The engine's own graceful stop is not asked for: it looks only once a second whether its
        // connections are gone, or whether it is to give up waiting. They hear of the request to
        // stop by themselves.
        drop(engine.handle().pause());
        for door in &running.doors {
            door.close();
        }
        let drained = pin!(hub.statistics.drained());
        if let Either::Right((_, drained)) = select(drained, engine).await {
            drained.await; // what was upgraded is the engine's no longer
        }
        Ok(())
    }
}

impl fmt::Debug for ActixBoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActixBoundServer")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

/// The engine at work. Dropping it ends everything.
struct Running {
    engine: Option<Engine>,
    /// Second handles of the listeners, to close them while the engine keeps working.
    doors: Vec<Listening>,
    /// Closed when no worker thread has the application or a connection any more.
    ended: mpsc::Receiver<Infallible>,
    upgrades: Upgrades,
    closed: Arc<AtomicBool>,
    /// Removes the files of unix sockets.
    _files: Vec<Listener>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        // Closes the listeners, and tells the workers to end without waiting for them.
        self.engine = None;
        let _ = self.ended.recv_timeout(JOIN);
        // Last: no worker can hand over another connection.
        self.upgrades.end();
    }
}
