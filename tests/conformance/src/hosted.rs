use std::fmt;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::TryFutureExt as _;
use futures_util::future::{try_join, try_join_all};
use tokio::runtime::{Builder, Runtime};
use transom::adapter::{self, HostRuntime, Mount, Socket};
use transom::features::{
    RequestedAddresses, Scheme, ServerAddress, ServerAddresses, ServerInfo, ServerStatistics,
};
use transom::{App, Application, BoundServer, Error, Features, Server, Shutdown};

/// A server that is a framework's own: the application is [mounted](Mount) in one of its applications, for
/// every request.
///
/// It is started once for each address. The framework runs on a runtime of its own, as in a program that is the framework's; when the future of
/// `serve` is dropped the mount is aborted and the runtime goes, as they do at such a program's end.
pub struct Hosted {
    info: ServerInfo,
    addresses: RequestedAddresses,
    run: Arc<dyn Fn(Hosting) -> Running + Send + Sync>,
}

type Running = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// What a framework is given to run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Hosting {
    /// Where it listens, in non-blocking mode.
    pub listener: TcpListener,
    /// What answers every request.
    pub mount: Mount,
    /// When it shall stop.
    pub shutdown: Shutdown,
}

impl Hosted {
    /// Returns a server on a free port. `run` serves until it is asked to stop, and then lets requests end.
    pub fn new<Serving>(
        info: ServerInfo,
        run: impl Fn(Hosting) -> Serving + Send + Sync + 'static,
    ) -> Self
    where
        Serving: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self {
            info,
            addresses: RequestedAddresses::parse("http://127.0.0.1:0"),
            run: Arc::new(move |hosting| Box::pin(run(hosting))),
        }
    }

    fn bind_now(mut self) -> Result<BoundHosted, Error> {
        let requested = self.addresses.take()?;
        let other = |address: &&ServerAddress| {
            address.scheme() != Scheme::Http || address.unix_path().is_some()
        };
        if let Some(address) = requested.iter().find(other) {
            return Err(Error::configuration(format!(
                "`{address}` is not of TCP in cleartext, and what else there is, is the program's to add"
            )));
        }
        let mut sockets = adapter::bind(&requested)?;
        let bound = sockets.iter().map(|at| at.address().clone()).collect();
        let mut listeners = Vec::new();
        for socket in &mut sockets {
            if let Some(Socket::Tcp(listener)) = socket.take_socket() {
                listeners.push(listener);
            }
        }
        let mut features = Features::new();
        features.insert(self.info);
        features.insert(ServerAddresses::new(requested, bound));
        features.insert(ServerStatistics::new());
        Ok(BoundHosted {
            listeners,
            features,
            run: self.run,
        })
    }
}

impl Server for Hosted {
    type Bound = BoundHosted;

    async fn bind(self) -> Result<BoundHosted, Error> {
        self.bind_now()
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.addresses)
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hosted({})", self.info)
    }
}

/// A [`Hosted`] that holds its addresses.
pub struct BoundHosted {
    listeners: Vec<TcpListener>,
    features: Features,
    run: Arc<dyn Fn(Hosting) -> Running + Send + Sync>,
}

impl BoundServer for BoundHosted {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let failed = |error| Error::serve("a framework", error);
        let mount = Mount::new(App::new(app), self.features);
        let program = Program::new(mount.clone()).map_err(failed)?;
        let running = self.listeners.into_iter().map(|listener| {
            program.run((self.run)(Hosting {
                listener,
                mount: mount.clone(),
                shutdown: shutdown.clone(),
            }))
        });
        let running = try_join_all(running).map_err(failed);
        let stopping = async {
            shutdown.requested().await;
            mount.stop().await;
            Ok(())
        };
        try_join(running, stopping).await?;
        Ok(())
    }
}

impl fmt::Debug for BoundHosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundHosted")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

/// The program of a framework; its end ends all that it does.
struct Program {
    mount: Mount,
    runtime: Option<Runtime>,
}

impl Program {
    fn new(mount: Mount) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build()?;
        Ok(Self {
            mount,
            runtime: Some(runtime),
        })
    }

    /// Polls a future in its runtime, and drops it with its own: so the addresses are free at once.
    async fn run(&self, running: Running) -> io::Result<()> {
        let Some(runtime) = &self.runtime else {
            return Ok(());
        };
        let inside = {
            let _inside = runtime.enter();
            HostRuntime::current()
        };
        inside.enter(running).await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // It is dropped on another runtime, which must not wait for this one.
            runtime.shutdown_background();
        }
        // For a framework with threads of its own.
        self.mount.abort();
    }
}
