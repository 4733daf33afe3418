use std::convert::Infallible;
use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::{oneshot, watch};
use transom::adapter::{Dispatcher, HostRuntime, Listener};
use transom::features::Scheme;
use transom::{Application, BoundServer, Error, Features, Shutdown};
use transom_adapter_tokio::Upgrades;
use xitca_server::{Builder, ServerHandle};
use xitca_service::fn_build;

use crate::door::{Door, Signals};
use crate::server::{Options, info};
use crate::worker::{Hub, Workers};

/// How long dropping [`serve`](BoundServer::serve) waits for its worker threads. They need it only to get
/// out of the application's code; one that is blocked there ends when it is not any more.
const JOIN: Duration = Duration::from_secs(1);

/// An [`XitcaServer`](crate::XitcaServer) that holds its addresses.
pub struct XitcaBoundServer {
    listeners: Vec<Listener>,
    features: Features,
    options: Options,
}

impl XitcaBoundServer {
    pub(crate) fn new(listeners: Vec<Listener>, features: Features, options: Options) -> Self {
        Self {
            listeners,
            features,
            options,
        }
    }

    /// Gives the listeners to the engine.
    fn start<A: Application>(self, app: A, shutdown: &Shutdown) -> io::Result<(Running, Hub)> {
        let Self {
            mut listeners,
            features,
            mut options,
        } = self;
        let dispatcher = Dispatcher::new(app, features, shutdown)
            .with_max_request_body_size(options.max_request_body_size);
        let hub = Hub {
            runtime: HostRuntime::current(),
            statistics: dispatcher.statistics().clone(),
            upgrades: Upgrades::default(),
            closed: Arc::new(AtomicBool::new(false)),
        };
        let signals = Signals {
            shutdown: shutdown.clone(),
            closed: Arc::new(watch::Sender::new(false)),
        };
        let (alive, ended) = mpsc::channel();
        let (head_timeout, config) = options.config();
        let workers = Workers {
            dispatcher,
            hub: hub.clone(),
            shutdown: shutdown.clone(),
            alive,
            head_timeout,
            config,
        };
        let mut builder = Builder::new().disable_signal();
        if let Some(workers) = options.workers {
            builder = builder.worker_threads(workers);
        }
        for listener in &mut listeners {
            let Some(socket) = listener.take_socket() else {
                continue;
            };
            // The engine does not mind two listeners of one name, but asks but one service for them.
            let door = Door::new(socket, signals.clone(), workers.alive.clone());
            let tls = match listener.address().scheme() {
                Scheme::Https => options.tls.clone(),
                _ => None,
            };
            let workers = workers.clone();
            let service = fn_build(async move |()| workers.clone().service(tls.clone()).await);
            builder = builder.listen(listener.address().to_string(), door, service);
        }
        drop(workers);
        let mut engine = builder.build();
        let handle = engine.handle()?;
        let (failed, failure) = oneshot::channel();
        // The engine's future blocks when it stops, and must not be dropped inside a runtime.
        thread::Builder::new()
            .name("transom-xitca".to_owned())
            .spawn(move || {
                let _ = failed.send(engine.wait());
            })?;
        let running = Running {
            handle,
            failure,
            signals,
            ended,
            upgrades: hub.upgrades.clone(),
            closed: Arc::clone(&hub.closed),
            _files: listeners,
        };
        Ok((running, hub))
    }
}

impl BoundServer for XitcaBoundServer {
    fn features(&self) -> &Features {
        &self.features
    }

    /// # Panics
    ///
    /// Panics when it is polled outside of a tokio runtime.
    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let (mut running, hub) = self
            .start(app, &shutdown)
            .map_err(|error| Error::serve(info(), error))?;
        let work = pin!(async {
            shutdown.requested().await;
            // The engine's own graceful stop is not asked for: it looks only twice a second whether its
            // connections are gone. They hear of the request to stop by themselves.
            hub.statistics.drained().await;
        });
        match select(work, &mut running.failure).await {
            Either::Left(_) => Ok(()),
            Either::Right((ended, _)) => Err(Error::serve(
                info(),
                ended.ok().and_then(Result::err).unwrap_or_else(|| {
                    io::Error::other("the engine stopped without being asked to")
                }),
            )),
        }
    }
}

impl fmt::Debug for XitcaBoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XitcaBoundServer")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

/// The engine at work. Dropping it ends everything.
struct Running {
    handle: ServerHandle,
    /// Says how the engine ended, if it did so by itself.
    failure: oneshot::Receiver<io::Result<()>>,
    signals: Signals,
    /// Closed when no worker thread has the application, a listener or a connection any more.
    ended: mpsc::Receiver<Infallible>,
    upgrades: Upgrades,
    closed: Arc<AtomicBool>,
    /// Removes the files of unix sockets.
    _files: Vec<Listener>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        self.signals.closed.send_replace(true);
        self.handle.stop(false);
        let _ = self.ended.recv_timeout(JOIN);
        // Last: no worker can hand over another connection.
        self.upgrades.end();
    }
}
